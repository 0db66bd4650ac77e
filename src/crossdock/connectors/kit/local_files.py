"""A folder on this machine, below a root that the operator names.

Every name is opened relative to its folder's descriptor and never through a link, so neither a planted link nor a folder swapped
in the middle of a call leads out of the root.
"""

import asyncio
import ctypes
import errno
import heapq
import os
import re
import stat as modes
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

from crossdock.connectors.kit.bounds import FILE_BYTES
from crossdock.connectors.kit.errors import ConnectorError, InvalidData, Unavailable
from crossdock.connectors.kit.files import MOST_LISTED, Entry, Folder, is_fit, is_unfinished, parts_of
from crossdock.connectors.kit.http import ObserveOnly

P = ParamSpec("P")
R = TypeVar("R")

NAME = r"^[a-z0-9-]{1,40}$"
"""What a tenant may call a folder of its own."""

_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_RENAME_NOREPLACE = 1


async def _in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do blocking work in a thread. Whoever is canceled waits for its end: a thread cannot be stopped, and a renaming that goes on
    behind its caller's back would be looked up before it is done.
    """
    done = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.gather(done, return_exceptions=True)
        raise


class LocalFolder(Folder):
    """One tenant's folder: `<root>/<account>/<name>`. Blocking calls run in a thread."""

    def __init__(self, descriptor: int, name: str, *, may_write: bool) -> None:
        self._root = descriptor
        self.may_write = may_write
        self.address = f"folder {name}"

    async def entries(self, folder: str, *, most: int = 10_000) -> Sequence[Entry]:
        return await _in_thread(self._entries, folder, most)

    async def stat(self, path: str) -> Entry | None:
        return await _in_thread(self._stat, path)

    async def read(self, path: str, *, chunk: int = 1 << 16) -> AsyncIterator[bytes]:
        descriptor = await _in_thread(self._open, path)
        try:
            while piece := await _in_thread(os.read, descriptor, chunk):
                yield piece
        finally:
            os.close(descriptor)

    async def write(self, path: str, content: bytes) -> None:
        self._must_write(f"write {path}")
        await _in_thread(self._write, path, content)

    async def rename(self, path: str, to: str) -> None:
        self._must_write(f"rename {path}")
        await _in_thread(self._rename, path, to)

    async def discard(self, path: str) -> None:
        self._must_write(f"delete {path}")
        await _in_thread(self._discard, path)

    async def make_folder(self, folder: str) -> None:
        self._must_write(f"make {folder}")
        await _in_thread(self._make_folder, folder)

    def _must_write(self, what: str) -> None:
        if not self.may_write:
            raise ObserveOnly(f"{what} in {self.address}: this connection only observes")

    @contextmanager
    def _folder(self, parts: Sequence[str]) -> Iterator[int]:
        """Descriptor of a folder below the root, opened name by name."""
        here = os.dup(self._root)
        try:
            for part in parts:
                below = os.open(part, _OPEN_FOLDER, dir_fd=here)
                os.close(here)
                here = below
            yield here
        except OSError as error:
            if error.errno in {errno.ENOTDIR, errno.ELOOP}:
                raise InvalidData(f"/{'/'.join(parts)} in {self.address} is not a plain folder.") from error
            raise
        finally:
            os.close(here)

    @contextmanager
    def _place(self, path: str) -> Iterator[tuple[int, str]]:
        """Descriptor of the folder a path lies in, and the last name. Failures of the disk become ours."""
        *folder, name = parts_of(path) or ("",)
        if not name:
            raise InvalidData(f"“{path}” names no file.")
        try:
            with self._folder(folder) as here:
                yield here, name
        except (FileNotFoundError, FileExistsError, ConnectorError):
            raise
        except OSError as error:
            # Nobody knows the name of a draft.
            said = folder if is_unfinished(name) else [*folder, name]
            raise _said(error, "/".join((self.address, *said))) from error

    def _entries(self, folder: str, most: int) -> Sequence[Entry]:
        found: list[Entry] = []
        parts = parts_of(folder)
        try:
            with self._folder(parts) as here, os.scandir(here) as listing:
                for item in listing:
                    if not is_fit(item.name):
                        continue
                    try:
                        status = item.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if _is_plain(status):
                        found.append(_entry(item.name, status))
                    if len(found) > MOST_LISTED:
                        raise InvalidData(f"/{'/'.join(parts)} in {self.address} holds more than {MOST_LISTED:,} files.")
        except FileNotFoundError as error:
            raise InvalidData(
                f"There is no folder /{'/'.join(parts)} in {self.address}. Make it, or correct its name."
            ) from error
        except OSError as error:
            raise _said(error, f"{self.address}/{folder.lstrip('/')}") from error
        return heapq.nsmallest(most, found, key=lambda entry: (entry.changed_at, entry.name))

    def _stat(self, path: str) -> Entry | None:
        try:
            with self._place(path) as (here, name):
                status = os.stat(name, dir_fd=here, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return _entry(name, status) if _is_plain(status) else None

    def _open(self, path: str) -> int:
        with self._place(path) as (here, name):
            try:
                descriptor = os.open(name, os.O_RDONLY | _OPEN, dir_fd=here)
            except OSError as error:
                if error.errno in {errno.ELOOP, errno.ENXIO}:
                    raise InvalidData(f"{path} in {self.address} is not a plain file.") from error
                raise
            status = os.fstat(descriptor)
            if not _is_plain(status):
                os.close(descriptor)
                raise InvalidData(f"{path} in {self.address} is not a plain file.")
            if status.st_size > FILE_BYTES:
                os.close(descriptor)
                raise InvalidData(f"{path} in {self.address} is larger than {FILE_BYTES >> 20} MiB. Split it.")
            return descriptor

    def _write(self, path: str, content: bytes) -> None:
        with self._place(path) as (here, name):
            if not is_unfinished(name):
                raise ValueError(f"{path} is not a temporary name")
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=here)
            # Partners read it under their own user, so the usual mask decides who may.
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o664, dir_fd=here)
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.fsync(here)

    def _rename(self, path: str, to: str) -> None:
        with self._place(path) as (here, name), self._place(to) as (there, new):
            if not _is_plain(os.stat(name, dir_fd=here, follow_symlinks=False)):
                raise InvalidData(f"{path} in {self.address} is not a plain file.")
            _rename_without_replacing(here, name, there, new)
            os.fsync(there)
            if not os.path.samestat(os.fstat(here), os.fstat(there)):
                os.fsync(here)

    def _discard(self, path: str) -> None:
        with suppress(FileNotFoundError), self._place(path) as (here, name):
            if not is_unfinished(name):
                raise ValueError(f"{path} is not a temporary name")
            os.unlink(name, dir_fd=here)

    def _make_folder(self, folder: str) -> None:
        parts = parts_of(folder)
        for depth in range(1, len(parts) + 1):
            with self._place("/".join(parts[:depth])) as (here, name):
                try:
                    os.mkdir(name, 0o775, dir_fd=here)
                except FileExistsError:
                    continue
                os.fsync(here)


