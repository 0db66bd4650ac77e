"""Putting order files into the warehouse's folder, so that no crash at any step sends one twice or loses one.

1. All files of a set are written under temporary names, which no reader takes. A crash here has sent nothing.
2. What is about to be renamed is noted: both names, size, SHA-256. A crash here has sent nothing either, and the note says where to
   look. Temporary names are new in every attempt, so what an old holder leaves behind is never taken for the noted one.
3. Each file is renamed to its final name, without replacing. From that moment on it is the warehouse's.

A file's final name and content follow from the request alone, so whoever comes later finds or repeats the very same file. With the
note written, exactly one of three things is true: the temporary file stands (not renamed: finish it), the final file stands
(delivered), or neither does (delivered, and taken away by the warehouse). The last is never sent again by itself.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from crossdock.connectors.files.mapping import file_of
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.about import ABOUT
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData, OutcomeUnknown, Unavailable
from crossdock.connectors.kit.files import Folder, temporary
from crossdock.domain.fulfillment import FulfillmentRequest

T = TypeVar("T")
R = TypeVar("R")

RENAMING = "renaming"

AT_ONCE = 12
"""Files of a set under way at the same time."""


class OrderFile(Struct, frozen=True):
    """A file to deliver, and the requests in it."""

    requests: tuple[FulfillmentRequest, ...]
    name: str
    content: bytes
    draft: str

    @property
    def about(self) -> str | None:
        """The request that the file is about; None for a file of several."""
        return self.requests[0].key if len(self.requests) == 1 else None

    @property
    def evidence(self) -> dict[str, str]:
        """What a look-up needs after a crash."""
        return {
            "stage": RENAMING,
            "name": self.name,
            "temporary": self.draft,
            "size": str(len(self.content)),
            "sha256": hashlib.sha256(self.content).hexdigest(),
        }


def name_of(request: FulfillmentRequest, settings: Settings) -> str:
    """The final name of the file that begins with this request: the same in every attempt."""
    stamp = request.intended_at.strftime("%Y%m%d%H%M%S" if settings.stamp == "long" else "%y%m%d%H%M%S")
    return f"ord_{request.reference}_{stamp}.csv"


class Delivery:
    """Sends to and looks up in one folder."""

    def __init__(self, files: Folder, settings: Settings) -> None:
        self._files = files
        self._settings = settings
        self._folder = settings.incoming.rstrip("/")

    async def send(self, requests: Sequence[FulfillmentRequest], note: Note) -> list[Done | Failed]:
        """Deliver each, once. A file that fails fails its own requests."""
        outcomes: list[Done | Failed] = []
        files = []
        made = self._files_of(requests, outcomes)
        for file, standing in zip(made, await _some_at_once(made, self._standing), strict=True):
            if standing is None:
                files.append(file)
            elif isinstance(standing, ConnectorError):
                outcomes += [Failed(request.key, standing) for request in file.requests]
            else:
                outcomes += [Done(request.key, file.name, file.evidence) for request in file.requests]
        faults = await _some_at_once(files, self._write)
        written = [file for file, fault in zip(files, faults, strict=True) if fault is None]
        if written:
            await note({request.key: file.evidence for file in written for request in file.requests})
        faults += await _some_at_once(written, self._rename)
        for file, fault in zip((*files, *written), faults, strict=True):
            if fault is not None:
                outcomes += [Failed(request.key, fault) for request in file.requests]
        failed = {outcome.key for outcome in outcomes if isinstance(outcome, Failed)}
        for file in written:
            outcomes += [Done(each.key, file.name, file.evidence) for each in file.requests if each.key not in failed]
        return outcomes

    async def find(self, requests: Sequence[FulfillmentRequest], evidence: Mapping[str, Mapping[str, str]]) -> list[Found]:
        """Which of these were delivered; finishes a renaming that a crash interrupted."""
        by_name: dict[str, list[FulfillmentRequest]] = {}
        for request in requests:
            name = evidence.get(request.key, {}).get("name") or name_of(request, self._settings)
            by_name.setdefault(name, []).append(request)

        async def look_up(name: str) -> Found | None:
            first = by_name[name][0]
            return await self._look_up(first, name, evidence.get(first.key, {}))

        answers = await _some_at_once(list(by_name), look_up)
        return [
            Found(request.key, answer.external_id, answer.evidence, answer.differs)
            for name, answer in zip(by_name, answers, strict=True)
            if answer is not None
            for request in by_name[name]
        ]

    async def _look_up(self, request: FulfillmentRequest, name: str, known: Mapping[str, str]) -> Found | None:
        wanted = self._expected(request, name, known)
        for path in self._places(request, name):
            try:
                if await self._files.stat(path) is None:
                    continue
                sha256, size = await self._fingerprint(path)
            except FileNotFoundError:
                continue  # taken away between the two looks
            except (InvalidData, AuthenticationFailed):
                if path == self._path(name):
                    raise
                continue  # an archive that is closed to us says nothing
            if wanted is not None and (sha256, size) == (wanted["sha256"], wanted["size"]):
                return Found(request.key, name, {**wanted, "stage": "delivered", "where": path})
            return Found(request.key, name, {"where": path, "sha256": sha256, "size": size}, "it has other content")
        if known.get("stage") != RENAMING or wanted is None:
            return None
        draft = wanted["temporary"]
        if await self._files.stat(self._path(draft)) is None:
            return Found(request.key, name, {**wanted, "stage": "picked_up", "picked_up": "true"})
        if not self._files.may_write:
            return None
        if await self._fingerprint(self._path(draft)) != (wanted["sha256"], wanted["size"]):
            return None  # the server lost a part of what it had taken; a new attempt writes it anew
        try:
            await self._move(draft, name)
        except FileExistsError as error:
            raise OutcomeUnknown(f"{name} appeared while it was being delivered. It is looked up again.") from error
        return Found(request.key, name, {**wanted, "stage": "delivered", "where": self._path(name)})

    def _expected(self, request: FulfillmentRequest, name: str, known: Mapping[str, str]) -> Mapping[str, str] | None:
        """Name, size and hash of the file as noted; without a note, as it would be sent alone."""
        if "sha256" in known:
            return known
        try:
            return self._file((request,)).evidence
        except InvalidData:
            return None

    def _files_of(self, requests: Sequence[FulfillmentRequest], outcomes: list[Done | Failed]) -> list[OrderFile]:
        """Files for requests that fit; those that do not are added to `outcomes` and hold up no other."""
        fit: list[FulfillmentRequest] = []
        for request in requests:
            try:
                file_of([request], self._settings)
            except InvalidData as error:
                outcomes.append(Failed(request.key, error))
            else:
                fit.append(request)
        step = self._settings.orders_per_file
        sets = [tuple(fit[start : start + step]) for start in range(0, len(fit), step)]
        return [self._file(some) for some in sets]

    def _file(self, requests: tuple[FulfillmentRequest, ...]) -> OrderFile:
        name = name_of(requests[0], self._settings)
        draft = temporary(f"{name}.{secrets.token_hex(4)}")
        return OrderFile(requests, name, file_of(requests, self._settings), draft)

    async def _standing(self, file: OrderFile) -> bool | ConnectorError | None:
        """Whether an earlier attempt has delivered the file already: True, None when it does not stand there, or what is wrong.

        Asked before a draft is written. A draft beside a delivered file would, once the warehouse has taken the file, look like one
        that was never renamed.
        """
        ABOUT.set(file.about)
        path, evidence = self._path(file.name), file.evidence
        try:
            if await self._files.stat(path) is None:
                return None
            if await self._fingerprint(path) == (evidence["sha256"], evidence["size"]):
                return True
        except FileNotFoundError:
            return _taken_just_now(path)
        except ConnectorError as error:
            return error
        return _stands_with_other_content(path, file.name)

    async def _write(self, file: OrderFile) -> ConnectorError | None:
        """Write a draft; what went wrong, if anything did."""
        ABOUT.set(file.about)
        try:
            await self._files.write(self._path(file.draft), file.content)
        except OutcomeUnknown as error:
            # Under a temporary name nothing has reached anybody: writing it again is safe.
            return Unavailable(error.message, evidence=error.evidence)
        except FileNotFoundError:
            message = f"There is no folder {self._folder} at the warehouse. Make it, or correct its name."
            return InvalidData(message, field="incoming")
        except ConnectorError as error:
            return error
        return None

    async def _rename(self, file: OrderFile) -> ConnectorError | None:
        """Give a draft its final name; what went wrong, if anything did."""
        ABOUT.set(file.about)
        path, evidence = self._path(file.name), file.evidence
        try:
            await self._move(file.draft, file.name)
        except FileExistsError:
            try:
                if await self._fingerprint(path) == (evidence["sha256"], evidence["size"]):
                    await self._files.discard(self._path(file.draft))
                    return None
            except FileNotFoundError:
                return _taken_just_now(path)
            except ConnectorError as error:
                return OutcomeUnknown(error.message, evidence=error.evidence)
            return _stands_with_other_content(path, file.name)
        except ConnectorError as error:
            return error
        return None

    async def _move(self, draft: str, name: str) -> None:
        try:
            await self._files.rename(self._path(draft), self._path(name))
        except FileNotFoundError as error:
            message = f"{name} was taken away while it was being delivered. It is looked up before anything is sent again."
            raise OutcomeUnknown(message) from error

    async def _fingerprint(self, path: str) -> tuple[str, str]:
        """SHA-256 and size of a file, as evidence writes them."""
        digest, size = hashlib.sha256(), 0
        async for piece in self._files.read(path):
            digest.update(piece)
            size += len(piece)
        return digest.hexdigest(), str(size)

    def _places(self, request: FulfillmentRequest, name: str) -> tuple[str, ...]:
        kept = self._settings.picked_up.rstrip("/")
        return self._path(name), f"{kept}/{name}", f"{kept}/{request.intended_at:%Y/%m}/{name}"

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"


def _taken_just_now(path: str) -> InvalidData:
    return InvalidData(f"A file called {path} was taken by the warehouse just now. Ask there whether it holds this order.")


def _stands_with_other_content(path: str, name: str) -> InvalidData:
    message = f"{path} stands at the warehouse already, with other content. Look at it, and remove it."
    return InvalidData(message, evidence={"name": name})


async def _some_at_once(things: Sequence[T], act: Callable[[T], Awaitable[R]]) -> list[R]:
    """Do the same with each, a few at a time, since every step waits for the far end. One that raises ends the others."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(thing: T) -> R:
        async with gate:
            return await act(thing)

    tasks = [asyncio.create_task(one(thing)) for thing in things]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
