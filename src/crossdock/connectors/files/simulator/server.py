"""The SFTP side of the simulated warehouse: a real server, one login for each merchant, that can be made to fail."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import asyncssh

from crossdock.connectors.kit.simulator.faults import Kind
from crossdock.connectors.kit.simulator.log import LoggedRequest

if TYPE_CHECKING:
    from crossdock.connectors.files.simulator.warehouse import FileWarehouse


class Logins(asyncssh.SSHServer):
    """Lets merchants in by password or by key."""

    def __init__(self, warehouse: FileWarehouse) -> None:
        self._warehouse = warehouse

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._warehouse.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._warehouse.forget_closed()

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        merchant = self._warehouse.merchants.get(username)
        return merchant is not None and bool(merchant.password) and hmac.compare_digest(merchant.password, password)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        merchant = self._warehouse.merchants.get(username)
        return merchant is not None and bool(merchant.public_key) and merchant.public_key == key.get_fingerprint()


class Files(asyncssh.SFTPServer):
    """A merchant's folder. Every operation is logged and may be harmed."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], warehouse: FileWarehouse) -> None:
        self._connection = channel.get_connection()
        login = channel.get_extra_info("username")
        super().__init__(channel, chroot=str(warehouse.place_of(login)).encode())
        self._warehouse = warehouse
        self._login = login

    async def _do(self, operation: str, path: bytes, work: Callable[[], Any], *, is_write: bool = False) -> Any:
        shown = f"/{self._login}/{path.decode(errors='replace').lstrip('/')}"
        entry = LoggedRequest(self._warehouse.clock(), "SFTP", shown, operation, is_write)
        self._warehouse.note(entry)
        fault = self._warehouse.troubles.next(operation, is_write)
        if self._warehouse.troubles.latency:
            await asyncio.sleep(self._warehouse.troubles.latency)
        if fault is not None:
            entry.fault = fault.name
            if fault.kind is Kind.DELAY:
                await asyncio.sleep(fault.seconds)
            elif fault.kind is Kind.STATUS and not fault.after_write:
                entry.status = fault.status
                raise asyncssh.SFTPFailure(f"simulated {fault.status}")
            elif fault.kind in (Kind.CUT_BEFORE, Kind.TRUNCATE, Kind.HOSTILE):
                self._connection.abort()
                raise asyncssh.SFTPConnectionLost("cut")
        result = work()
        if isinstance(result, Awaitable):
            result = await result
        if fault is not None and fault.kind in (Kind.CUT_AFTER, Kind.STATUS) and hasattr(result, "close"):
            result.close()  # an opened file whose handle nobody will get
        if fault is not None and fault.kind is Kind.CUT_AFTER:
            self._connection.abort()
            raise asyncssh.SFTPConnectionLost("cut")
        if fault is not None and fault.kind is Kind.STATUS:
            entry.status = fault.status
            raise asyncssh.SFTPFailure(f"simulated {fault.status}")
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
        if is_write and self._warehouse.is_disk_full:
            raise asyncssh.SFTPFailure("No space left on device")
        if path.decode(errors="replace").rpartition("/")[2] in self._warehouse.locked:
            raise asyncssh.SFTPPermissionDenied("not for this login")
        operation = "write" if is_write else "read"
        return await self._do(operation, path, lambda: super(Files, self).open(path, pflags, attrs), is_write=is_write)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if self._warehouse.refuses_rename:
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


async def listen(warehouse: FileWarehouse, host: str, port: int, key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    """Serve the warehouse's folders on loopback. Raises OSError when the port is taken."""
    return await asyncssh.create_server(
        lambda: Logins(warehouse),
        host,
        port,
        server_host_keys=[key],
        sftp_factory=lambda channel: Files(channel, warehouse),
        config=None,
        gss_host=None,
    )
