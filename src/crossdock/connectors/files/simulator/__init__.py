"""A warehouse that is reached through files, as a server."""

from typing import Any

from crossdock.connectors.files.simulator.warehouse import FileWarehouse
from crossdock.connectors.kit.simulator import Preset, SimulatorDeclaration

DEMO = ("demo-outdoor", "demo-stationery")


def presets(warehouse: FileWarehouse) -> list[Preset]:
    """Each demo merchant's folder over SFTP, its host key confirmed."""
    return [_preset(warehouse, name) for name in DEMO]


def _preset(warehouse: FileWarehouse, name: str) -> Preset:
    login = warehouse.add_merchant(name)
    settings: dict[str, Any] = {
        "transport": "sftp",
        "host": warehouse.host,
        "port": warehouse.sftp_port,
        "username": login["login"],
        "password": login["password"],
        "host_key": warehouse.fingerprint,
        "quiet_seconds": 0,
        "default_method": "Ground",
    }
    return Preset(f"Folder of {name} over SFTP", settings)


def make(**options: Any) -> FileWarehouse:
    """A warehouse that works by itself."""
    return FileWarehouse(is_busy=True, **options)


simulator = SimulatorDeclaration(key="files", name="File exchange", make=make, base_url=None, presets=presets)
