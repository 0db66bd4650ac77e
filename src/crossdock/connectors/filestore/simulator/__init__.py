"""A store that is reached through files, as a server."""

from typing import Any

from crossdock.connectors.filestore.mapping import identified
from crossdock.connectors.filestore.settings import Reading
from crossdock.connectors.filestore.simulator.cart import FileCart
from crossdock.connectors.kit.simulator import Part, Preset, SimulatorDeclaration, Taken, Unreadable

DEMO = (("demo-garden", "csv"), ("demo-books", "xml"))


def presets(cart: FileCart) -> list[Preset]:
    """Each demo merchant's folder over SFTP, its host key confirmed, with two orders in it."""
    return [_preset(cart, name, kind) for name, kind in DEMO]


def _preset(cart: FileCart, name: str, format: str) -> Preset:
    is_new = name not in cart.merchants
    cart.add_merchant(name, format=format)
    if is_new:
        cart.add_order(
            merchant=name, lines=[{"sku": "SPADE-1", "quantity": 1, "price": "24.50"}, {"sku": "SEEDS", "quantity": 3}]
        )
        cart.add_order(merchant=name, lines=[{"sku": "SEEDS", "quantity": 2, "price": "3.20"}])
    return Preset(f"Folder of {name} over SFTP, {format.upper()} files", settings_of(cart, name))


def settings_of(cart: FileCart, login: str) -> dict[str, Any]:
    """How a merchant's folder is reached."""
    return {
        "transport": "sftp",
        "host": cart.host,
        "port": cart.sftp_port,
        "username": login,
        "password": cart.merchants[login].password,
        "host_key": cart.fingerprint,
        "quiet_seconds": 0,
    }


def take(cart: FileCart, content: bytes) -> Taken:
    """Put an order file of any of the three formats into a folder of its own. Raises Unreadable when no order is in it."""
    found, bad = identified("sample", content, Reading())
    if not found:
        raise Unreadable(bad[0].reason if bad else "There is no order in this file.")
    login = f"read-{len(cart.merchants) + 1}"
    cart.add_merchant(login)
    cart.put(cart.merchants[login].out / "sample", content)
    refused = tuple((one.external_id, one.field, f"{one.where}: {one.reason}") for one in bad)
    part = Part(settings_of(cart, login), tuple(one.external_id for one in found))
    return Taken(
        (part,), refused, f"an order file with {len(found)} orders" if len(found) > 1 else "an order file with one order"
    )


def make(**options: Any) -> FileCart:
    """A cart that works by itself."""
    return FileCart(is_busy=True, **options)


simulator = SimulatorDeclaration(key="filestore", name="File store", make=make, base_url=None, presets=presets, take=take)
