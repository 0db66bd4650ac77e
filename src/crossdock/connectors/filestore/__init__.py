"""File store: a cart that is reached through files, whatever it is: orders come out of a folder, shipments and stock go into it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from crossdock.connectors.filestore.client import FileStore
from crossdock.connectors.filestore.settings import Settings
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.folder_settings import open_folder
from crossdock.connectors.kit.http import Record


@asynccontextmanager
async def open_files(
    settings: Settings, *, door: Door, folder_roots: Sequence[Path], may_write: bool, record: Record
) -> AsyncIterator[Folder]:
    """The cart's folder, by whichever way the settings name. Raises InvalidData or AuthenticationFailed with the field at fault."""
    inside = (settings.incoming, settings.outgoing)
    opening = open_folder(settings, inside=inside, door=door, folder_roots=folder_roots, may_write=may_write, record=record)
    async with opening as folder:
        yield folder


connector = Connector(
    key="filestore",
    name="File store (CSV, JSON or XML over SFTP or folder)",
    kind="store",
    settings=Settings,
    client=FileStore,
    base_url=None,
    docs="https://www.rfc-editor.org/rfc/rfc4180",
    version="1",
    open_files=open_files,
)
