"""Putting files into a partner's folder, so that no crash at any step delivers one twice or loses one.

1. All files of a set are written under temporary names, which no reader takes. A crash here has sent nothing.
2. What is about to be renamed is noted: both names, size, SHA-256. A crash here has sent nothing either, and the note says where to
   look. Temporary names are new in every attempt, so what an old holder leaves behind is never taken for the noted one.
3. Each file is renamed to its final name, without replacing. From that moment on it is the partner's.

A file's final name and content follow from what is in it alone, so whoever comes later finds or repeats the very same file. With
the note written, exactly one of three things is true: the temporary file stands (not renamed: finish it), the final file stands
(delivered), or neither does (delivered, and taken away by the partner). The last is never sent again by itself.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from crossdock.connectors.kit.about import ABOUT
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.errors import (
    AuthenticationFailed,
    ConnectorError,
    InvalidData,
    NotReady,
    OutcomeUnknown,
    Unavailable,
)
from crossdock.connectors.kit.files import Folder, temporary
from crossdock.connectors.kit.together import together

T = TypeVar("T")
R = TypeVar("R")

RENAMING = "renaming"

AT_ONCE = 12
"""Files of a set under way at the same time."""


class Parcel(Struct, frozen=True):
    """A file to deliver: the effects it carries, by key, its final name and its bytes; `draft` is new in each attempt."""

    keys: tuple[str, ...]
    name: str
    content: bytes
    draft: str

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


class Sought(Struct, frozen=True):
    """A file that is looked up: the effects it carries, its final name, where its name may stand once the partner took it, what was
    noted of it, and, where nothing was noted, the file as it would be sent.
    """

    keys: tuple[str, ...]
    name: str
    kept: tuple[str, ...]
    known: Mapping[str, str]
    made: Parcel | None


def parcel(keys: Sequence[str], name: str, content: bytes) -> Parcel:
    """A file to deliver, with a temporary name of its own."""
    return Parcel(tuple(keys), name, content, temporary(f"{name}.{secrets.token_hex(4)}"))


class Parcels:
    """Delivers to and looks up in one folder. `at` names the partner in sentences, `field` is the setting that names the folder."""

    def __init__(self, files: Folder, folder: str, *, at: str, field: str) -> None:
        self._files = files
        self._folder = folder.rstrip("/")
        self._at = at
        self._field = field

    async def send(self, parcels: Sequence[Parcel], note: Note) -> list[Done | Failed]:
        """Deliver each, once. A file that fails fails its own effects."""
        outcomes: list[Done | Failed] = []
        files = []
        for file, standing in zip(parcels, await some_at_once(parcels, self._standing), strict=True):
            if standing is None:
                files.append(file)
            elif isinstance(standing, ConnectorError):
                outcomes += [Failed(key, standing) for key in file.keys]
            else:
                outcomes += [Done(key, file.name, file.evidence) for key in file.keys]
        faults = await some_at_once(files, self._write)
        written = [file for file, fault in zip(files, faults, strict=True) if fault is None]
        if written:
            await note({key: file.evidence for file in written for key in file.keys})
        faults += await some_at_once(written, self._rename)
        for file, fault in zip((*files, *written), faults, strict=True):
            if fault is not None:
                outcomes += [Failed(key, fault) for key in file.keys]
        failed = {outcome.key for outcome in outcomes if isinstance(outcome, Failed)}
        for file in written:
            outcomes += [Done(key, file.name, file.evidence) for key in file.keys if key not in failed]
        return outcomes

    async def find(self, sought: Sequence[Sought]) -> list[Found]:
        """Which of these were delivered; finishes a renaming that a crash interrupted."""
        answers = await some_at_once(sought, self._look_up)
        return [
            Found(key, answer.external_id, answer.evidence, answer.differs)
            for one, answer in zip(sought, answers, strict=True)
            if answer is not None
            for key in one.keys
        ]

    async def _look_up(self, one: Sought) -> Found | None:
        key, name, known = one.keys[0], one.name, one.known
        wanted = known if "sha256" in known else one.made.evidence if one.made is not None else None
        for path in (self._path(name), *one.kept):
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
                return Found(key, name, {**wanted, "stage": "delivered", "where": path})
            return Found(key, name, {"where": path, "sha256": sha256, "size": size}, "it has other content")
        if known.get("stage") != RENAMING or wanted is None:
            return None
        draft = wanted["temporary"]
        if await self._files.stat(self._path(draft)) is None:
            return Found(key, name, {**wanted, "stage": "picked_up", "picked_up": "true"})
        if not self._files.may_write:
            return None
        if await self._fingerprint(self._path(draft)) != (wanted["sha256"], wanted["size"]):
            return None  # the server lost a part of what it had taken; a new attempt writes it anew
        try:
            await self._move(draft, name)
        except FileExistsError as error:
            raise OutcomeUnknown(f"{name} appeared while it was being delivered. It is looked up again.") from error
        return Found(key, name, {**wanted, "stage": "delivered", "where": self._path(name)})

    async def _standing(self, file: Parcel) -> bool | ConnectorError | None:
        """Whether an earlier attempt has delivered the file already: True, None when it does not stand there, or what is wrong.

        Asked before a draft is written. A draft beside a delivered file would, once the partner has taken the file, look like one
        that was never renamed.
        """
        ABOUT.set(file.keys)
        path, evidence = self._path(file.name), file.evidence
        try:
            try:
                entry = await self._files.stat(path)
            except InvalidData as error:
                return self._of_the_folder(error)
            if entry is None:
                return None
            if await self._fingerprint(path) == (evidence["sha256"], evidence["size"]):
                return True
        except FileNotFoundError:
            return self._taken_just_now(path)
        except ConnectorError as error:
            return error
        return self._stands_with_other_content(path, file.name)

    async def _write(self, file: Parcel) -> ConnectorError | None:
        """Write a draft; what went wrong, if anything did."""
        ABOUT.set(file.keys)
        try:
            await self._files.write(self._path(file.draft), file.content)
        except OutcomeUnknown as error:
            # Under a temporary name nothing has reached anybody: writing it again is safe.
            return Unavailable(error.message, evidence=error.evidence)
        except FileNotFoundError:
            message = (
                f"There is no folder {self._folder} at the {self._at}. Make it, or correct its name; what waits then goes on."
            )
            return NotReady(message, field=self._field)
        except InvalidData as error:
            return self._of_the_folder(error)
        except ConnectorError as error:
            return error
        return None

    async def _rename(self, file: Parcel) -> ConnectorError | None:
        """Give a draft its final name; what went wrong, if anything did."""
        ABOUT.set(file.keys)
        path, evidence = self._path(file.name), file.evidence
        try:
            await self._move(file.draft, file.name)
        except FileExistsError:
            try:
                if await self._fingerprint(path) == (evidence["sha256"], evidence["size"]):
                    await self._files.discard(self._path(file.draft))
                    return None
            except FileNotFoundError:
                return self._taken_just_now(path)
            except ConnectorError as error:
                return OutcomeUnknown(error.message, evidence=error.evidence)
            return self._stands_with_other_content(path, file.name)
        except InvalidData as error:
            return self._of_the_folder(error)
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

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _of_the_folder(self, error: InvalidData) -> NotReady:
        """A folder judges no content: what it does not let us do with this file, it lets us do with none."""
        return NotReady(error.message, field=error.field or self._field, evidence=error.evidence)

    def _taken_just_now(self, path: str) -> InvalidData:
        message = f"A file called {path} was taken by the {self._at} just now. Ask there whether it holds this."
        return InvalidData(message)

    def _stands_with_other_content(self, path: str, name: str) -> InvalidData:
        message = f"{path} stands at the {self._at} already, with other content. Look at it, and remove it."
        return InvalidData(message, evidence={"name": name})


async def some_at_once(things: Sequence[T], act: Callable[[T], Awaitable[R]]) -> list[R]:
    """Do the same with each, a few at a time, since every step waits for the far end. One that raises ends the others."""
    return await together(things, act, at_once=AT_ONCE)
