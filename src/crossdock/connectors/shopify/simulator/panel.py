"""The control page of the simulated shops, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.connectors.kit.simulator import Action, Field, Form, Panel, Row, Table

if TYPE_CHECKING:
    from crossdock.connectors.shopify.simulator.server import ShopifySimulator
    from crossdock.connectors.shopify.simulator.state import Shop

_SHOWN = 50


def panel_of(simulator: ShopifySimulator) -> Panel:
    """What one sees and may do."""
    shops = tuple((handle, shop.name) for handle, shop in simulator.shops.items())
    return Panel()


def _newest(shop: Shop) -> list[int]:
    return [number for _, number in reversed(shop.by_update[-_SHOWN:])]


__all__ = ["Action", "Field", "Form", "Row", "Table", "panel_of"]
