"""A partner's folder in memory, which others can reach into while we work."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.connectors.kit.files import Entry, Folder


class Shelf(Folder):
    """Files by path. `closed` are paths that we may see and not read; `meanwhile` happens once, right before a file is read."""

    address = "shelf:"

    def __init__(self, *, may_write: bool = True) -> None:
        self.may_write = may_write
        self.files: dict[str, bytes] = {}
        self.changed_at = datetime(2026, 1, 1, tzinfo=UTC)
        self.closed: set[str] = set()
        self.written: list[str] = []
        self.meanwhile: Callable[[], object] | None = None

    async def entries(self, folder: str, *, most: int = 10_000) -> Sequence[Entry]:
        found = [await self.stat(path) for path in self.files if path.startswith(f"{folder}/")]
        return [entry for entry in found if entry is not None]

    async def stat(self, path: str) -> Entry | None:
        content = self.files.get(path)
        return None if content is None else Entry(path.rpartition("/")[2], len(content), self.changed_at)

    async def read(self, path: str, *, chunk: int = 1 << 16) -> AsyncIterator[bytes]:
        if path in self.closed:
            raise AuthenticationFailed(f"{path} is closed to us.")
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        if path not in self.files:
            raise FileNotFoundError(path)
        yield self.files[path]

    async def write(self, path: str, content: bytes) -> None:
        self.written.append(path)
        self.files[path] = content

    async def rename(self, path: str, to: str) -> None:
        if path not in self.files:
            raise FileNotFoundError(path)
        if to in self.files:
            raise FileExistsError(to)
        self.files[to] = self.files.pop(path)

    async def discard(self, path: str) -> None:
        self.files.pop(path, None)

    async def make_folder(self, folder: str) -> None:
        """Nothing to do: folders are parts of paths here."""