@asynccontextmanager
async def open_local(
    roots: Sequence[Path], name: str, *, may_write: bool, inside: Sequence[str] = ()
) -> AsyncIterator[LocalFolder]:
    """Open the folder `name` below an account's roots, for as long as the block lasts: in the first that has it. Where none has,
    it is made in the first whose parent, which is the operator's, is there, with the folders `inside` it.

    Raises InvalidData naming `folder` when the operator has opened no root, the name is not one, or no root is there.
    """
    if not roots:
        message = "Folders on this machine are switched off. The operator opens them by naming a root in CROSSDOCK_FOLDERS."
        raise InvalidData(message, field="folder")
    if not re.fullmatch(NAME, name):
        raise InvalidData("A folder's name has 1 to 40 small letters, digits and dashes.", field="folder")
    try:
        descriptor = _found(roots, name)
        if descriptor is None:
            descriptor = _made(roots, name, inside)
    except OSError as error:
        raise _said(error, f"folder {name}") from error
    if descriptor is None:
        message = f"There is no place for the folder “{name}”: none of the roots in CROSSDOCK_FOLDERS is there. Ask the operator."
        raise InvalidData(message, field="folder")
    try:
        yield LocalFolder(descriptor, name, may_write=may_write)
    finally:
        os.close(descriptor)


def _found(roots: Sequence[Path], name: str) -> int | None:
    for root in roots:
        with _opened(root) as above:
            if above is None:
                continue
            try:
                return os.open(name, _OPEN_FOLDER, dir_fd=above)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno in {errno.ENOTDIR, errno.ELOOP}:
                    message = f"“{name}” of this account is no folder. Ask the operator, or correct the name."
                    raise InvalidData(message, field="folder") from error
                raise
    return None


def _made(roots: Sequence[Path], name: str, inside: Sequence[str]) -> int | None:
    for root in roots:
        with _opened(root.parent) as operators:
            if operators is None:
                continue
            with suppress(FileExistsError):
                os.mkdir(root.name, 0o770, dir_fd=operators)
        with _opened(root) as above:
            if above is None:
                continue
            with suppress(FileExistsError):
                os.mkdir(name, 0o770, dir_fd=above)
            descriptor = os.open(name, _OPEN_FOLDER, dir_fd=above)
            try:
                for folder in inside:
                    LocalFolder(descriptor, name, may_write=True)._make_folder(folder)
            except (OSError, InvalidData):
                os.close(descriptor)
                raise
            return descriptor
    return None


@contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    """A folder's descriptor; None when it is not there, or is no folder."""
    try:
        descriptor = os.open(folder, _OPEN_FOLDER)
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            raise
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_plain(status: os.stat_result) -> bool:
    # A second link could be the key file or another tenant's: whoever can link cannot thereby read.
    return modes.S_ISREG(status.st_mode) and status.st_nlink == 1


def _entry(name: str, status: os.stat_result) -> Entry:
    return Entry(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _said(error: OSError, where: str) -> ConnectorError:
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return InvalidData(
            f"Crossdock may not do this in {where}: “{error.strerror}”. Give its user the right to read and write."
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Unavailable(f"The disk of {where} is full. Nothing was changed; make room, and it is tried again by itself.")
    return Unavailable(f"{where} does not answer: “{error.strerror}”.")


def _renameat2() -> "ctypes._NamedFuncPointer | None":
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None
    function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return function


_rename = _renameat2()


def _rename_without_replacing(here: int, name: str, there: int, new: str) -> None:
    if _rename is not None:
        if _rename(here, name.encode(), there, new.encode(), _RENAME_NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
        # Some network file systems do not know the flag.
        if code not in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
            raise OSError(code, os.strerror(code), new)
    os.link(name, new, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)
    os.unlink(name, dir_fd=here)
