"""A platform that is reached through files: a real SFTP server, one login and folder for each merchant, that can be made to fail."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import asyncssh

from crossdock.connectors.kit.simulator.base import Simulator
from crossdock.connectors.kit.simulator.faults import Kind
from crossdock.connectors.kit.simulator.log import LoggedRequest


class Login(Protocol):
    """Who may come in, and where to: `public_key` is a fingerprint, `place` a folder on this machine."""

    login: str
    password: str
    public_key: str
    place: str


class SftpSimulator(Simulator):
    """Merchants' folders, served over SFTP, and each of them also a plain folder on this machine.

    Subclasses keep `merchants` by login, and say in `folders` what lies in a new merchant's folder.
    """

    folders: ClassVar[tuple[str, ...]] = ()
    merchants: Mapping[str, Login]

    def __init__(self, *, sftp_port: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.is_disk_full = self.refuses_rename = False
        self.locked: set[str] = set()
        self.sftp_port = sftp_port
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    # Where it is

    @property
    def fingerprint(self) -> str:
        """The host key as people compare it."""
        return self._host_key.get_fingerprint()

    @property
    def sftp_url(self) -> str:
        """The address for `CROSSDOCK_BASE_URL__<KEY>`, once it listens."""
        return f"sftp://{self.host}:{self.sftp_port}"

    def address(self) -> str | None:
        return self.sftp_url

    @property
    def root(self) -> Path:
        """The folder that holds one folder for each merchant."""
        if self.folder is not None:
            return self.folder
        if self.state_file is not None:
            return self.state_file.parent / f"{self.state_file.stem}-files"
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="crossdock-folders-")
        return Path(self._scratch.name)

    def place_of(self, login: str) -> Path:
        """A merchant's folder on this machine."""
        return Path(self.merchants[login].place)

    async def begin(self) -> None:
        try:
            self._acceptor = await listen(self, self.host, self.sftp_port, self._host_key)
        except OSError:
            self._acceptor = await listen(self, self.host, 0, self._host_key)
        self.sftp_port = self._acceptor.get_port()

    async def end(self) -> None:
        for connection in list(self.connections):
            connection.abort()
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            self._acceptor = None
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def note(self, entry: LoggedRequest) -> None:
        """Write down what a client did."""
        self.log.append(entry)

    def forget_closed(self) -> None:
        """Drop connections that have ended."""
        self.connections = {connection for connection in self.connections if not connection.is_closed()}

    # Merchants

    def make_place(self, place: str) -> None:
        """Make a merchant's folder, with what lies in it."""
        for folder in self.folders:
            (Path(place) / folder).mkdir(parents=True, exist_ok=True)

    def revoke_key(self) -> None:
        """Change every password, and take back every key."""
        for merchant in self.merchants.values():
            merchant.password, merchant.public_key = secrets.token_urlsafe(12), ""
        for connection in list(self.connections):
            connection.abort()

    def put(self, path: Path, content: bytes, *, age: float = 0.0) -> None:
        """Put a file into a folder in one step; `age` is how many seconds ago it seems to have been written."""
        partial = path.with_name(f"{path.name}.filepart")
        partial.write_bytes(content)
        if age:
            at = self.clock().timestamp() - age
            os.utime(partial, (at, at))
        partial.replace(path)

    # Moods

    def lock_file(self, name: str) -> None:
        """Let nobody read files of this name."""
        self.locked.add(name)

    def fill_disk(self, on: bool = True) -> None:
        """Refuse writing for want of room."""
        self.is_disk_full = on

    def refuse_rename(self, on: bool = True) -> None:
        """Refuse renaming."""
        self.refuses_rename = on

    def hang_up_after_write(self, n: int = 1, operation: str | None = "rename") -> None:
        """Do the next renamings, which are what delivers a file, and cut the line before the answer."""
        super().hang_up_after_write(n, operation)

    def hang_up_before_write(self, n: int = 1, operation: str | None = "rename") -> None:
        """Cut the line at the next renamings without doing them."""
        super().hang_up_before_write(n, operation)

    def calm(self) -> None:
        """End all faults and moods."""
        super().calm()
        self.is_disk_full = self.refuses_rename = False
        self.locked.clear()

    def levers(self) -> dict[str, Callable[..., Any]]:
        names = ("lock_file", "fill_disk", "refuse_rename")
        return super().levers() | {name: getattr(self, name) for name in names}

    # State

    def dump_key(self) -> bytes:
        """The host key, to be kept over a restart."""
        return self._host_key.export_private_key()

    def restore_key(self, key: bytes, port: int) -> None:
        """Take a host key that `dump_key` gave, and the port it was shown at unless another was asked for."""
        self._host_key = asyncssh.import_private_key(key)
        self.sftp_port = self.sftp_port or port


