"""The demo's data: what `crossdock up --demo` finds or makes once the database is there and the sandbox serves."""

import json
import os
import secrets
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossdock.accounts import services as accounts
from crossdock.accounts.models import Account, Role
from crossdock.accounts.rights import Actor, system
from crossdock.connections import checking, gateway, merchants, services, sites
from crossdock.connections.checking import Outcome
from crossdock.connections.models import ChannelKind, Mode
from crossdock.connections.presets import presets_of
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.jobs.schedules import Minutely
from crossdock.tenancy.scope import in_scope

EMAIL = "demo@example.com"

FIRST_ORDERS: tuple[dict[str, Any], ...] = (
    {"lines": [{"sku": "TENT-2P", "title": "Two-person tent", "quantity": 1, "price": "249.00"}]},
    {
        "lines": [
            {"sku": "BLUE-M", "title": "Merino shirt, blue, M", "quantity": 2, "price": "64.00"},
            {"sku": "CAP-01", "title": "Trail cap", "quantity": 1, "price": "22.00"},
        ],
        "ship_to": {
            "firstName": "Mika",
            "lastName": "Salo",
            "address1": "8 Mill Lane",
            "city": "Burlington",
            "provinceCode": "VT",
            "zip": "05401",
        },
        "method": "Express",
    },
    {"lines": [{"sku": "STOVE", "title": "Gas stove", "quantity": 3, "price": "79.50"}], "note": "Leave at the back door"},
    {
        "lines": [{"sku": "ROPE-60", "title": "Climbing rope 60 m", "quantity": 1, "price": "189.00"}],
        "financial_status": "PENDING",
    },
    {"lines": [{"sku": "", "title": "Mystery box", "quantity": 1, "price": "30.00"}]},
    {
        "lines": [{"sku": "LAMP-R", "title": "Head torch", "quantity": 4, "price": "35.00"}],
        "ship_to": {
            "firstName": "Noor",
            "lastName": "Haddad",
            "address1": "",
            "city": "Austin",
            "provinceCode": "TX",
            "zip": "73301",
        },
    },
    {"lines": [{"sku": "BOOT-42", "title": "Hiking boots 42", "quantity": 1, "price": "159.00"}], "test": True},
    {"lines": [{"sku": "MAT-L", "title": "Sleeping mat, long", "quantity": 2, "price": "99.00"}], "tags": ["vip"]},
)
"""What the shop sells first: most go through, some show what waits for a person."""


GOODS: tuple[tuple[str, str, str, int, int], ...] = (
    ("BLUE-M", "Merino shirt, blue, M", "64.00", 400, 380),
    ("RED-L", "Merino shirt, red, L", "64.00", 400, 390),
    ("CAP", "Cap", "14.00", 400, 400),
    ("MUG", "Mug", "9.50", 600, 555),
    ("TENT-2P", "Two-person tent", "249.00", 14, 12),
    ("CAP-01", "Trail cap", "22.00", 80, 75),
    ("STOVE", "Gas stove", "79.50", 31, 28),
    ("ROPE-60", "Climbing rope 60 m", "189.00", 6, 6),
    ("LAMP-R", "Head torch", "35.00", 120, 64),
    ("BOOT-42", "Hiking boots 42", "159.00", 9, 0),
    ("MAT-L", "Sleeping mat, long", "99.00", 25, 22),
    ("LAMP-R", "Head torch, gift box", "39.00", 120, 64),
    ("", "Gift card", "50.00", 0, 0),
)
"""SKU, name, price, units that the shop shows, units that the warehouse has. One SKU stands twice, one is missing."""

SHIPS_AFTER = 45
"""Seconds from the order file to the shipment file."""

SELLS_EVERY = 40
"""Seconds between two orders."""


@dataclass(frozen=True)
class SignIn:
    """How to get in; the password is made up at random for this data folder."""

    email: str
    password: str


