"""Folders a partner exchanges files through: one interface, on local disk and over SFTP."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from msgspec import Struct


class Entry(Struct, frozen=True):
    """A regular file: name without folder, size in bytes, when it last changed (UTC)."""

    name: str
    size: int
    changed_at: datetime


class Folder(ABC):
    """A partner's root folder. Paths are relative, '/' separated and stay below the root; nothing is followed out of it.

    Every method that changes something raises `ObserveOnly` where the connection only observes. Missing files raise
    FileNotFoundError; everything else that fails raises a ConnectorError.
    """

    @abstractmethod
    async def entries(self, folder: str, *, most: int = 10_000) -> Sequence[Entry]:
        """Regular files of one folder, oldest first, then by name. A missing folder raises InvalidData that names it."""

    @abstractmethod
    async def stat(self, path: str) -> Entry | None:
        """The file, or None."""

    @abstractmethod
    def read(self, path: str, *, chunk: int = 1 << 16) -> AsyncIterator[bytes]:
        """The file's bytes, streamed."""

    @abstractmethod
    async def write(self, path: str, content: bytes) -> None:
        """Write a whole file, flushed to disk, replacing what stood there. For temporary names only."""

    @abstractmethod
    async def rename(self, path: str, to: str) -> None:
        """Move without replacing; raises FileExistsError when `to` stands already."""

    @abstractmethod
    async def make_folder(self, folder: str) -> None:
        """Make a folder and those above it; nothing happens when it stands."""
