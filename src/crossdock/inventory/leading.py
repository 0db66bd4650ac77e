"""Whether the store of a connection is told its stock: what its page leads on to."""

from django.utils.translation import gettext as _

from crossdock.connections import presenting
from crossdock.connections.leading import Lead, leads_on
from crossdock.connections.models import ChannelKind, Connection
from crossdock.inventory.models import Publishing


@leads_on(3)
def stock_told(link: Connection) -> Lead | None:
    """Done when the store was told its figures, and nothing of it waits for a person."""
    if ChannelKind.INVENTORY not in presenting.supported(link):
        return None
    row = Publishing.objects.filter(store_id=link.store_id).first()
    is_done = row is not None and row.state == "going" and row.pushed_at is not None
    hint = (row.reason if row else "") or _("Look at what {store} would show, and say yes.").format(store=link.store.name)
    text = _("{store} is told its stock").format(store=link.store.name)
    return Lead(text, is_done, hint, "inventory:preview", {"public_id": link.store.public_id})
