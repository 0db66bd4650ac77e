"""What the contract tests of stores need to know of Acme."""

from typing import Any

from contract.store_rig import StoreRig
from crossdock.connectors.acme import connector
from crossdock.connectors.acme.settings import Settings
from crossdock.connectors.acme.simulator.server import CLIENT_ID, CLIENT_SECRET, SHOP, AcmeSimulator


class Rig(StoreRig):
    """Acme. `shipped_units` and `told` are for stores that are told what left, and come with that capability."""

    connector = connector
    has_holds = False

    def __init__(self) -> None:
        super().__init__(AcmeSimulator())

    def settings(self, **changes: Any) -> Settings:
        """See `StoreRig`."""
        return Settings(**{"shop": SHOP, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **changes})

    def base_url(self, settings: Settings) -> str:
        """See `StoreRig`."""
        return f"{self.sim.url}/acme/{settings.shop}"

    def places(self, **more: Any) -> str:
        """See `StoreRig`."""
        return str(self.sim.add_order(**more))

    def spoils(self, order_id: str) -> None:
        """See `StoreWords`."""
        self.sim.order(order_id)["total"] = "twelve"

    def readdresses(self, order_id: str, street: str) -> None:
        """See `StoreWords`."""
        self.sim.edit_order(order_id, street=street)
