"""Talking to one endpoint: its version, one call at a time, refusals as typed errors, and long operations followed to their end."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TypeVar

from msgspec import Raw
from yarl import URL

from crossdock.connectors.acumatica.auth import FULL
from crossdock.connectors.acumatica.payloads import AcInstance
from crossdock.connectors.acumatica.saying import is_business_rule, is_busy, is_conflict, is_full, is_passing, plain, refusal_in
from crossdock.connectors.acumatica.settings import WRITTEN_FOR, Settings
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import (
    AuthenticationFailed,
    ConnectorError,
    InvalidData,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from crossdock.connectors.kit.http import Answer, Http

T = TypeVar("T")

POLLS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each question whether a long operation has ended; the last one repeats."""

POLL_TIME = timedelta(seconds=60)
"""How long a long operation is followed inside one call; after that its outcome is looked up by the next run."""

_LATER = {"Packages/PackageContents": "20.200.001"}
"""Paths that older versions of the endpoint do not have, with their first version."""

_REMEMBERED = timedelta(hours=1)
_versions: dict[str, tuple[float, str]] = {}


class Endpoint:
    """The endpoint Default of one instance, in one session.

    Calls go one after the other: Acumatica refuses a second one of a session while the first is under way, and a license allows few
    at once anyway.
    """

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http = http
        self._settings = settings
        self._turn = asyncio.Lock()

    @property
    def address(self) -> str:
        """Where the instance is, without a slash at its end."""
        return str(self._http.base).rstrip("/")

    async def version(self) -> str:
        """The version in use: the setting's, or the newest the instance has that we know. Raises InvalidData when it has none."""
        if self._settings.endpoint_version:
            return self._settings.endpoint_version
        known = _versions.get(self.address)
        if known is not None and time.monotonic() - known[0] < _REMEMBERED.total_seconds():
            return known[1]
        found = newest(await self.versions())
        if found is None:
            raise InvalidData("This Acumatica offers no web service endpoint named Default.", field="endpoint_version")
        _versions[self.address] = (time.monotonic(), found)
        return found

    async def versions(self) -> tuple[str, ...]:
        """Versions of the endpoint Default that the instance serves, newest first."""
        instance = await self.instance()
        found = {one.version for one in instance.endpoints if one.name == "Default" and _order(one.version)}
        return tuple(sorted(found, key=_order, reverse=True))

    async def instance(self) -> AcInstance:
        """What the instance runs, and its endpoints."""
        answer = await self._read("GET", "entity", operation="GetEndpoints")
        if answer.status != 200:
            self._refuse(answer)
        return _decoded(answer, AcInstance)

    async def rows(
        self,
        entity: str,
        *,
        filter: str | None = None,
        select: str | None = None,
        expand: str | None = None,
        top: int | None = None,
    ) -> tuple[Raw, ...]:
        """Records of an entity, each as received. Without `top` all that fit the filter."""
        expand = await self._expandable(expand)
        params = {"$filter": filter, "$select": select, "$expand": expand, "$top": None if top is None else str(top)}
        answer = await self._read("GET", await self._path(entity), operation=f"{entity}_GetList", params=_given(params))
        if answer.status != 200:
            self._refuse(answer)
        return _decoded(answer, tuple[Raw, ...])

    async def one(self, entity: str, *keys: str, expand: str | None = None, select: str | None = None) -> bytes | None:
        """A record by its key fields or its id, as received; None when there is none."""
        path = await self._path(entity, *keys)
        expand = await self._expandable(expand)
        try:
            answer = await self._read(
                "GET", path, operation=f"{entity}_GetById", params=_given({"$expand": expand, "$select": select})
            )
        except InvalidData as error:
            if "No entity satisfies" in error.evidence.get("said", ""):
                return None
            raise
        if answer.status == 404 and "No entity satisfies" in answer.body.decode("utf-8", "replace"):
            return None
        if answer.status != 200:
            self._refuse(answer)
        _must_be_json(answer)
        return answer.body

    async def inquire(self, entity: str, parameters: Mapping[str, Any], type_: type[T], *, expand: str) -> T:
        """An inquiry: asked with PUT, but it changes nothing."""
        answer = await self._read(
            "PUT",
            await self._path(entity),
            operation=f"{entity}_PutEntity",
            json=wrapped(parameters),
            params={"$expand": expand},
        )
        if answer.status != 200:
            self._refuse(answer)
        return _decoded(answer, type_)

    async def put(self, entity: str, fields: Mapping[str, Any], type_: type[T], *, expand: str | None = None, insert: bool) -> T:
        """Insert or update a record; what it is then. Raises OutcomeUnknown when no clear answer came."""
        headers = {"If-None-Match" if insert else "If-Match": "*"}
        answer = await self._write(
            "PUT",
            await self._path(entity),
            operation=f"{entity}_PutEntity",
            json=fields,
            params=_given({"$expand": await self._expandable(expand)}),
            headers=headers,
        )
        if answer.status not in (200, 201):
            self._refuse(answer)
        try:
            return _decoded(answer, type_)
        except InvalidData as error:
            # It was taken; only what it said cannot be read.
            raise OutcomeUnknown(error.message, evidence=error.evidence) from error

    async def delete(self, entity: str, *keys: str) -> None:
        """Delete a record by its key fields; one that is gone already is as good."""
        answer = await self._write("DELETE", await self._path(entity, *keys), operation=f"{entity}_DeleteByKeys")
        if answer.status not in (200, 204, 404):
            self._refuse(answer)

    async def act(self, entity: str, action: str, keys: Mapping[str, str]) -> None:
        """Run an action on a record and follow it to its end.

        Raises InvalidData when Acumatica refuses it, OutcomeUnknown when its end was not seen.
        """
        async with self._turn:
            answer = await self._write(
                "POST",
                await self._path(entity, action),
                operation=action,
                json={"entity": wrapped(keys), "parameters": {}},
                takes_turn=False,
            )
            if answer.status in (200, 204):
                return
            if answer.status != 202:
                self._refuse(answer)
            await self._follow(action, self._status_address(answer.headers.get("location", "")))

    async def _follow(self, action: str, address: str) -> None:
        begun = time.monotonic()
        turn = 0
        while True:
            await asyncio.sleep(POLLS[min(turn, len(POLLS) - 1)])
            turn += 1
            try:
                answer = await self._read("GET", address, operation=f"{action}_Status", takes_turn=False)
            except InvalidData:
                raise
            except ConnectorError as error:
                raise OutcomeUnknown(
                    f"Acumatica began {action}, and whether it ended well could not be seen. It is looked up before it is done again.",
                    evidence=error.evidence,
                ) from error
            if answer.status in (200, 204):
                return
            if answer.status != 202:
                self._refuse(answer)
            if time.monotonic() - begun > POLL_TIME.total_seconds():
                raise OutcomeUnknown(f"Acumatica is still busy with {action}. It is looked up before it is done again.")

    def _status_address(self, location: str) -> str:
        if not location:
            raise OutcomeUnknown("Acumatica began something and does not say where to ask for its end.")
        path = URL(location)
        if not path.is_absolute() and not location.startswith(self._http.base.path):
            # Some name the status without the site's own part of the address.
            return location.lstrip("/")
        return str(self._http.base.join(path))

    async def _expandable(self, expand: str | None) -> str | None:
        """What of an expansion the version in use has; an unknown path would fail the whole call."""
        if expand is None:
            return None
        version = await self.version()
        return ",".join(path for path in expand.split(",") if is_since(version, _LATER.get(path, version)))

    async def _path(self, entity: str, *keys: str) -> str:
        parts = "".join(f"/{URL.build(path=key).raw_path.replace('/', '%2F')}" for key in keys)
        return f"entity/Default/{await self.version()}/{entity}{parts}"

    async def _read(self, method: str, path: str, *, operation: str, takes_turn: bool = True, **more: Any) -> Answer:
        try:
            if not takes_turn:
                return await self._http.read(method, path, operation=operation, **more)
            async with self._turn:
                return await self._http.read(method, path, operation=operation, **more)
        except (Unavailable, RateLimited) as error:
            self._reconsider(error)
            raise

    async def _write(self, method: str, path: str, *, operation: str, takes_turn: bool = True, **more: Any) -> Answer:
        try:
            if not takes_turn:
                return await self._http.write(method, path, operation=operation, **more)
            async with self._turn:
                return await self._http.write(method, path, operation=operation, **more)
        except (OutcomeUnknown, RateLimited) as error:
            self._reconsider(error)
            raise

    def _reconsider(self, error: ConnectorError) -> None:
        """Tell Acumatica's own refusals, which come as 500 and are rolled back, from a server that broke. Raises for the former."""
        text = error.evidence.get("answer", "")
        evidence = {**error.evidence, "said": plain(text)}
        if is_full(text):
            raise RateLimited(FULL, retry_after=timedelta(minutes=5), evidence=evidence) from error
        if is_busy(text):
            raise RateLimited(
                "Acumatica is still busy with an earlier call of the same session.",
                retry_after=timedelta(seconds=3),
                evidence=evidence,
            ) from error
        if isinstance(error, RateLimited):
            return
        if is_conflict(text):
            raise Unavailable(
                "Somebody else changed the record in Acumatica at the same moment. It is tried again.", evidence=evidence
            ) from error
        if is_passing(text):
            raise Unavailable(f"Acumatica's database was busy: “{plain(text)}” It is tried again.", evidence=evidence) from error
        if is_business_rule(text):
            raise InvalidData(f"Acumatica refuses it: “{plain(text)}”", evidence=evidence) from error

    def _refuse(self, answer: Answer) -> NoReturn:
        field, words = refusal_in(answer.body)
        words = self._http.masked(words)
        evidence = {"status": str(answer.status), "said": words, **({"field": field} if field else {})}
        said = f": “{words}”" if words else ""
        if answer.status == 403:
            raise AuthenticationFailed(
                f"The user {self._settings.username} may not do this in Acumatica{said}. Give it a role with access to sales orders, "
                "shipments, stock items and warehouses.",
                field="username",
                evidence=evidence,
            )
        if answer.status == 404:
            where = self._settings.endpoint_version
            raise InvalidData(
                f"Acumatica does not know this address{said}. "
                + (f"It may not serve the endpoint version {where}; choose another one." if where else "Check the Instance URL."),
                field="endpoint_version" if where else "instance_url",
                evidence=evidence,
            )
        raise InvalidData(f"Acumatica refuses it{said or f' with status {answer.status}'}.", field=field, evidence=evidence)


