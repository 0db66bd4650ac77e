"""Acumatica as a server: the contract-based API, its license, long operations, quirks and errors, with state in memory."""

from __future__ import annotations

from datetime import timedelta

from crossdock.connectors.acumatica.simulator.server import (
    DEMO_PASSWORD,
    DEMO_USER,
    SITE,
    AcumaticaSimulator,
)
from crossdock.connectors.acumatica.simulator.taking import take
from crossdock.connectors.kit.simulator import Counting, Preset, SimulatorDeclaration


def presets(simulator: AcumaticaSimulator) -> list[Preset]:
    """Each tenant with its application and user."""
    found = []
    for name, tenant in simulator.tenants.items():
        app = simulator.app(name)
        settings = {
            "instance_url": f"{simulator.url}{SITE}",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "username": DEMO_USER,
            "password": DEMO_PASSWORD,
            "default_box": "MEDIUM",
        }
        found.append(Preset(f"{tenant.company} (tenant {name})", settings))
    return found


def counting(window: float) -> Counting:
    """The license's calls a minute, on the standard tier."""
    return Counting(
        lambda sim: sim.set_limits(True, per_window=100, window=window),
        100 / window,
        per=timedelta(seconds=window),
        said=f"100 calls in {window:g} s instead of 60",
    )


simulator = SimulatorDeclaration(
    key="acumatica",
    name="Acumatica",
    make=AcumaticaSimulator,
    base_url=f"{{url}}{SITE}",
    presets=presets,
    take=take,
    counting=counting,
)

__all__ = ["AcumaticaSimulator", "presets", "simulator"]
