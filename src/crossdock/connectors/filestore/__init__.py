"""File store: a cart that is reached through files, whatever it is: orders come out of a folder, shipments and stock go into it."""

from crossdock.connectors.filestore.client import FileStore
from crossdock.connectors.filestore.settings import Settings
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.folder_settings import open_folder

connector = Connector(
    key="filestore",
    name="File store (CSV, JSON or XML over SFTP or folder)",
    kind="store",
    settings=Settings,
    client=FileStore,
    base_url=None,
    docs="https://www.rfc-editor.org/rfc/rfc4180",
    version="1",
    open_files=open_folder,
)
