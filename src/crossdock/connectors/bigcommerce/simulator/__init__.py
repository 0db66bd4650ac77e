"""BigCommerce as a server: the platform's API, its rights, limits, quirks and errors, with state in memory."""

from __future__ import annotations

from datetime import timedelta

from crossdock.connectors.bigcommerce.simulator.server import ACCOUNT, BigCommerceSimulator
from crossdock.connectors.bigcommerce.simulator.taking import take
from crossdock.connectors.kit.simulator import Counting, Preset, SimulatorDeclaration


def presets(simulator: BigCommerceSimulator) -> list[Preset]:
    """Each store by the token of an API account, with the secret that its messages are signed with."""
    secret = simulator.access.apps[ACCOUNT].client_secret
    found = []
    for hash_, store in simulator.stores.items():
        token = next(
            (one.value for one in simulator.access.tokens.values() if one.store == hash_ and one.client_id == ACCOUNT), None
        )
        settings = {
            "store_hash": hash_,
            "access": "token",
            "access_token": token or simulator.give_token(hash_),
            "client_secret": secret,
        }
        found.append(Preset(f"{store.name}, by API token", settings))
    return found


def counting(window: float) -> Counting:
    """The quota of the smallest plans."""
    return Counting(
        lambda sim: sim.set_limits(True, calls=150, seconds=window),
        150 / window,
        per=timedelta(seconds=window),
        said=f"150 calls in {window:g} s instead of 30",
    )


simulator = SimulatorDeclaration(
    key="bigcommerce",
    name="BigCommerce",
    make=BigCommerceSimulator,
    base_url="{url}/stores/{store_hash}",
    presets=presets,
    take=take,
    counting=counting,
)

__all__ = ["BigCommerceSimulator", "presets", "simulator"]