def seed() -> SignIn | None:
    """Make what is missing; may run again. None when there is nobody to sign in as."""
    kept = Path(os.environ["CROSSDOCK_SANDBOX_TOKEN_FILE"]).parent / "sign_in.json"
    if kept.exists():
        return SignIn(**json.loads(kept.read_text()))
    sign_in = SignIn(EMAIL, secrets.token_urlsafe(12))
    account = accounts.create_account(name="Harbor Fulfillment")
    person = accounts.create_person(email=sign_in.email, name="Demo", password=sign_in.password)
    accounts.add_member(actor=system(account.pk), person=person, role=Role.ADMINISTRATOR)
    _fill_shelves()
    _connect(account, system(account.pk))
    _place_orders()
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"email": sign_in.email, "password": sign_in.password}, file)
    return sign_in


def _connect(account: Account, actor: Actor) -> None:
    """Join the sandbox's shop to its warehouse, and take the connection live."""
    shop, shop_answered = _checked(account, "shopify")
    folder, folder_answered = _checked(account, "files")

    def join() -> tuple[int, int]:
        merchant = merchants.create_merchant(actor=actor, name="Northwind Outdoor")
        store = sites.save_store(
            actor=actor,
            merchant=merchant,
            platform="shopify",
            name="Northwind shop",
            settings=shop,
            identity=shop_answered.found(),
        )
        warehouse = sites.save_warehouse(
            actor=actor, platform="files", name="Harbor warehouse", settings=folder, identity=folder_answered.found()
        )
        connection = services.create_connection(actor=actor, name="Northwind to Harbor", store=store, warehouse=warehouse)
        services.set_schedules(actor=actor, connection=connection, kind=ChannelKind.SHIPMENTS, rules=[Minutely(every=1)])
        services.set_mode(actor=actor, connection=connection, mode=Mode.LIVE)
        return store.pk, warehouse.pk

    store_id, warehouse_id = in_scope(account.pk, join)
    checking.remember("store", store_id, shop_answered)
    checking.remember("warehouse", warehouse_id, folder_answered)


def _checked(account: Account, platform: str) -> tuple[ConnectorSettings, Outcome]:
    """The sandbox's settings of a platform, tested as the wizard would; choices that must be made take the first option."""
    connector = gateway.platform_named(platform)
    presets = presets_of(connector)
    if not presets:
        raise RuntimeError(f"the sandbox names no settings for {connector.name}")
    values = dict(presets[0].settings)
    for _ in range(3):
        settings = connector.settings.model_validate(values)
        outcome = checking.check(connector, settings, account_public_id=str(account.public_id)).outcome
        if outcome.ok and all(values.get(field) for field in outcome.choices if field == "location"):
            return settings, outcome
        missing = {field: options[0][0] for field, options in outcome.choices.items() if options and not values.get(field)}
        if not missing:
            break
        values |= missing
    raise RuntimeError(f"the sandbox's {connector.name} does not answer: {outcome.message}")


def _fill_shelves() -> None:
    """Let the shop sell something, and the warehouse say what it has of it."""
    merchant = presets_of(gateway.platform_named("files"))[0].settings["username"]
    for sku, name, price, shown, there in GOODS:
        _pull("shopify", "add_product", {"sku": sku, "name": name, "price": price, "quantity": shown})
        if sku:
            _pull("files", "adjust_stock", {"merchant": merchant, "sku": sku, "quantity": there})
    _pull("files", "report_stock", {"merchant": merchant})


def _place_orders() -> None:
    """Let the shop sell, and go on selling; the warehouse ships by itself."""
    _pull("files", "auto_ship", {"seconds": SHIPS_AFTER})
    for order in FIRST_ORDERS:
        _pull("shopify", "add_order", order)
    _pull("shopify", "let_orders_flow", {"every": SELLS_EVERY})


def _pull(platform: str, lever: str, arguments: dict[str, Any]) -> Any:
    """Pull a lever of the sandbox; nothing happens where there is none."""
    base = os.environ.get("CROSSDOCK_SANDBOX_URL", "")
    token_file = os.environ.get("CROSSDOCK_SANDBOX_TOKEN_FILE", "")
    if not base or not token_file:
        return None
    token = Path(token_file).read_text().strip()
    request = urllib.request.Request(  # noqa: S310  (our own sandbox on loopback)
        f"{base.rstrip('/')}/{platform}/{lever}",
        data=json.dumps(arguments).encode(),
        headers={"Content-Type": "application/json", "X-Sandbox-Token": token},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")
