"""What the form offers from the shop: store views, statuses, sources. And who the shop is."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.settings import Choice
from crossdock.connectors.magento2.api import Api
from crossdock.connectors.magento2.criteria import query
from crossdock.connectors.magento2.mapping import label_of
from crossdock.connectors.magento2.payloads import MgStoreConfig, MgStoreView, is_yes, text_of
from crossdock.connectors.magento2.settings import Settings

STATUSES = (
    ("processing", "Processing"),
    ("pending", "Pending"),
    ("pending_payment", "Pending Payment"),
    ("payment_review", "Payment Review"),
    ("fraud", "Suspected Fraud"),
    ("holded", "On Hold"),
    ("complete", "Complete"),
    ("closed", "Closed"),
    ("canceled", "Canceled"),
)
"""The statuses Magento comes with."""

_LOOKED_AT = 300
"""Newest orders that are looked at for statuses of the shop's own: no call lists them."""


class _Order(Struct, frozen=True):
    entity_id: int | str
    status: str | None = None
    state: str | None = None


async def store_views(api: Api) -> list[Choice]:
    """The shop's store views by code; the admin's is none."""
    views = await api.get("store/storeViews", tuple[MgStoreView, ...], operation="StoreViews", what="The shop's store views")
    shown = [view for view in views if view.code != "admin" and is_yes(view.is_active)]
    return [Choice("", "All store views"), *(Choice(view.code, f"{view.name or view.code} ({view.code})") for view in shown)]


async def statuses(api: Api, *, of_state: str | None = None) -> list[Choice]:
    """Magento's statuses and those that orders have; with `of_state` only such as were seen in that state."""
    asked = query(sort=("entity_id",), size=_LOOKED_AT, fields="items[entity_id,status,state]")
    asked["searchCriteria[sortOrders][0][direction]"] = "DESC"
    page = await api.search("orders", asked, operation="Statuses", what="Magento's list of orders")
    own: dict[str, str] = {}
    for raw in page.items or ():
        order = decode(raw, _Order, what="The order")
        if order.status and of_state in (None, order.state):
            own.setdefault(order.status, text_of(order.entity_id))
    common = dict(STATUSES) if of_state is None else {of_state: dict(STATUSES).get(of_state, label_of(of_state))}
    found = [Choice(code, label) for code, label in common.items()]
    for code in sorted(set(own) - set(common)):
        found.append(Choice(code, f"{label_of(code)} ({code})"))
    return found


async def identity(api: Api, settings: Settings) -> Identity:
    """The shop that answers, with warnings of what will be missing.

    The right to read orders is needed; one that is missing for something else is a warning. Raises AuthenticationFailed and
    InvalidData with the field at fault.
    """
    try:
        await api.search(
            "orders", query(size=1, fields="items[entity_id],total_count"), operation="Check", what="Magento's list of orders"
        )
    except InvalidData as error:
        raise error if error.field else InvalidData(error.message, field="store_url", evidence=error.evidence) from error
    warnings: list[str] = []
    address = settings.store_url
    try:
        configs = await api.get("store/storeConfigs", tuple[MgStoreConfig, ...], operation="StoreConfigs", what="The store views")
    except AuthenticationFailed as error:
        if settings.store_view:
            raise AuthenticationFailed(
                "To import orders of one store view, the integration needs access to Stores. Give it that, or leave Store View Code "
                "empty.",
                field="store_view",
                evidence=error.evidence,
            ) from error
        warnings.append("The integration has no access to Stores, so orders come without weights.")
    else:
        address = _address_of(configs, settings) or address
    for path, right, missed in (
        ("shipments", "Sales › Operations › Shipments", "shipments cannot be posted"),
        ("products", "Catalog › Inventory › Products", "products and stock cannot be followed"),
        ("inventory/sources", "Stores › Inventory › Sources", "stock cannot be written"),
    ):
        try:
            await api.search(path, query(size=1), operation="Check", what="The answer")
        except (AuthenticationFailed, InvalidData):
            warnings.append(f"The integration has no access to {right}, so {missed}.")
    place = urlsplit(address)
    name = f"{place.netloc}{place.path.rstrip('/')}" + (f", {settings.store_view}" if settings.store_view else "")
    return Identity(f"{address.rstrip('/')}/{settings.store_view}".rstrip("/"), name, tuple(warnings))


def _address_of(configs: Sequence[MgStoreConfig], settings: Settings) -> str | None:
    views = [config for config in configs if config.code != "admin"]
    if settings.store_view:
        wanted = [config for config in views if config.code == settings.store_view]
        if not wanted:
            known = ", ".join(sorted(config.code for config in views))
            raise InvalidData(
                f"The shop has no store view with the code {settings.store_view}; it has {known}.", field="store_view"
            )
        views = wanted
    first = min(views, key=lambda config: int(text_of(config.id) or 0), default=None)
    return (first.secure_base_url or first.base_url) if first is not None else None
