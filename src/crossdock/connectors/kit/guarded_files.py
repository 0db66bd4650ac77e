"""A folder in which every change is asked for right before it is made."""

from collections.abc import AsyncIterator, Callable, Sequence

from crossdock.connectors.kit.files import Entry, Folder


class GuardedFolder(Folder):
    """Passes every call on; `before_write` is called before each change and stops it by raising."""

    def __init__(self, inner: Folder, before_write: Callable[[], None]) -> None:
        self._inner = inner
        self._before_write = before_write
        self.may_write = inner.may_write
        self.address = inner.address

    async def entries(self, folder: str, *, most: int = 10_000) -> Sequence[Entry]:
        return await self._inner.entries(folder, most=most)

    async def stat(self, path: str) -> Entry | None:
        return await self._inner.stat(path)

    def read(self, path: str, *, chunk: int = 1 << 16) -> AsyncIterator[bytes]:
        return self._inner.read(path, chunk=chunk)

    async def write(self, path: str, content: bytes) -> None:
        self._before_write()
        await self._inner.write(path, content)

    async def rename(self, path: str, to: str) -> None:
        self._before_write()
        await self._inner.rename(path, to)

    async def discard(self, path: str) -> None:
        self._before_write()
        await self._inner.discard(path)

    async def make_folder(self, folder: str) -> None:
        self._before_write()
        await self._inner.make_folder(folder)
