"""File exchange: a warehouse reached through CSV files, over SFTP or in a folder."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from crossdock.connectors.files.client import FileExchange
from crossdock.connectors.files.mapping import TAKES
from crossdock.connectors.files.reference import safe_reference
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.http import Record
from crossdock.connectors.kit.local_files import open_local
from crossdock.connectors.kit.recorded_files import RecordedFolder
from crossdock.connectors.kit.sftp_files import SftpLogin, open_sftp


@asynccontextmanager
async def open_files(
    settings: Settings, *, door: Door, folder_roots: Sequence[Path], may_write: bool, record: Record
) -> AsyncIterator[Folder]:
    """The partner's folder, by whichever way the settings name. Raises InvalidData or AuthenticationFailed with the field at fault."""
    if settings.transport == "folder":
        inside = (settings.incoming, settings.outgoing)
        async with open_local(folder_roots, settings.folder, may_write=may_write, inside=inside) as folder:
            yield RecordedFolder(folder, record)
        return
    login = SftpLogin(
        host=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
        private_key=settings.private_key.get_secret_value() if settings.private_key else None,
        passphrase=settings.passphrase.get_secret_value() if settings.passphrase else None,
        host_key=settings.host_key,
        root=settings.root,
    )
    async with open_sftp(login, door=door, may_write=may_write) as folder:
        yield RecordedFolder(folder, record)


connector = Connector(
    key="files",
    name="File exchange (CSV over SFTP or folder)",
    kind="warehouse",
    settings=Settings,
    client=FileExchange,
    base_url=None,
    docs="https://support.getdropstream.com/hc/en-us/articles/360016216193",
    version="1",
    takes=TAKES,
    open_files=open_files,
    reference=safe_reference,
)
