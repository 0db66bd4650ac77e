"""What BigCommerce merchants are asked."""

import re
from typing import Any, Literal

from pydantic import SecretStr, ValidationInfo, field_validator

from crossdock.connectors.bigcommerce.statuses import AWAITING_FULFILLMENT
from crossdock.connectors.kit.settings import StoreSettings, setting

OAUTH, TOKEN = "oauth", "token"
AWAITING_SHIPMENT, LEAVE = "awaiting_shipment", "leave"


class Settings(StoreSettings):
    """One BigCommerce store: how we sign in, what is imported, what is told."""

    store_hash: str = setting(
        "Store hash",
        "The part after “store-” in the address of your control panel: in store-abc123xyz.mybigcommerce.com it is abc123xyz. It is "
        "also in the API path of an API account. You may paste the whole address.",
        pattern=r"^[a-z0-9]{4,16}$",
        is_address=True,
        placeholder="abc123xyz",
    )
    access: Literal["oauth", "token"] = setting(
        "How Crossdock signs in",
        "Authorize sends you to BigCommerce, where the store owner agrees to the app. An API token comes from a store-level API "
        "account that the store owner makes in the control panel.",
        default=OAUTH,
        choices=((OAUTH, "Authorize in BigCommerce"), (TOKEN, "Store-level API token")),
    )
    client_id: str = setting(
        "Client ID",
        "Of your app in BigCommerce's Developer Portal. It may stay empty if this Crossdock has an app of its own. With an API token "
        "it is not needed.",
        default="",
        shown_when=("access", (OAUTH,)),
        pattern=r"^[A-Za-z0-9]*$",
    )
    client_secret: SecretStr = setting(
        "Client secret",
        "Beside the client ID. With an API token: the client secret of the same API account, so that the signature of BigCommerce's "
        "messages can be checked; without it they are checked by a secret header alone.",
        default=SecretStr(""),
        validate_default=True,
    )
    access_token: SecretStr = setting(
        "API token",
        "Control panel › Settings › API › Store-level API accounts › Create API account, type V2/V3 API token. It is shown once. "
        "Scopes: Orders modify, Products read-only, Inventory modify (Store inventory), Locations read-only, Information read-only.",
        default=SecretStr(""),
        shown_when=("access", (TOKEN,)),
        validate_default=True,
    )
    import_status: str = setting(
        "Order import status",
        "Orders in this status are imported, any of your store's statuses. Others are kept as Skipped until their status changes. "
        "Usual: Awaiting Fulfillment.",
        default=str(AWAITING_FULFILLMENT),
        loads=True,
        group="import",
        pattern=r"^[0-9]{1,3}$",
    )
    status_when_sent: Literal["awaiting_shipment", "leave"] = setting(
        "Status when sent",
        "What an order's status becomes once the warehouse has it. An order that was refunded, canceled or otherwise moved on in "
        "BigCommerce meanwhile is never touched. Shipped and Partially Shipped follow from the shipments.",
        default=AWAITING_SHIPMENT,
        choices=((AWAITING_SHIPMENT, "Awaiting Shipment"), (LEAVE, "Leave as it is")),
        group="import",
    )

    def derived_secrets(self) -> tuple[str, ...]:
        """The header by which unsigned messages are told to be ours."""
        # Secrets are opened in one module alone, and that one needs these settings.
        from crossdock.connectors.bigcommerce.auth import header_secret

        made = header_secret(self)
        return (made,) if made is not None else ()

    @field_validator("store_hash", mode="before")
    @classmethod
    def _only_the_hash(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # People paste what they see: https://store-abc123.mybigcommerce.com/manage, https://api.bigcommerce.com/stores/abc123/v3/
        text = value.strip().casefold()
        found = re.search(r"store-([a-z0-9]+)(?:-[0-9]+)?\.mybigcommerce\.com|(?:^|/)stores/([a-z0-9]+)", text)
        return (found[1] or found[2]) if found else text.removeprefix("store-")

    @field_validator("client_secret")
    @classmethod
    def _secret_of_own_app(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value and info.data.get("access") == OAUTH and info.data.get("client_id"):
            raise ValueError("a client ID needs its secret")
        return value

    @field_validator("access_token")
    @classmethod
    def _token_itself(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value and info.data.get("access") == TOKEN:
            raise ValueError("enter the token")
        return value