class Logins(asyncssh.SSHServer):
    """Lets merchants in by password or by key."""

    def __init__(self, platform: SftpSimulator) -> None:
        self._platform = platform

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._platform.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._platform.forget_closed()

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        merchant = self._platform.merchants.get(username)
        return merchant is not None and bool(merchant.password) and hmac.compare_digest(merchant.password, password)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        merchant = self._platform.merchants.get(username)
        return merchant is not None and bool(merchant.public_key) and merchant.public_key == key.get_fingerprint()


class Files(asyncssh.SFTPServer):
    """A merchant's folder. Every operation is logged and may be harmed."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], platform: SftpSimulator) -> None:
        self._connection = channel.get_connection()
        login = channel.get_extra_info("username")
        super().__init__(channel, chroot=str(platform.place_of(login)).encode())
        self._platform = platform
        self._login = login

    async def _do(self, operation: str, path: bytes, work: Callable[[], Any], *, is_write: bool = False) -> Any:
        shown = f"/{self._login}/{path.decode(errors='replace').lstrip('/')}"
        entry = LoggedRequest(self._platform.clock(), "SFTP", shown, operation, is_write)
        self._platform.note(entry)
        fault = self._platform.troubles.next(operation, is_write)
        if self._platform.troubles.latency:
            await asyncio.sleep(self._platform.troubles.latency)
        if fault is not None:
            entry.fault = fault.name
            if fault.kind is Kind.DELAY:
                await asyncio.sleep(fault.seconds)
            elif fault.kind is Kind.STATUS and not fault.after_write:
                entry.status = fault.status
                raise _said(fault.status)
            elif fault.kind in (Kind.CUT_BEFORE, Kind.TRUNCATE, Kind.HOSTILE):
                self._connection.abort()
                raise asyncssh.SFTPConnectionLost("cut")
        try:
            result = work()
            if isinstance(result, Awaitable):
                result = await result
        except FileNotFoundError:
            entry.status = 404  # an answer like any other: the line was not cut
            raise
        if fault is not None and fault.kind in (Kind.CUT_AFTER, Kind.STATUS) and hasattr(result, "close"):
            result.close()  # an opened file whose handle nobody will get
        if fault is not None and fault.kind is Kind.CUT_AFTER:
            self._connection.abort()
            raise asyncssh.SFTPConnectionLost("cut")
        if fault is not None and fault.kind is Kind.STATUS:
            entry.status = fault.status
            raise _said(fault.status)
        entry.status = 200
        return result

    async def scandir(self, path: bytes) -> Any:
        names = await self._do("list", path, lambda: self._listed(path))
        for name in names:
            yield name

    async def _listed(self, path: bytes) -> list[asyncssh.SFTPName]:
        return [name async for name in super().scandir(path)]

    async def lstat(self, path: bytes) -> Any:
        return await self._do("stat", path, lambda: super(Files, self).lstat(path))

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        is_write = bool(pflags & asyncssh.FXF_WRITE)
        if is_write and self._platform.is_disk_full:
            raise asyncssh.SFTPFailure("No space left on device")
        if path.decode(errors="replace").rpartition("/")[2] in self._platform.locked:
            raise asyncssh.SFTPPermissionDenied("not for this login")
        operation = "write" if is_write else "read"
        return await self._do(operation, path, lambda: super(Files, self).open(path, pflags, attrs), is_write=is_write)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if self._platform.refuses_rename:
            raise asyncssh.SFTPPermissionDenied("renaming is not allowed here")
        await self._do("rename", newpath, lambda: super(Files, self).rename(oldpath, newpath), is_write=True)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self._do("posix_rename", newpath, lambda: super(Files, self).posix_rename(oldpath, newpath), is_write=True)

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        await self._do("mkdir", path, lambda: super(Files, self).mkdir(path, attrs), is_write=True)

    async def remove(self, path: bytes) -> None:
        await self._do("remove", path, lambda: super(Files, self).remove(path), is_write=True)

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        await self._do("setstat", path, lambda: super(Files, self).setstat(path, attrs), is_write=True)


async def listen(platform: SftpSimulator, host: str, port: int, key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    """Serve the merchants' folders on loopback. Raises OSError when the port is taken."""
    return await asyncssh.create_server(
        lambda: Logins(platform),
        host,
        port,
        server_host_keys=[key],
        sftp_factory=lambda channel: Files(channel, platform),
        config=None,
        gss_host=None,
    )


def _said(status: int) -> asyncssh.SFTPError:
    """What comes nearest to an HTTP status in SFTP's few codes."""
    if status in (401, 403):
        return asyncssh.SFTPPermissionDenied(f"simulated {status}")
    return asyncssh.SFTPFailure(f"simulated {status}")
