"""What the demo knows of its sandbox: values with which a form connects to it at a click.

The file named by `CROSSDOCK_SANDBOX_PRESETS` is JSON: `{"shopify": [{"label": "Sandbox shop", "settings": {"shop": "demo", ...}}]}`,
by platform; one object may stand for a list of one. `settings` are plain values by field name, secrets among them, as the
simulators' `presets()` give them. It is read at each use, offered in the sandbox realm alone, and never sent to a page.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.connections.realms import realm_of
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import FieldKind, fields_of

VARIABLE = "CROSSDOCK_SANDBOX_PRESETS"


class SandboxPreset(Struct, frozen=True):
    """One way to fill in a platform's form."""

    label: str
    settings: dict[str, Any]


def presets_of(connector: Connector) -> list[SandboxPreset]:
    """The presets of a platform; none for a live one, and none where the file is missing or cannot be read."""
    path = os.environ.get(VARIABLE, "").strip()
    if not path or realm_of(connector) != "sandbox":
        return []
    try:
        known = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, list[SandboxPreset] | SandboxPreset])
    except (OSError, msgspec.MsgspecError):
        return []
    found = known.get(connector.key, [])
    return found if isinstance(found, list) else [found]


def parted(connector: Connector, preset: SandboxPreset) -> tuple[dict[str, Any], dict[str, str]]:
    """A preset as a form takes it: visible values, and secrets."""
    kinds = {spec.name: spec.kind for spec in fields_of(connector.settings)}
    shown: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, value in preset.settings.items():
        match kinds.get(name):
            case None:
                continue
            case FieldKind.SECRET:
                secrets[name] = str(value)
            case FieldKind.SWITCH:
                shown[name] = bool(value)
            case FieldKind.CHOICES:
                shown[name] = [str(one) for one in value]
            case _:
                shown[name] = str(value)
    return shown, secrets
