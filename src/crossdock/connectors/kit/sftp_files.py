"""A folder behind SFTP. The socket comes from the door, the host key is pinned, and nothing of the service user's own SSH is used."""

import asyncio
import heapq
import posixpath
import re
import stat as modes
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime

import asyncssh
from msgspec import Struct

from crossdock.connectors.kit.bounds import ANSWER_SILENCE, ANSWER_TIME, FILE_BYTES
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData, OutcomeUnknown, Unavailable
from crossdock.connectors.kit.files import MOST_LISTED, Entry, Folder, is_fit, is_unfinished, parts_of
from crossdock.connectors.kit.http import ObserveOnly

_LOST = (
    asyncssh.SFTPConnectionLost,
    asyncssh.ConnectionLost,
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    asyncssh.SFTPBadMessage,
    TimeoutError,
    OSError,
)
_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
# Version 3 of the protocol, which most servers speak, has no code for it.
_SAYS_FULL = re.compile(r"no space|disk (is )?full|quota", re.IGNORECASE)


_CIPHERS = "^aes256-gcm@openssh.com"
"""Ciphers we offer: the library's, this one first. Processors have it built in, so it takes half the work of the others."""


class SftpLogin(Struct, frozen=True):
    """Where to, and as whom. `host_key` is the pinned fingerprint or public key; empty on the first test."""

    host: str
    port: int
    username: str
    password: str | None
    private_key: str | None
    passphrase: str | None
    host_key: str
    root: str = "/"


