"""A cache that all web processes share, in one unlogged table, holding JSON only.

Django's own database cache unpickles what it reads, so whoever could write its table could run code in the web. This one holds
what JSON can say (numbers, texts, lists, dicts), which is all that rate limits need.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class JsonDatabaseCache(BaseCache):
    """Django's cache interface over `site_cache`. Raises TypeError on a value that JSON cannot say."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    @staticmethod
    def _dump(value: Any) -> str:
        return json.dumps(value, allow_nan=False)

    def _expires(self, timeout: float | None) -> datetime:
        if timeout is DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        return _NEVER if timeout is None else datetime.now(UTC) + timedelta(seconds=max(timeout, 0))

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        """What is there and not expired, by the keys asked for."""
        made = {self.make_and_validate_key(key, version=version): key for key in keys}
        with connection.cursor() as cursor:
            cursor.execute(
                "select key, value::text from site_cache where key = any (%s) and expires > clock_timestamp()", [list(made)]
            )
            return {made[key]: json.loads(value) for key, value in cursor.fetchall()}

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """One value, or `default`."""
        return self.get_many([key], version=version).get(key, default)

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Whether it is there and not expired."""
        return bool(self.get_many([key], version=version))

    def set(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep a value for `timeout` seconds; 0 forgets it, None keeps it."""
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into site_cache (key, value, expires) values (%s, %s::jsonb, %s)"
                " on conflict (key) do update set value = excluded.value, expires = excluded.expires",
                [self.make_and_validate_key(key, version=version), self._dump(value), self._expires(timeout)],
            )

    def add(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value unless one is there; says whether it was kept. One of many that try at once wins."""
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into site_cache as c (key, value, expires) values (%s, %s::jsonb, %s)"
                " on conflict (key) do update set value = excluded.value, expires = excluded.expires"
                " where c.expires <= clock_timestamp()",
                [self.make_and_validate_key(key, version=version), self._dump(value), self._expires(timeout)],
            )
            return bool(cursor.rowcount)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number in one statement. Raises ValueError when there is none."""
        with connection.cursor() as cursor:
            cursor.execute(
                "update site_cache set value = to_jsonb((value #>> '{}')::bigint + %s)"
                " where key = %s and expires > clock_timestamp() returning (value #>> '{}')::bigint",
                [delta, self.make_and_validate_key(key, version=version)],
            )
            row = cursor.fetchone()
        if row is None:
            raise ValueError(f"Key {key!r} not found")
        return int(row[0])

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep what is there for longer; says whether it was there."""
        with connection.cursor() as cursor:
            cursor.execute(
                "update site_cache set expires = %s where key = %s and expires > clock_timestamp()",
                [self._expires(timeout), self.make_and_validate_key(key, version=version)],
            )
            return bool(cursor.rowcount)

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget a value; says whether it was there."""
        with connection.cursor() as cursor:
            cursor.execute("delete from site_cache where key = %s", [self.make_and_validate_key(key, version=version)])
            return bool(cursor.rowcount)

    def clear(self) -> None:
        """Forget everything."""
        with connection.cursor() as cursor:
            cursor.execute("delete from site_cache")


def forget_expired(limit: int = 5_000) -> int:
    """Remove rows whose time is over, at most `limit` of them; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from site_cache where key in (select key from site_cache where expires <= clock_timestamp() limit %s)",
            [limit],
        )
        return int(cursor.rowcount)
