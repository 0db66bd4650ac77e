"""A warehouse that is reached through files, as a server."""

from typing import Any

from crossdock.connectors.files.simulator.warehouse import FileWarehouse
from crossdock.connectors.kit.simulator import Preset, SimulatorDeclaration

DEMO = "demo-merchant"


def presets(warehouse: FileWarehouse) -> list[Preset]:
    """The demo merchant's folder over SFTP, its host key confirmed."""
    login = warehouse.add_merchant(DEMO)
    settings: dict[str, Any] = {
        "transport": "sftp",
        "host": warehouse.host,
        "port": warehouse.sftp_port,
        "username": login["login"],
        "password": login["password"],
        "host_key": warehouse.fingerprint,
        "quiet_seconds": 0,
    }
    return [Preset("Demo warehouse over SFTP", settings)]


def make(**options: Any) -> FileWarehouse:
    """A warehouse that works by itself."""
    return FileWarehouse(is_busy=True, **options)


simulator = SimulatorDeclaration(key="files", name="File exchange", make=make, base_url=None, presets=presets)
