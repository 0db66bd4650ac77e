"""File exchange: a warehouse reached through CSV files, over SFTP or in a folder."""

from crossdock.connectors.files.client import FileExchange
from crossdock.connectors.files.mapping import TAKES
from crossdock.connectors.files.reference import safe_reference
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.folder_settings import open_folder

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
    open_files=open_folder,
    reference=safe_reference,
)