class SftpFolder(Folder):
    """One login's folder. Every answer is waited for within bounds; links are never followed."""

    def __init__(self, sftp: asyncssh.SFTPClient, login: SftpLogin, *, may_write: bool) -> None:
        self._sftp = sftp
        self._root = "/" + "/".join(parts_of(login.root))
        self._field = "private_key" if login.private_key else "password"
        self.may_write = may_write
        self.address = f"sftp://{login.host}:{login.port}{self._root.rstrip('/')}"

    async def entries(self, folder: str, *, most: int = 10_000) -> Sequence[Entry]:
        found = []
        async with self._asking(folder, is_write=False, seconds=ANSWER_TIME.total_seconds()):
            try:
                attrs = await self._sftp.lstat(self._path(folder))
                if _kind(attrs) != modes.S_IFDIR:
                    raise InvalidData(f"{self._said(folder)} is not a plain folder.")
                async for item in self._sftp.scandir(self._path(folder)):
                    name = item.filename
                    if isinstance(name, str) and is_fit(name) and _kind(item.attrs) == modes.S_IFREG:
                        found.append(_entry(name, item.attrs))
                    if len(found) > MOST_LISTED:
                        raise InvalidData(f"{self._said(folder)} holds more than {MOST_LISTED:,} files. Move old ones away.")
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
                raise InvalidData(f"There is no folder {self._said(folder)}. Make it, or correct its name.") from error
        return heapq.nsmallest(most, found, key=lambda entry: (entry.changed_at, entry.name))

    async def stat(self, path: str) -> Entry | None:
        attrs = await self._lstat(path)
        return _entry(path.rpartition("/")[2], attrs) if attrs is not None and _kind(attrs) == modes.S_IFREG else None

    async def read(self, path: str, *, chunk: int = 1 << 16) -> AsyncIterator[bytes]:
        attrs = await self._lstat(path)
        if attrs is None:
            raise FileNotFoundError(path)
        if _kind(attrs) != modes.S_IFREG:
            raise InvalidData(f"{self._said(path)} is not a plain file.")
        if (attrs.size or 0) > FILE_BYTES:
            raise InvalidData(f"{self._said(path)} is larger than {FILE_BYTES >> 20} MiB. Split it.")
        async with self._asking(path, is_write=False):
            # One request for each piece: requests in parallel would outlive a reader that stops early.
            file = await self._sftp.open(self._path(path), "rb", block_size=chunk)
        try:
            size = 0
            while True:
                async with self._asking(path, is_write=False):
                    piece = await file.read(chunk)
                if not isinstance(piece, bytes) or not piece:
                    return
                size += len(piece)
                if size > FILE_BYTES:
                    raise InvalidData(f"{self._said(path)} is larger than {FILE_BYTES >> 20} MiB. Split it.")
                yield piece
        finally:
            with suppress(asyncssh.Error, OSError):
                await file.close()

    async def write(self, path: str, content: bytes) -> None:
        self._must_write(f"write {path}")
        if not is_unfinished(path.rpartition("/")[2]):
            raise ValueError(f"{path} is not a temporary name")
        async with self._asking(path, is_write=True, seconds=ANSWER_TIME.total_seconds()):
            try:
                file = await self._sftp.open(self._path(path), "xb")
            except (asyncssh.SFTPFileAlreadyExists, asyncssh.SFTPFailure):
                if await self._lstat(path) is None:
                    raise
                await self._sftp.remove(self._path(path))
                file = await self._sftp.open(self._path(path), "xb")
            try:
                await file.write(content)
                # Only some servers can be asked to flush; the rest flush on close as they see fit.
                with suppress(asyncssh.SFTPOpUnsupported):
                    await file.fsync()
            finally:
                await file.close()

    async def rename(self, path: str, to: str) -> None:
        self._must_write(f"rename {path}")
        async with self._asking(path, is_write=True):
            try:
                # Not posix_rename, which replaces what stands there.
                await self._sftp.rename(self._path(path), self._path(to))
            except asyncssh.SFTPFileAlreadyExists as error:
                raise FileExistsError(to) from error
            except (asyncssh.SFTPFailure, asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported) as error:
                try:
                    explained = await self._explain_rename(path, to, error)
                except Unavailable as unseen:
                    # Some servers say no after they have done it; nobody could look.
                    raise OutcomeUnknown(unseen.message, evidence=unseen.evidence) from error
                raise explained from error

    async def discard(self, path: str) -> None:
        self._must_write(f"delete {path}")
        if not is_unfinished(path.rpartition("/")[2]):
            raise ValueError(f"{path} is not a temporary name")
        with suppress(FileNotFoundError):
            async with self._asking(path, is_write=True):
                await self._sftp.remove(self._path(path))

    async def make_folder(self, folder: str) -> None:
        self._must_write(f"make {folder}")
        parts = parts_of(folder)
        for depth in range(1, len(parts) + 1):
            here = "/".join(parts[:depth])
            if await self._lstat(here) is not None:
                continue
            async with self._asking(here, is_write=True):
                try:
                    await self._sftp.mkdir(self._path(here))
                except (asyncssh.SFTPFileAlreadyExists, asyncssh.SFTPFailure):
                    if await self._lstat(here) is None:
                        raise

    async def _explain_rename(self, path: str, to: str, error: asyncssh.SFTPError) -> Exception:
        """Version 3 of the protocol has one code for all that can go wrong with a renaming: look what stands there."""
        if await self._lstat(to) is not None:
            return FileExistsError(to)
        if await self._lstat(path) is None:
            return FileNotFoundError(path)
        message = (
            f"The server does not let Crossdock rename {self._said(path)}: “{error.reason}”. "
            "Give this login the right to rename, so that files appear whole."
        )
        if isinstance(error, asyncssh.SFTPFailure):
            # Also what a server says that is merely in trouble for a moment; nothing was delivered, so trying again is safe.
            return Unavailable(message)
        return InvalidData(message, field="incoming")

    async def _lstat(self, path: str) -> asyncssh.SFTPAttrs | None:
        async with self._asking(path, is_write=False):
            try:
                return await self._sftp.lstat(self._path(path))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

    def _path(self, path: str) -> str:
        return posixpath.join(self._root, *parts_of(path))

    def _said(self, path: str) -> str:
        """A path in words; of a draft the folder, since nobody knows its name."""
        parts = parts_of(path)
        if parts and is_unfinished(parts[-1]):
            return f"a file in {'/'.join((self.address, *parts[:-1]))}"
        return f"{self.address}/{'/'.join(parts)}"

    def _must_write(self, what: str) -> None:
        if not self.may_write:
            raise ObserveOnly(f"{what} at {self.address}: this connection only observes")

    @asynccontextmanager
    async def _asking(self, path: str, *, is_write: bool, seconds: float | None = None) -> AsyncIterator[None]:
        """Put a bound on an answer, and turn what goes wrong into our errors."""
        try:
            async with asyncio.timeout(seconds or ANSWER_SILENCE.total_seconds()):
                yield
        except (ConnectorError, FileExistsError, FileNotFoundError):
            raise
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise FileNotFoundError(path) from error
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect) as error:
            message = (
                f"The server does not let this login {'change' if is_write else 'read'} {self._said(path)}: “{error.reason}”."
            )
            raise AuthenticationFailed(message, field=self._field) from error
        except _FULL as error:
            raise self._full(error) from error
        except asyncssh.SFTPNoConnection as error:
            # The line was gone before anything was asked.
            raise Unavailable(f"The connection to {self.address} broke.", evidence={"cause": repr(error)}) from error
        except _LOST as error:
            if is_write:
                message = f"The connection to {self.address} broke while {self._said(path)} was changed."
                raise OutcomeUnknown(message, evidence={"cause": repr(error)}) from error
            raise Unavailable(f"The connection to {self.address} broke.", evidence={"cause": repr(error)}) from error
        except asyncssh.Error as error:
            if is_write and _SAYS_FULL.search(error.reason):
                raise self._full(error) from error
            message = f"The server refused {'to change ' if is_write else ''}{self._said(path)}: “{error.reason}”."
            if is_write:
                message += " If it goes on, see that its disk has room and that this login may write there."
            raise Unavailable(message, evidence={"cause": repr(error)}) from error

    def _full(self, error: asyncssh.Error) -> Unavailable:
        message = f"The disk of {self.address} is full. The file did not arrive; make room, and it is tried again by itself."
        return Unavailable(message, evidence={"cause": repr(error)})


