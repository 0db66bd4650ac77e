"""What NuORDER brands are asked."""

import re
from typing import Any, Literal

from pydantic import SecretStr, ValidationInfo, field_validator

from crossdock.connectors.kit.settings import StoreSettings, setting

APPROVE, TYPED = "approve", "typed"
LEGACY, STANDARD = "legacy", "rfc5849"
SHIPMENT, NOTE = "shipment", "note"
PRODUCT_STOCK, REPLENISHMENTS = "inventory", "replenishments"

HOSTS = {
    ("wholesale", "production"): "wholesale.nuorder.com",
    ("wholesale", "sandbox"): "wholesale.sandbox1.nuorder.com",
    ("retail", "production"): "buyer.nuorder.com",
    ("retail", "sandbox"): "buyer.sandbox1.nuorder.com",
}

Status = Literal["review", "pending", "approved"]


class Settings(StoreSettings):
    """One NuORDER portal: how we sign in, what is imported, what is told."""

    application_type: Literal["wholesale", "retail"] = setting(
        "Application type",
        "Wholesale is the brand's side of NuORDER, where orders of retailers arrive. Retail is the retailer's side. It selects the "
        "address that is asked: wholesale.nuorder.com or buyer.nuorder.com. Not verified: that the retail side answers the same "
        "calls with the orders of retailers.",
        default="wholesale",
        choices=(("wholesale", "Wholesale"), ("retail", "Retail")),
        is_address=True,
    )
    environment: Literal["production", "sandbox"] = setting(
        "Environment",
        "Keys and tokens of NuORDER's own sandbox do not work in production, nor the other way round.",
        default="production",
        choices=(("production", "Production"), ("sandbox", "NuORDER's sandbox")),
        is_address=True,
    )
    access: Literal["approve", "typed"] = setting(
        "How Crossdock signs in",
        "Approve asks NuORDER for access now: an admin approves Crossdock in the NuORDER portal and types the code that is shown "
        "there. Choose the other one if you have a token and its secret already.",
        default=APPROVE,
        choices=((APPROVE, "Approve in the NuORDER portal"), (TYPED, "Token and token secret")),
    )
    consumer_key: str = setting(
        "Consumer key",
        "NuORDER portal › Admin › API Management. The brand's admin sees it there, beside the consumer secret.",
        pattern=r"^[A-Za-z0-9._~-]{4,128}$",
    )
    consumer_secret: SecretStr = setting("Consumer secret", "Beside the consumer key.", min_length=1)
    token: str = setting(
        "Token",
        "NuORDER portal › Admin › API Management, at the approved application. It belongs to one portal and one environment.",
        default="",
        shown_when=("access", (TYPED,)),
        validate_default=True,
        pattern=r"^[A-Za-z0-9._~-]*$",
    )
    token_secret: SecretStr = setting(
        "Token secret", "Beside the token.", default=SecretStr(""), shown_when=("access", (TYPED,)), validate_default=True
    )
    application_name: str = setting(
        "Application name",
        "The name under which Crossdock waits for approval in the portal. Letters, digits, spaces and dashes.",
        default="Crossdock",
        shown_when=("access", (APPROVE,)),
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,39}$",
    )
    signature: Literal["legacy", "rfc5849"] = setting(
        "Signature",
        "How requests are signed. NuORDER's own way is what its documentation shows; Test connection tries both and says which one "
        "your portal takes.",
        default=LEGACY,
        choices=((LEGACY, "NuORDER's own"), (STANDARD, "Standard (RFC 5849)")),
    )
    import_statuses: tuple[Status, ...] = setting(
        "Order import status",
        "Orders in one of these statuses are imported. Others are kept as Skipped until their status changes.",
        default=("approved",),
        choices=(("approved", "Approved"), ("pending", "Pending"), ("review", "Review")),
        group="import",
        min_length=1,
    )
    sku_from: Literal["upc", "style"] = setting(
        "SKU is",
        "What your warehouse knows an item by. UPC: the size's UPC; a size without one gets style-color-size. Style: always "
        "style-color-size, such as 1042-RED-M.",
        default="upc",
        choices=(("upc", "UPC, else style-color-size"), ("style", "Style-color-size")),
        group="import",
    )
    report_progress: bool = setting(
        "Mark as Processed when sent",
        "Set the order to Processed once the warehouse has it, and to Shipped when all of it left. Never one that was canceled.",
        default=True,
        group="import",
    )
    shipments_as: Literal["shipment", "note"] = setting(
        "Tell shipments as",
        "A shipment record with its tracking numbers; where NuORDER does not take one, a note on the order. Not verified: the call "
        "for shipment records is not publicly documented. A note always works for accounts with two-way integration.",
        default=SHIPMENT,
        choices=((SHIPMENT, "Shipment record, else a note"), (NOTE, "A note on the order")),
        group="import",
    )
    shipment_call: str = setting(
        "Call for shipment records",
        "Method and path, with {id} for the order. Change it only if NuORDER's support tells you another. Not verified.",
        default="PUT api/order/{id}/shipment",
        group="import",
        shown_when=("shipments_as", (SHIPMENT,)),
        pattern=r"^(PUT|POST) [A-Za-z0-9._/-]*\{id\}[A-Za-z0-9._/-]*$",
    )
    stock_through: Literal["inventory", "replenishments"] = setting(
        "Tell stock through",
        "Inventory by product takes one figure for each size. Replenishments are NuORDER's newer way; the catalog is refreshed after "
        "each push. Not verified: whether a push replaces figures of sizes it does not name.",
        default=PRODUCT_STOCK,
        choices=((PRODUCT_STOCK, "Inventory by product"), (REPLENISHMENTS, "Replenishments (v3)")),
        group="import",
    )
    stock_warehouse: str = setting(
        "Warehouse in NuORDER",
        "Where stock figures go. Inventory by product wants the warehouse's name, replenishments its id. The list holds what your "
        "orders and products name.",
        default="default",
        loads=True,
        group="import",
        pattern=r"^[^/?#]{1,80}$",
    )
    seasons: str = setting(
        "Seasons",
        "Codes of the seasons whose products are read, with commas between: FW26, SS27. Products that are on orders are read anyway; "
        "NuORDER has no call that lists all of them.",
        default="",
        group="import",
        max_length=400,
    )

    @property
    def host(self) -> str:
        """The address that application type and environment select."""
        return HOSTS[self.application_type, self.environment]

    @property
    def season_list(self) -> tuple[str, ...]:
        """The seasons, each once."""
        return tuple(dict.fromkeys(part.strip() for part in self.seasons.split(",") if part.strip()))

    @field_validator("consumer_key", "token", mode="before")
    @classmethod
    def _without_spaces(cls, value: Any) -> Any:
        return re.sub(r"\s+", "", value) if isinstance(value, str) else value

    @field_validator("token")
    @classmethod
    def _token_itself(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("access") == TYPED:
            raise ValueError("enter the token")
        return value

    @field_validator("token_secret")
    @classmethod
    def _secret_of_token(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value and info.data.get("access") == TYPED:
            raise ValueError("enter the token's secret")
        return value


def label_of(status: str) -> str:
    """A status as people read it: Approved."""
    return status.capitalize()
