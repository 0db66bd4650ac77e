"""What Shopify merchants are asked."""

import re
from datetime import datetime
from typing import Any, Literal

from pydantic import SecretStr, ValidationInfo, field_validator

from crossdock.connectors.kit.settings import StoreSettings, setting
from crossdock.connectors.shopify.payloads import number_of

FinancialStatus = Literal["paid", "pending", "authorized", "partially_paid", "partially_refunded", "refunded", "voided"]

OAUTH, OWN_APP, TOKEN = "oauth", "own_app", "token"


class Settings(StoreSettings):
    """One Shopify shop: how we sign in, what is imported, what is told."""

    accept_orders_after: datetime | None = setting(
        "Accept orders after",
        "Orders placed before this moment are kept as Skipped and not sent. At most 60 days back; Shopify shows most apps no older "
        "orders. Empty: the moment the connection goes Live.",
        default=None,
        group="import",
    )
    shop: str = setting(
        "Shop name",
        "The part before .myshopify.com in the address of your Shopify admin, under Settings › Domains. Example: acme-outdoor",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        is_address=True,
        placeholder="acme-outdoor",
    )
    access: Literal["oauth", "own_app", "token"] = setting(
        "How Crossdock signs in",
        "Authorize sends you to Shopify to agree. An own app belongs to your organization and is made in Shopify's Dev Dashboard. "
        "An Admin API token comes from a custom app that was made in the Shopify admin before 2026.",
        default=OAUTH,
        choices=(
            (OAUTH, "Authorize in Shopify"),
            (OWN_APP, "Client ID and secret of an own app"),
            (TOKEN, "Admin API access token"),
        ),
    )
    client_id: str = setting(
        "Client ID",
        "Dev Dashboard › your app › Settings. To authorize, it may stay empty if this Crossdock has an app of its own.",
        default="",
        shown_when=("access", (OAUTH, OWN_APP)),
        validate_default=True,
        pattern=r"^[A-Za-z0-9]*$",
    )
    client_secret: SecretStr = setting(
        "Client secret",
        "Beside the client ID. With an Admin API token: the API secret key of the same app, needed only so that Shopify's messages "
        "about new orders can be verified; without it orders are noticed by the schedule.",
        default=SecretStr(""),
        validate_default=True,
    )
    admin_token: SecretStr = setting(
        "Admin API access token",
        "Shopify admin › Settings › Apps › Develop apps › your app › API credentials. It begins with shpat_ and is shown once.",
        default=SecretStr(""),
        shown_when=("access", (TOKEN,)),
        validate_default=True,
    )
    location: str = setting(
        "Fulfillment location",
        "The Shopify location whose orders the warehouse ships. Needed; the list comes from your shop.",
        default="",
        loads=True,
        group="import",
    )
    fulfillment_service: str = setting(
        "Fulfillment service",
        "All takes every item. Manual takes items that your own locations ship. Or choose one service; items of others are left out.",
        default="all",
        loads=True,
        group="import",
    )
    filter_by_location: bool = setting(
        "Filter orders by location",
        "On: only items that Shopify assigned to the fulfillment location. Off: items assigned elsewhere are taken too, and moved to "
        "the fulfillment location when they ship.",
        default=False,
        group="import",
    )
    exclude_empty_orders: bool = setting(
        "Exclude empty orders",
        "Keep orders without anything to ship, such as gift cards only, as Skipped.",
        default=False,
        group="import",
    )
    use_local_currency: bool = setting(
        "Use local currency",
        "Off: amounts in your shop's currency. On: in the currency the shopper paid.",
        default=False,
        group="import",
    )
    include_duplicate_skus: bool = setting(
        "Include duplicate SKUs",
        "Off: when several variants have the same SKU, one of them gets the stock figure. On: all of them.",
        default=False,
        group="import",
    )
    include_partial_fulfillments: bool = setting(
        "Include partial fulfillments",
        "Also take orders of which a part was already shipped when they are first seen; only the rest is sent.",
        default=False,
        group="import",
    )
    financial_statuses: tuple[FinancialStatus, ...] = setting(
        "Financial status import options",
        "Orders with one of these payment statuses are imported. Others are kept as Skipped until their status changes.",
        default=("paid",),
        choices=(
            ("paid", "Paid"),
            ("pending", "Pending"),
            ("authorized", "Authorized"),
            ("partially_paid", "Partially paid"),
            ("partially_refunded", "Partially refunded"),
            ("refunded", "Refunded"),
            ("voided", "Voided"),
        ),
        group="import",
        min_length=1,
    )
    notify_customer: bool = setting(
        "Notify customer",
        "Shopify mails the shopper when the shipment is posted. Old shipments are never mailed.",
        default=True,
        group="import",
    )
    report_progress: bool = setting(
        "Report progress when sent",
        "Show the order as In progress in Shopify once the warehouse has it, where Shopify lets this app do so.",
        default=True,
        group="import",
    )
    return_magic_key: SecretStr = setting(
        "Return Magic API key",
        "Optional. Shopify's own returns and refunds work without it, with their lines and labels; nothing is read from Return Magic.",
        default=SecretStr(""),
        group="import",
    )

    @field_validator("shop", mode="before")
    @classmethod
    def _only_the_name(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # People paste what the browser shows: https://admin.shopify.com/store/acme, https://acme.myshopify.com/admin
        text = value.strip().casefold()
        if found := re.match(r"(?:https?://)?admin\.shopify\.com/store/([^/?#]+)", text):
            return found[1]
        return re.sub(r"\.myshopify\.com.*$", "", re.sub(r"^https?://", "", text))

    @field_validator("location")
    @classmethod
    def _only_the_number(cls, value: str) -> str:
        return number_of(value)

    @field_validator("client_id")
    @classmethod
    def _id_of_own_app(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("access") == OWN_APP:
            raise ValueError("an own app needs its client ID")
        return value

    @field_validator("client_secret")
    @classmethod
    def _secret_of_own_app(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value and (
            info.data.get("access") == OWN_APP or (info.data.get("access") == OAUTH and info.data.get("client_id"))
        ):
            raise ValueError("a client ID needs its secret")
        return value

    @field_validator("admin_token")
    @classmethod
    def _token_itself(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value and info.data.get("access") == TOKEN:
            raise ValueError("enter the token")
        return value


def label_of(status: str) -> str:
    """A payment status as people read it: Partially paid."""
    return status.replace("_", " ").capitalize()
