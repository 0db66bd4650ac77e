"""A folder whose file traffic is recorded like any other exchange, so that people can see what was sent and received."""

import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from crossdock.connectors.kit.errors import ConnectorError, OutcomeUnknown
from crossdock.connectors.kit.files import Entry, Folder
from crossdock.connectors.kit.http import Exchange, Record

MOST_RECORDED = 1 << 20
"""Bytes of a file that are kept in the record; the rest of a longer one is named by its length."""


class RecordedFolder(Folder):
    """Passes every call on, and records files read, written and renamed. Listings and look-ups are not recorded: they hold nothing
    that a person asks for, and come with every poll.
    """

    def __init__(self, inner: Folder, record: Record) -> None:
        self._inner = inner
        self._record = record
        self.may_write = inner.may_write
        self.address = inner.address

    async def entries(self, folder: str, *, most: int = 10_000) -> Sequence[Entry]:
        return await self._inner.entries(folder, most=most)

    async def stat(self, path: str) -> Entry | None:
        return await self._inner.stat(path)

    async def read(self, path: str, *, chunk: int = 1 << 16) -> AsyncIterator[bytes]:
        kept, size, started = bytearray(), 0, time.monotonic()
        try:
            async for piece in self._inner.read(path, chunk=chunk):
                size += len(piece)
                kept += piece[: MOST_RECORDED - len(kept)]
                yield piece
        except (ConnectorError, OSError) as error:
            self._note("read a file", "GET", path, started, b"", str(error).encode(), status=None)
            raise
        self._note("read a file", "GET", path, started, b"", _shown(bytes(kept), size), status=200)

    async def write(self, path: str, content: bytes) -> None:
        started = time.monotonic()
        shown = _shown(content[:MOST_RECORDED], len(content))
        try:
            await self._inner.write(path, content)
        except (ConnectorError, OSError) as error:
            self._note("write a file", "PUT", path, started, shown, str(error).encode(), status=_status(error))
            raise
        self._note("write a file", "PUT", path, started, shown, b"", status=201)

    async def rename(self, path: str, to: str) -> None:
        started = time.monotonic()
        try:
            await self._inner.rename(path, to)
        except (ConnectorError, OSError) as error:
            self._note("rename a file", "MOVE", path, started, to.encode(), str(error).encode(), status=_status(error))
            raise
        self._note("rename a file", "MOVE", path, started, to.encode(), b"", status=201)

    async def discard(self, path: str) -> None:
        await self._inner.discard(path)

    async def make_folder(self, folder: str) -> None:
        await self._inner.make_folder(folder)

    def _note(
        self, operation: str, method: str, path: str, started: float, request: bytes, response: bytes, *, status: int | None
    ) -> None:
        ms = round((time.monotonic() - started) * 1000)
        url = f"{self.address}/{path.lstrip('/')}"
        self._record(
            Exchange(
                at=datetime.now(UTC),
                operation=operation,
                method=method,
                url=url,
                status=status,
                ms=ms,
                request=request,
                response=response,
                is_write=method != "GET",
            )
        )


def _status(error: Exception) -> int | None:
    """As HTTP would say it: 409 for a name that is taken, 404 for a missing file, None where no answer came, else 500."""
    if isinstance(error, OutcomeUnknown):
        return None
    return 409 if isinstance(error, FileExistsError) else 404 if isinstance(error, FileNotFoundError) else 500


def _shown(content: bytes, size: int) -> bytes:
    return content if len(content) == size else content + f"\n… {size:,} bytes in all".encode()
