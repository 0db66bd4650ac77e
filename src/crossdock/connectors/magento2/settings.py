"""What Magento merchants are asked."""

import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationInfo, field_validator

from crossdock.connectors.kit.settings import StoreSettings, setting

BEARER, OAUTH = "bearer", "oauth"


class Settings(StoreSettings):
    """One Magento shop: how we sign in, what is imported, what is told."""

    store_url: str = setting(
        "Store URL",
        "The address of your shop as its visitors see it, without the path of the admin. Example: https://shop.example.com. Where the "
        "server rewrites no addresses, it ends with /index.php.",
        is_address=True,
        placeholder="https://shop.example.com",
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        max_length=300,
    )
    access: Literal["bearer", "oauth"] = setting(
        "How Crossdock signs in",
        "With the access token alone, where your shop allows it: Stores › Configuration › Services › OAuth › Consumer Settings › "
        "“Allow OAuth Access Tokens to be used as standalone Bearer tokens”. Since Magento 2.4.4 this switch is off unless somebody "
        "turned it on. With all four values every shop lets us in, whatever the switch says.",
        default=BEARER,
        choices=((BEARER, "Access token"), (OAUTH, "All four values of the integration (OAuth 1.0a)")),
    )
    access_token: SecretStr = setting(
        "Access token",
        "Magento admin › System › Integrations › Add New Integration, give it access to Sales, Catalog, Inventory and Stores, save, "
        "then Activate. The page that follows shows four values; this is the one called Access Token.",
    )
    consumer_key: SecretStr = setting(
        "Consumer key",
        "The first of the four values that Activate shows.",
        default=SecretStr(""),
        shown_when=("access", (OAUTH,)),
        validate_default=True,
    )
    consumer_secret: SecretStr = setting(
        "Consumer secret",
        "The second of the four values.",
        default=SecretStr(""),
        shown_when=("access", (OAUTH,)),
        validate_default=True,
    )
    token_secret: SecretStr = setting(
        "Token secret",
        "The last of the four values, called Access Token Secret.",
        default=SecretStr(""),
        shown_when=("access", (OAUTH,)),
        validate_default=True,
    )
    store_view: str = setting(
        "Store View Code",
        "Only orders of this store view are imported. Empty: those of all views. Codes are under Stores › All Stores › the view's "
        "name. The list comes from your shop.",
        default="",
        loads=True,
        group="import",
        pattern=r"^[A-Za-z0-9_]*$",
        max_length=32,
    )
    order_import_status: str = setting(
        "Order Import Status",
        "Orders with this status go to the warehouse; others are kept as Skipped until their status changes. Usually Processing: "
        "paid, not shipped. The list has Magento's own statuses and those that your orders have, custom ones included.",
        default="processing",
        loads=True,
        group="import",
        pattern=r"^[A-Za-z0-9_]{1,32}$",
    )
    delay_minutes: int = setting(
        "Delay Orders Imported By (minutes)",
        "How long an order rests after it was placed before it goes to the warehouse. Gives shoppers and staff time to change it. "
        "0 sends it at once.",
        default=0,
        group="import",
        ge=0,
        le=43_200,
    )
    import_test_orders: bool = setting(
        "Import test orders",
        "Magento marks no order as a test, so this changes nothing here. Use a status or a store view of their own to keep them out.",
        default=False,
        group="import",
    )
    include_bundle_parent: bool = setting(
        "Include Bundle Parent",
        "Off: the warehouse is asked for the items inside a bundle. On: for the bundle itself as well, as a line of its own.",
        default=False,
        group="import",
    )
    compact_ship: bool = setting(
        "Use Compact Shipment Ship Notification",
        "On: a shipment is told in one call, and Magento moves the order's status by itself. Off: shipment, tracking numbers and "
        "e-mail are told one after the other, as older extensions expect; the order's status then stays as it is.",
        default=True,
        group="import",
    )
    source_code: str = setting(
        "Inventory source",
        "The source that shipped goods are taken from, and that stock is written to where a warehouse has none of its own. Empty: "
        "Magento chooses for shipments, and the source called default takes the stock. Needed when a stock has several sources.",
        default="",
        loads=True,
        group="import",
        pattern=r"^[A-Za-z0-9_-]*$",
        max_length=255,
    )
    notify_customer: bool = setting(
        "Notify customer",
        "Magento mails the shopper when the shipment is posted. Old shipments are never mailed.",
        default=True,
        group="import",
    )
    report_progress: bool = setting(
        "Report progress when sent",
        "Add a comment to the order in Magento once the warehouse has it. Shoppers do not see it.",
        default=True,
        group="import",
    )
    sent_status: str = setting(
        "Status when sent",
        "The status an order gets with that comment. It has to belong to the state Processing, under Stores › Order Status. Empty: "
        "the status stays as it is.",
        default="",
        loads=True,
        group="import",
        pattern=r"^[A-Za-z0-9_]{0,32}$",
    )

    @field_validator("store_url", mode="before")
    @classmethod
    def _only_the_shop(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # People paste what the browser or the documentation shows: …/rest/V1, …/index.php/admin_1x2y3z/, …/rest/default/V1/orders
        text = value.strip()
        if text and "://" not in text:
            text = f"https://{text}"
        text = re.sub(r"[?#].*$", "", text)
        text = re.sub(r"/rest(/.*)?$", "", text)
        text = re.sub(r"/(index\.php/.+|admin[^/]*(/.*)?)$", "", text)
        parts = urlsplit(text)
        return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}" if parts.netloc else text

    @field_validator("consumer_key", "consumer_secret", "token_secret")
    @classmethod
    def _all_four(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value and info.data.get("access") == OAUTH:
            raise ValueError("all four values of the integration are needed")
        return value
