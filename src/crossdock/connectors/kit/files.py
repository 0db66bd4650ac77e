"""Folders a partner exchanges files through: one interface, on local disk and over SFTP."""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from msgspec import Struct

from crossdock.connectors.kit.errors import InvalidData

MOST_LISTED = 200_000
"""Files in one folder; beyond it the folder is refused, for a hostile server could list for ever."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff/\\]")
_UNFINISHED = re.compile(r"^\.|\.(tmp|temp|part|filepart|partial|crdownload|uploading)$", re.IGNORECASE)


class Entry(Struct, frozen=True):
    """A regular file: name without folder, size in bytes, when it last changed (UTC)."""

    name: str
    size: int
    changed_at: datetime


class Folder(ABC):
    """A partner's root folder. Paths are relative, '/' separated and stay below the root; nothing is followed out of it.

    Every method that changes something raises `ObserveOnly` where the connection only observes (`may_write` is False). Missing
    files raise FileNotFoundError; everything else that fails raises a ConnectorError.
    """

    may_write: bool
    address: str
    """What people know it by: `sftp://wms.example.com/merchant`, `folder acme`."""

    @abstractmethod
    async def entries(self, folder: str, *, most: int = 10_000) -> Sequence[Entry]:
        """Regular files of one folder, oldest first, then by name. A missing folder raises InvalidData that names it.

        Links, devices and files whose names could be mistaken (separators, control characters, a leading dot) are left out.
        """

    @abstractmethod
    async def stat(self, path: str) -> Entry | None:
        """The file, or None where no regular file stands."""

    @abstractmethod
    def read(self, path: str, *, chunk: int = 1 << 16) -> AsyncIterator[bytes]:
        """The file's bytes, streamed. Raises InvalidData for what is no plain file or is larger than `bounds.FILE_BYTES`."""

    @abstractmethod
    async def write(self, path: str, content: bytes) -> None:
        """Write a whole file, flushed to disk, replacing what stood there. For temporary names only."""

    @abstractmethod
    async def rename(self, path: str, to: str) -> None:
        """Move without replacing; raises FileExistsError when `to` stands already."""

    @abstractmethod
    async def discard(self, path: str) -> None:
        """Delete a file of a temporary name; nothing happens when it is gone. No other file is ever deleted."""

    @abstractmethod
    async def make_folder(self, folder: str) -> None:
        """Make a folder and those above it; nothing happens when it stands."""


def temporary(path: str) -> str:
    """The name a file is written under until it is whole: hidden, and with a suffix that readers of either habit leave alone."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/.{name}.tmp" if folder else f".{name}.tmp"


def is_unfinished(name: str) -> bool:
    """Whether a name says that its file is still being written."""
    return _UNFINISHED.search(name) is not None


def is_fit(name: str) -> bool:
    """Whether a file's name can be shown, stored and joined to a path without meaning something else."""
    return bool(name) and not name.startswith(".") and not _UNFIT.search(name) and len(name.encode()) <= 255


def parts_of(path: str) -> tuple[str, ...]:
    """The names of a path below the root. Raises InvalidData for '..' and for names that no file may have."""
    parts = tuple(part for part in path.split("/") if part)
    for part in parts:
        if part in {".", ".."} or _UNFIT.search(part) or len(part.encode()) > 255:
            raise InvalidData(f"“{path!r}” is not a path below the folder. Use plain folder names such as /in or /out/archive.")
    return parts
