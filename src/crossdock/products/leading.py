"""Whether the SKUs of a connection's store are known: the first thing its page leads on to."""

from django.utils.translation import gettext as _

from crossdock.accounts.slugs import short
from crossdock.connections import presenting
from crossdock.connections.leading import Lead, leads_on
from crossdock.connections.models import ChannelKind, Connection
from crossdock.products.models import Listing


@leads_on(1)
def skus_known(link: Connection) -> Lead | None:
    """Done when the store's products were read and each has a SKU."""
    if ChannelKind.PRODUCTS not in presenting.supported(link):
        return None
    there = Listing.objects.filter(store_id=link.store_id, gone_at=None)
    missing = there.filter(sku="")[:100].count()
    is_read = there.exists()
    query = f"?store={short(link.store.public_id)}" + ("&view=missing" if missing else "")
    hint = _("They are read once a day while it observes or is Live, or by Run now on the Products channel.")
    if missing:
        one, more = (
            _("{n} product has no SKU. Give it one in the store."),
            _("{n} products have no SKU. Give them one in the store."),
        )
        hint = (one if missing == 1 else more).format(n=missing if missing < 100 else "100+")
    text = _("SKUs of {store} are known").format(store=link.store.name)
    return Lead(text, is_read and not missing, hint, "products:list", query=query)
