"""Calls to one BigCommerce store: empty lists, both error shapes, and the quota that each answer states."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.http import Answer, Http, retry_after

T = TypeVar("T")

RESERVE = 3
"""Calls of a window that stay unspent: as many as may be under way when an answer says that little is left."""

_LONGEST_PAUSE = timedelta(minutes=10)
_HAIR = timedelta(milliseconds=25)


class Gone(InvalidData):
    """What was asked for is not there (any more)."""


class _Said(Struct, frozen=True):
    message: str = ""


class _Problem(Struct, frozen=True):
    title: str = ""
    detail: str = ""
    errors: Any = None


class Api:
    """Asks and tells one store. `field` is the setting that holds the credentials; missing rights are put down to it."""

    def __init__(self, http: Http, *, field: str) -> None:
        self._http = http
        self._field = field

    async def ask(
        self,
        path: str,
        type_: type[T],
        *,
        what: str,
        params: Mapping[str, str] | None = None,
        empty: T | None = None,
    ) -> T:
        """Read something. `what` names it in sentences and in the archive.

        `empty` stands for an empty list, which version 2 answers with 204 and no body. Raises Gone for 404, and as `Http.read`.
        """
        try:
            answer = await self._http.read("GET", path, operation=what, params=params)
        except AuthenticationFailed as error:
            raise self._with_field(error) from error
        self._learn(answer)
        if answer.status == 204:
            if empty is None:
                raise InvalidData(f"BigCommerce answers nothing to {what}.")
            return empty
        self._must_be_well(answer, what)
        return decode(answer.body, type_, what=f"BigCommerce's answer to “{what}”")

    async def tell(self, method: str, path: str, *, what: str, json: Any = None, undone: Collection[int] = ()) -> Answer:
        """Change something, once. Raises Gone, InvalidData with BigCommerce's own words for a refusal, and as `Http.write`."""
        try:
            answer = await self._http.write(method, path, operation=what, json=json, undone=undone)
        except AuthenticationFailed as error:
            raise self._with_field(error) from error
        self._learn(answer)
        self._must_be_well(answer, what)
        return answer

    def _must_be_well(self, answer: Answer, what: str) -> None:
        if answer.status < 300 and answer.status != 207:
            return
        words = self._http.masked(words_of(answer.body))
        quoted = f" BigCommerce says: “{words}”" if words else ""
        evidence = {"status": str(answer.status), "said": words}
        if answer.status == 404:
            raise Gone(f"BigCommerce has nothing to {what}.{quoted}", evidence=evidence)
        if answer.status == 403:
            raise AuthenticationFailed(
                f"BigCommerce does not let these credentials {what}: a scope is missing, or the store changed its owner. Give the "
                f"API account or app the scopes listed in the help, then enter the token or authorize again.{quoted}",
                field=self._field,
                evidence=evidence,
            )
        raise InvalidData(f"BigCommerce refuses to {what}.{quoted or f' It answered {answer.status}.'}", evidence=evidence)

    def _with_field(self, error: AuthenticationFailed) -> AuthenticationFailed:
        if error.field is not None:
            return error
        # A token opens its own store alone, and BigCommerce says the same of a wrong one and of a wrong store.
        message = (
            "BigCommerce does not know this token at the store with this hash. Check the store hash; if it is right, enter the token "
            "of a store-level API account of this store."
            if self._field == "access_token"
            else "BigCommerce refuses the app's access to this store. Choose Authorize again; a change of the store owner's address "
            "or of the app's scopes ends a token."
        )
        return AuthenticationFailed(message, field=self._field, evidence=error.evidence)

    def _learn(self, answer: Answer) -> None:
        """Take the store's word for its quota. It is shared by all apps of the store, so what is left may fall by itself."""
        left, quota, window, reset = (_number(answer.headers.get(f"x-rate-limit-{name}")) for name in _QUOTA)
        if left is None or not quota or not window:
            return
        self._http.limiter.learn(max(left, 0), quota, quota / (window / 1000))
        if left <= RESERVE and reset is not None:
            # A hair later: a call that comes just before the window resets is refused.
            self._http.limiter.pause(datetime.now(UTC) + _within_bounds(reset) + _HAIR)


_QUOTA = ("requests-left", "requests-quota", "time-window-ms", "time-reset-ms")


def pause_asked(headers: Mapping[str, str]) -> timedelta | None:
    """How long a 429 asks to wait: until the window resets, in milliseconds; older answers say seconds. None when it says nothing,
    which is the platform's own load and not our quota.
    """
    reset = _number(headers.get("x-rate-limit-time-reset-ms"))
    if reset is not None:
        return _within_bounds(reset)
    seconds = _number(headers.get("x-retry-after"))
    return _within_bounds(seconds * 1000) if seconds is not None else retry_after(headers)


def words_of(body: bytes) -> str:
    """BigCommerce's own words in an error: a list of messages (version 2), a problem (version 3), nothing for anything else."""
    try:
        if body.lstrip()[:1] == b"[":
            return "; ".join(one.message for one in msgspec.json.decode(body, type=list[_Said]) if one.message)[:500]
        problem = msgspec.json.decode(body, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    details = [str(value) for value in problem.errors.values()] if isinstance(problem.errors, dict) else []
    return "; ".join(part for part in (problem.title, problem.detail, *details) if part)[:500]


def _within_bounds(milliseconds: float) -> timedelta:
    return min(max(timedelta(milliseconds=milliseconds), timedelta(0)), _LONGEST_PAUSE)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and -1e12 < number < 1e12 else None
