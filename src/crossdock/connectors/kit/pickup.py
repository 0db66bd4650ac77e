"""Taking a partner's files: which ones are whole, what is in them, and where they go once stored.

Reading changes nothing, so a connection that observes reads like any other. Moving a file to the archive comes after its rows are
stored for good, in `settle`, which may run twice: a file that has changed since stays, and is read again as the new file it is.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, Unavailable
from crossdock.connectors.kit.files import Entry, Folder, temporary
from crossdock.connectors.kit.pages import Rejected

LARGEST = 64 << 20
"""Bytes of the largest file that is understood as a whole: about half a million rows."""

LONGEST_READ = timedelta(minutes=10)
"""How long one file may take to arrive: a server that drips holds up no more than this."""

PATIENCE = timedelta(hours=1)
"""How long an empty or cut file is waited for in silence. After that it is reported until it is whole or gone."""

AT_ONCE = 12
"""Files put away at the same time."""


class Taken(Struct, frozen=True):
    """A file as it was read: what tells whether it is still the same."""

    name: str
    size: int
    changed_at: datetime
    sha256: str = ""


class Receipt(Struct, frozen=True):
    """What `settle` is given back: files to archive, those with nothing but errors among them in `failed`, with their reasons."""

    read: tuple[Taken, ...] = ()
    failed: tuple[Taken, ...] = ()
    reasons: tuple[str, ...] = ()

    def text(self) -> str:
        """The receipt as the hub keeps it."""
        return msgspec.json.encode(self).decode()


class Whole(Struct, frozen=True):
    """A file that was read to its end."""

    taken: Taken
    content: bytes


class Waits(Struct, frozen=True):
    """A file that is not whole yet, or cannot be read at all; `why` is set once somebody has to be told."""

    name: str
    why: str | None

    def rejected(self) -> tuple[Rejected, ...]:
        """What people see of it."""
        return () if self.why is None else (Rejected(None, None, self.why, b"", self.name, self.name, stays=True),)


class Pickup:
    """Reads from one folder. `quiet` is how long a file must be at rest, `archive` where files go once they were stored.

    `unended` is said of a file whose last line has no line break, the name put for `{}`; None takes such files as they are.
    """

    def __init__(self, files: Folder, folder: str, *, archive: str, quiet: timedelta, unended: str | None = None) -> None:
        self._files = files
        self._folder = folder.rstrip("/")
        self._archived = archive.rstrip("/")
        self._quiet = quiet
        self._unended = unended

    async def take(self, entry: Entry) -> Whole | Waits | None:
        """Read a file that is whole. None when it has gone in the meantime.

        Whole means: at rest for as long as asked, not empty, unchanged while it was read, its last line ended where that is asked.
        """
        age = _now() - entry.changed_at
        if entry.size > LARGEST:
            return Waits(entry.name, f"{entry.name} is larger than {LARGEST >> 20} MiB. Split it.")
        if age < self._quiet:
            return Waits(entry.name, None)
        if entry.size == 0:
            return self._late(entry, age, f"{entry.name} is empty. Send it again, or remove it.")
        try:
            content = await self.content(entry)
        except FileNotFoundError:
            return None
        except (InvalidData, AuthenticationFailed) as error:
            # One file we may not read holds up no other; a login that is refused everywhere fails at the listing.
            return Waits(entry.name, error.message)
        after = await self._files.stat(self._path(entry.name))
        if after != entry or len(content) != entry.size:
            return Waits(entry.name, None)
        if self._unended is not None and content[-1:] not in (b"\n", b"\r"):
            return self._late(entry, age, self._unended.format(entry.name))
        digest = await asyncio.to_thread(hashlib.sha256, content)
        return Whole(Taken(entry.name, entry.size, entry.changed_at, digest.hexdigest()), content)

    async def content(self, entry: Entry) -> bytes:
        """The file's bytes, and never more than a little over what its entry promised, nor for longer than a file may take."""
        content = bytearray()
        try:
            async with asyncio.timeout(LONGEST_READ.total_seconds()):
                async for piece in self._files.read(self._path(entry.name)):
                    content += piece
                    if len(content) > entry.size:
                        break
        except TimeoutError as error:
            raise Unavailable(f"{entry.name} could not be read within {LONGEST_READ}. The server may be overloaded.") from error
        return bytes(content)

    def is_at_rest(self, entry: Entry) -> bool:
        """Whether a file is finished as far as can be told without reading it."""
        return entry.size > 0 and _now() - entry.changed_at >= self._quiet

    async def settle(self, receipt: str) -> None:
        """Move the files of a receipt to the archive, or to /error with their reasons. May run twice."""
        done = msgspec.json.decode(receipt, type=Receipt)
        for folder in sorted({self._archive(taken) for taken in done.read}):
            await self._files.make_folder(folder)
        gate = asyncio.Semaphore(AT_ONCE)

        async def put(taken: Taken) -> None:
            async with gate:
                await self._put_away(taken, self._archive(taken))

        await asyncio.gather(*(put(taken) for taken in done.read))
        for taken, reason in zip(done.failed, done.reasons, strict=True):
            place = f"{self._folder}/error"
            await self._files.make_folder(place)
            moved = await self._put_away(taken, place)
            if moved is not None:
                await self._explain(f"{moved}.err", reason)

    def _late(self, entry: Entry, age: timedelta, why: str) -> Waits:
        return Waits(entry.name, why if age > PATIENCE else None)

    async def _put_away(self, taken: Taken, folder: str) -> str | None:
        """Move a file into a folder that is there, unless it is gone or has changed; where it went."""
        path = self._path(taken.name)
        now = await self._files.stat(path)
        if now is None or (now.size, now.changed_at) != (taken.size, taken.changed_at):
            return None
        stem, dot, suffix = taken.name.rpartition(".")
        # The same name may have come before: both are kept.
        for name in (taken.name, *(f"{stem}.{stamp:%Y%m%d%H%M%S%f}{dot}{suffix}" for stamp in (taken.changed_at, _now()))):
            try:
                await self._files.rename(path, f"{folder}/{name}")
            except FileExistsError:
                continue
            except FileNotFoundError:
                return None
            return f"{folder}/{name}"
        raise InvalidData(f"{taken.name} cannot be moved to {folder}: its name is taken there.")

    async def _explain(self, path: str, reason: str) -> None:
        await self._files.write(temporary(path), f"{reason}\n".encode())
        try:
            await self._files.rename(temporary(path), path)
        except FileExistsError:
            return

    def _archive(self, taken: Taken) -> str:
        return f"{self._archived}/{taken.changed_at:%Y/%m}"

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"


def of_file(taken: Taken, rejected: Sequence[Rejected]) -> tuple[Rejected, ...]:
    """What of a file was not understood, with the file's name."""
    return tuple(msgspec.structs.replace(bad, file=taken.name) for bad in rejected)


def receipt_of(taken: Taken, *, has_records: bool, rejected: Sequence[Rejected], older: tuple[Taken, ...] = ()) -> Receipt:
    """A file with nothing but errors goes where people look for errors; all others to the archive."""
    if has_records or not rejected:
        return Receipt(read=(*older, taken))
    reason = "\n".join(f"{bad.where}: {bad.reason}" for bad in rejected[:1000])
    return Receipt(read=older, failed=(taken,), reasons=(reason,))


def _now() -> datetime:
    return datetime.now(UTC)
