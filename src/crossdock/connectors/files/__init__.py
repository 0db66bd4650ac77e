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
from crossdock.connectors.kit.folder_settings import open_folder
from crossdock.connectors.kit.http import Record


@asynccontextmanager
async def open_files(
    settings: Settings, *, door: Door, folder_roots: Sequence[Path], may_write: bool, record: Record
) -> AsyncIterator[Folder]:
    """The partner's folder, by whichever way the settings name. Raises InvalidData or AuthenticationFailed with the field at fault."""
    inside = (settings.incoming, settings.outgoing)
    opening = open_folder(settings, inside=inside, door=door, folder_roots=folder_roots, may_write=may_write, record=record)
    async with opening as folder:
        yield folder


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
