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
from crossdock.connections import checking, gateway, services
from crossdock.connections.models import ChannelKind, Mode
from crossdock.connections.presets import presets_of
from crossdock.connectors.kit.capabilities import Identity
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
    _connect(account, system(account.pk))
    _place_orders()
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"email": sign_in.email, "password": sign_in.password}, file)
    return sign_in


def _connect(account: Account, actor: Actor) -> None:
    """Join the sandbox's shop to its warehouse, and take the connection live."""
    shop, shop_found = _checked(account, "shopify")
    folder, folder_found = _checked(account, "files")

    def join() -> None:
        merchant = services.create_merchant(actor=actor, name="Northwind Outdoor")
        store = services.save_store(
            actor=actor, merchant=merchant, platform="shopify", name="Northwind shop", settings=shop, identity=shop_found
        )
        warehouse = services.save_warehouse(
            actor=actor, platform="files", name="Harbor warehouse", settings=folder, identity=folder_found
        )
        connection = services.create_connection(actor=actor, name="Northwind to Harbor", store=store, warehouse=warehouse)
        services.set_schedules(actor=actor, connection=connection, kind=ChannelKind.SHIPMENTS, rules=[Minutely(every=1)])
        services.set_mode(actor=actor, connection=connection, mode=Mode.LIVE)

    in_scope(account.pk, join)


def _checked(account: Account, platform: str) -> tuple[ConnectorSettings, Identity]:
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
            return settings, outcome.found()
        missing = {field: options[0][0] for field, options in outcome.choices.items() if options and not values.get(field)}
        if not missing:
            break
        values |= missing
    raise RuntimeError(f"the sandbox's {connector.name} does not answer: {outcome.message}")


def _place_orders() -> None:
    """Let the shop sell, and go on selling; the warehouse ships by itself."""
    base = os.environ.get("CROSSDOCK_SANDBOX_URL", "")
    token_file = os.environ.get("CROSSDOCK_SANDBOX_TOKEN_FILE", "")
    if not base or not token_file:
        return
    token = Path(token_file).read_text().strip()
    _pull(base, token, "files", "auto_ship", {"seconds": SHIPS_AFTER})
    for order in FIRST_ORDERS:
        _pull(base, token, "shopify", "add_order", order)
    _pull(base, token, "shopify", "let_orders_flow", {"every": SELLS_EVERY})


def _pull(base: str, token: str, platform: str, lever: str, arguments: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310  (our own sandbox on loopback)
        f"{base.rstrip('/')}/{platform}/{lever}",
        data=json.dumps(arguments).encode(),
        headers={"Content-Type": "application/json", "X-Sandbox-Token": token},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")