def newest(versions: Sequence[str]) -> str | None:
    """The newest version we are written for or older; where all are newer the oldest of them; None for none."""
    known = [one for one in versions if _order(one)]
    fitting = [one for one in known if _order(one) <= _order(WRITTEN_FOR)]
    return max(fitting, key=_order) if fitting else min(known, key=_order, default=None)


def is_since(version: str, first: str) -> bool:
    """Whether a version is this one or a later one."""
    return _order(version) >= _order(first)


def wrapped(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as Acumatica takes them: `{"value": …}`; lists are detail rows, `id`, `delete` and `note` stay as they are."""
    return {
        name: value
        if name in ("id", "delete")
        else [wrapped(row) for row in value]
        if isinstance(value, list)
        else wrapped(value)
        if isinstance(value, dict)
        else {"value": value}
        for name, value in fields.items()
    }


def quoted(text: str) -> str:
    """A text inside a filter."""
    return "'" + text.replace("'", "''") + "'"


def moment(value: datetime) -> str:
    """A moment inside a filter, in UTC and exact; whoever sends it encodes its plus sign."""
    precision = "microseconds" if value.microsecond % 1000 else "milliseconds"
    return f"datetimeoffset'{value.astimezone(UTC).isoformat(timespec=precision)}'"


def any_of(field: str, values: Sequence[str]) -> str:
    """A condition that a field has one of some values."""
    return "(" + " or ".join(f"{field} eq {quoted(value)}" for value in values) + ")"


def _order(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def _given(params: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in params.items() if value}


def _decoded(answer: Answer, type_: type[T]) -> T:
    _must_be_json(answer)
    return decode(answer.body, type_, what="Acumatica's answer")


def _must_be_json(answer: Answer) -> None:
    if "html" in answer.headers.get("content-type", ""):
        raise InvalidData(
            "Acumatica answered with a web page where data were asked for. Check the Instance URL: it ends with the name of the site.",
            field="instance_url",
        )


__all__ = ["Endpoint", "any_of", "is_since", "moment", "newest", "quoted", "wrapped"]
