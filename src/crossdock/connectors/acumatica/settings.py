"""What Acumatica customers are asked."""

import re
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import SecretStr, ValidationInfo, field_validator

from crossdock.connectors.kit.settings import StoreSettings, setting

SALES_ORDERS, SHIPMENTS = "sales_orders", "shipments"

WRITTEN_FOR = "24.200.001"
"""The Default endpoint this connector is written for."""

_TYPE = re.compile(r"[A-Za-z0-9]{1,2}")


class Settings(StoreSettings):
    """One tenant of one Acumatica instance: how we sign in, what is imported, how shipments are made."""

    instance_url: str = setting(
        "Instance URL",
        "The address of your Acumatica up to the name of the site, as your browser shows it before “Main” or “Frames”. Example: "
        "https://erp.example.com/AcumaticaERP",
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        is_address=True,
        placeholder="https://erp.example.com/AcumaticaERP",
    )
    client_id: str = setting(
        "Client ID",
        "Connected Applications (SM303010): make one with the flow Resource Owner Password Credentials. The Client ID is shown there "
        "after saving, with your tenant after an @ sign.",
        pattern=r"^[A-Za-z0-9-]+(@[^\s@]+)?$",
        placeholder="BCB75B53-4D19-0F62-DE4F-4AD7E3F0A3C9@Company",
    )
    client_secret: SecretStr = setting(
        "Client (shared) secret",
        "Connected Applications (SM303010) › Secrets › Add Shared Secret. It is shown once, when it is made.",
        min_length=1,
    )
    secret_expires_at: datetime | None = setting(
        "Shared secret expires on",
        "The expiry date of the shared secret, if you gave it one. You are warned 30, 7 and 1 days before; after it Acumatica refuses "
        "every call. Empty: it does not expire.",
        default=None,
        expiry_of="client_secret",
    )
    username: str = setting(
        "Username",
        "A user made for Crossdock alone (Users, SM201010), with a role that may use sales orders, shipments, stock items and "
        "warehouses. A person's own login would lose its session to ours.",
        min_length=1,
    )
    password: SecretStr = setting("Password", "The password of that user. It must not be asked to change it.", min_length=1)
    tenant: str = setting(
        "Tenant",
        "The login name of the company on your sign-in page. Needed only if your Client ID shows no @ and a name behind it.",
        default="",
        pattern=r"^[^\s@]*$",
    )
    endpoint_version: str = setting(
        "Endpoint version",
        "The version of the web service endpoint Default. Empty: the newest one of your instance that Crossdock knows is used.",
        default="",
        loads=True,
        pattern=r"^(\d{2}\.\d{3}\.\d{3})?$",
        placeholder=WRITTEN_FOR,
    )
    mode: Literal["sales_orders", "shipments"] = setting(
        "What is imported",
        "Sales Orders: open orders come to the warehouse, and Crossdock makes the Shipment when it has shipped. Shipments: your "
        "people make the Shipment in Acumatica first; it comes to the warehouse, and Crossdock completes it.",
        default=SALES_ORDERS,
        choices=((SALES_ORDERS, "Sales Orders"), (SHIPMENTS, "Shipments")),
        group="import",
    )
    order_types: str = setting(
        "Order types",
        "Order types to import, with commas between (Order Types, SO201000). Orders of other types are not asked for.",
        default="SO",
        group="import",
        shown_when=("mode", (SALES_ORDERS,)),
    )
    warehouse: str = setting(
        "Warehouse",
        "Only lines that ship from this Acumatica warehouse are imported. Empty: lines of every warehouse.",
        default="",
        loads=True,
        group="import",
    )
    branch: str = setting(
        "Branch",
        "The branch Crossdock works in (Branches, CS102000), and whose orders it imports. Empty: the user's own branch, and orders of "
        "every branch the user sees.",
        default="",
        group="import",
    )
    default_box: str = setting(
        "Default box",
        "The box that packages are entered with (Boxes, CS207600); Acumatica takes no tracking number without one.",
        default="",
        loads=True,
        group="import",
    )
    confirm_shipment: bool = setting(
        "Confirm shipment",
        "On: the Shipment is confirmed when the goods have left. Off: it stays Open with its packages, for your people to confirm.",
        default=True,
        group="import",
    )
    location: str = setting(
        "Warehouse location",
        "The location inside the warehouse that goods leave from, and that stock is adjusted at. Empty: Acumatica's default for "
        "the item.",
        default="",
        group="import",
    )
    ship_via: str = setting(
        "Ship Via mapping",
        "One line each: what the warehouse says, an equals sign, your Ship Via code. Example: “UPS Ground = UPSGROUND”. Carrier "
        "alone, or carrier and service. Without a line the Shipment keeps the order's Ship Via.",
        default="",
        group="import",
        long=True,
    )
    return_order_types: str = setting(
        "Return order types",
        "Order types that are returns, with commas between.",
        default="RC, RM, RR",
        group="import",
    )
    adjust_stock: bool = setting(
        "Stock adjustments",
        "On: differences to the warehouse's figures are posted as inventory adjustments, which change your general ledger. Off: "
        "stock in Acumatica is left alone.",
        default=False,
        group="import",
    )
    reason_code: str = setting(
        "Reason code of adjustments",
        "The reason code stock adjustments are posted with (Reason Codes, CS211000; usage Adjustment). Empty: your default.",
        default="",
        group="import",
    )
    push_secret: SecretStr = setting(
        "Push notification secret",
        "Optional. A long text of your own. Enter it here, and on Push Notifications (SM302000) as value of the header "
        "X-Crossdock-Secret: new orders are then noticed at once.",
        default=SecretStr(""),
        group="import",
    )

    @field_validator("instance_url", mode="before")
    @classmethod
    def _up_to_the_site(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # People paste what the browser shows: …/AcumaticaERP/Main?ScreenId=SO301000, …/AcumaticaERP/Frames/Login.aspx
        text = re.sub(r"(?i)/(main|frames|entity|identity|\(w\(\d+\)\)).*$", "", value.strip().split("?")[0])
        return text.rstrip("/")

    @field_validator("secret_expires_at")
    @classmethod
    def _end_in_utc(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("say the time zone")
        return value.astimezone(UTC) if value is not None else None

    @field_validator("tenant")
    @classmethod
    def _one_tenant(cls, value: str, info: ValidationInfo) -> str:
        named = str(info.data.get("client_id", "")).partition("@")[2]
        if value and named and value.casefold() != named.casefold():
            raise ValueError(f"the Client ID belongs to the tenant {named}")
        return value

    @field_validator("order_types", "return_order_types")
    @classmethod
    def _types(cls, value: str, info: ValidationInfo) -> str:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if wrong := [part for part in parts if not _TYPE.fullmatch(part)]:
            raise ValueError(f"{wrong[0]} is no order type: they have one or two characters, with commas between")
        if not parts and info.field_name == "order_types":
            raise ValueError("name at least one order type")
        return ", ".join(dict.fromkeys(part.upper() for part in parts))

    @field_validator("ship_via")
    @classmethod
    def _pairs(cls, value: str) -> str:
        for line in value.splitlines():
            said, equals, code = line.partition("=")
            if line.strip() and not (equals and said.strip() and code.strip()):
                raise ValueError(f"“{line.strip()}” is no pair: write UPS Ground = UPSGROUND")
        return value

    @field_validator("warehouse", "branch", "default_box", "location", "reason_code")
    @classmethod
    def _plain_code(cls, value: str) -> str:
        if "'" in value or any(ord(character) < 32 for character in value):
            raise ValueError("it has characters that no code has")
        return value


def types_of(settings: Settings) -> tuple[str, ...]:
    """Order types to import."""
    return tuple(part.strip() for part in settings.order_types.split(",") if part.strip())


def return_types_of(settings: Settings) -> tuple[str, ...]:
    """Order types that are returns."""
    return tuple(part.strip() for part in settings.return_order_types.split(",") if part.strip())


def client_id_of(settings: Settings) -> str:
    """The client id with its tenant."""
    return settings.client_id if "@" in settings.client_id or not settings.tenant else f"{settings.client_id}@{settings.tenant}"


def tenant_of(settings: Settings) -> str:
    """The tenant's name; empty where the instance has one only."""
    return client_id_of(settings).partition("@")[2]


def ship_via_of(settings: Settings, carrier: str | None, service: str | None) -> str | None:
    """The Ship Via code for what the warehouse says, the longest match first: carrier and service, service, carrier."""
    pairs = {}
    for line in settings.ship_via.splitlines():
        said, equals, code = line.partition("=")
        if equals and said.strip() and code.strip():
            pairs[_plain(said)] = code.strip()
    for words in (f"{carrier or ''} {service or ''}", service or "", carrier or ""):
        if found := pairs.get(_plain(words)):
            return found
    return None


def _plain(words: str) -> str:
    return " ".join(words.casefold().replace("_", " ").replace("-", " ").split())