class _Visitor(asyncssh.SSHClient):
    """Takes a host key that was pinned, and remembers what was shown."""

    def __init__(self, pinned: frozenset[str]) -> None:
        self._pinned = pinned
        self.shown: str | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.shown = key.get_fingerprint()
        return self.shown in self._pinned


@asynccontextmanager
async def open_sftp(login: SftpLogin, *, door: Door, may_write: bool) -> AsyncIterator[SftpFolder]:
    """Sign in and open the login's folder, for as long as the block lasts.

    Raises InvalidData naming `host_key` with the fingerprint shown while none or another is pinned; nothing secret is sent before
    that. Raises AuthenticationFailed naming the password or key, Unavailable when the server cannot be reached.
    """
    pinned = _fingerprints(login.host_key)
    keys = _keys(login)
    visitor = _Visitor(pinned)
    try:
        sock = await door.connect(login.host, login.port, scheme="sftp")
    except (InvalidData, Unavailable) as error:
        raise type(error)(error.message, field=error.field or "host", evidence=error.evidence) from error
    try:
        with _signing_in(login, visitor):
            connection = await asyncssh.connect(
                login.host,
                login.port,
                sock=sock,
                client_factory=lambda: visitor,
                username=login.username,
                password=login.password,
                client_keys=keys,
                # Empty lists: no key is known, so each one is asked about.
                known_hosts=lambda host, address, port: ([], [], []),
                config=None,
                agent_path=None,
                gss_kex=False,
                gss_auth=False,
                x509_trusted_certs=None,
                login_timeout=ANSWER_SILENCE.total_seconds(),
                keepalive_interval=15,
                encryption_algs=_CIPHERS,
            )
    except BaseException:
        sock.close()
        raise
    async with connection:
        with _signing_in(login, visitor):
            sftp = await connection.start_sftp_client()
        async with sftp:
            yield SftpFolder(sftp, login, may_write=may_write)


@contextmanager
def _signing_in(login: SftpLogin, visitor: _Visitor) -> Iterator[None]:
    where = f"{login.host}:{login.port}"
    try:
        yield
    except asyncssh.HostKeyNotVerifiable as error:
        raise _host_key_at_fault(where, login.host_key, visitor.shown) from error
    except asyncssh.PermissionDenied as error:
        field = "private_key" if login.private_key and not login.password else "password"
        word = field.replace("_", " ")
        message = f"{where} refuses {login.username} with this {word}. Check user name and {word}."
        raise AuthenticationFailed(message, field=field) from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        if visitor.shown is not None and visitor.shown not in _fingerprints(login.host_key):
            raise _host_key_at_fault(where, login.host_key, visitor.shown) from error
        message = f"{where} does not answer as an SFTP server. Check host and port, and whether the server is up."
        raise Unavailable(message, field="host", evidence={"cause": repr(error)}) from error


def _host_key_at_fault(where: str, pinned: str, shown: str | None) -> InvalidData:
    if not pinned:
        message = f"{where} shows the host key {shown}. Compare it with the one its owner gave you, then paste it here."
    else:
        message = (
            f"{where} shows another host key than the one you confirmed: {shown}. Ask its owner whether the server was changed; "
            "paste the new one only if so. Nothing was sent."
        )
    return InvalidData(message, field="host_key", evidence={"fingerprint": shown or ""})


def _fingerprints(text: str) -> frozenset[str]:
    """The SHA-256 fingerprints a person pasted, side by side or one a line, or inside public keys or known_hosts lines.

    A server has a key of each kind, and which one it shows is agreed anew each time, so all may be pinned. Raises InvalidData.
    """
    found: set[str] = set()
    for line in text.splitlines():
        if line.strip().startswith("SHA256:"):
            found |= {part.rstrip("=") for part in re.split(r"[,;\s]+", line) if part.startswith("SHA256:")}
        elif line.strip():
            found.add(_fingerprint(line.strip()))
    return frozenset(found)


def _fingerprint(line: str) -> str:
    """The fingerprint of a public key, with or without a host name in front."""
    with suppress(asyncssh.KeyImportError, ValueError):
        return asyncssh.import_public_key(line).get_fingerprint()
    with suppress(asyncssh.KeyImportError, ValueError):
        return asyncssh.import_public_key(line.partition(" ")[2]).get_fingerprint()
    raise InvalidData("This is neither a fingerprint such as SHA256:… nor a public key.", field="host_key")


def _keys(login: SftpLogin) -> list[asyncssh.SSHKey] | None:
    if not login.private_key:
        return None
    text = _reflowed(login.private_key)
    try:
        return [asyncssh.import_private_key(text, login.passphrase or None)]
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
        if "bcrypt" in str(error):
            message = (
                "Keys of this form cannot be opened with a passphrase here. Take it off (ssh-keygen -p), and paste the key again."
            )
            raise InvalidData(message, field="private_key") from error
        words = str(error).casefold()
        if isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in words or "decrypt" in words:
            raise InvalidData("The passphrase does not open this private key.", field="passphrase") from error
        message = "This is not a private key. Paste the whole text, from “-----BEGIN” to “-----END”."
        raise InvalidData(message, field="private_key") from error


def _reflowed(text: str) -> str:
    """A pasted key with its line breaks: fields of a single line take them out."""
    found = re.fullmatch(r"\s*(-----BEGIN [A-Z ]+-----)([A-Za-z0-9+/=\s]+)(-----END [A-Z ]+-----)\s*", text)
    if found is None:
        return text.strip().replace("\r\n", "\n") + "\n"
    body = "".join(found[2].split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join((found[1], *lines, found[3], ""))


def _kind(attrs: asyncssh.SFTPAttrs) -> int:
    """The file's type bits; servers that leave out the permissions may give a type, and else it counts as a regular file."""
    if attrs.permissions is not None and modes.S_IFMT(attrs.permissions):
        return modes.S_IFMT(attrs.permissions)
    return {
        asyncssh.FILEXFER_TYPE_DIRECTORY: modes.S_IFDIR,
        asyncssh.FILEXFER_TYPE_SYMLINK: modes.S_IFLNK,
        asyncssh.FILEXFER_TYPE_REGULAR: modes.S_IFREG,
    }.get(attrs.type, 0)


def _entry(name: str, attrs: asyncssh.SFTPAttrs) -> Entry:
    return Entry(name, attrs.size or 0, datetime.fromtimestamp(attrs.mtime or 0, UTC))
