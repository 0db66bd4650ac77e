"""Keep a Live store's webhooks standing: registered, and looked after once a day."""

from datetime import UTC, datetime, timedelta

from crossdock.activity.services import Told, keep_messages, tell
from crossdock.connections import gateway
from crossdock.connections.gateway import Opened
from crossdock.connections.hooks import hook_of
from crossdock.connections.models import Store
from crossdock.connections.queries import announced_lanes, links_of
from crossdock.connections.webhooks import address_of
from crossdock.connectors.kit.capabilities import KeepsWebhooks
from crossdock.jobs.lanes import More, Run, at_end, lane
from crossdock.jobs.timing import also_due
from crossdock.jobs.wakes import wake_lane

at_end(gateway.close_transports)
also_due(announced_lanes)


@lane("connections.webhooks", of="store", slice=timedelta(seconds=20))
async def keep_webhooks(run: Run) -> More:
    """Register the store's webhooks again when they are gone. Only a Live connection registers any."""
    links = await run.read(links_of, store_id=run.owner_id)
    if not any(link.is_live for link in links):
        return More.NO
    async with gateway.open_site(run.account_id, "store", run.owner_id, may_write=True, before_write=run.sure) as opened:
        if isinstance(opened.client, KeepsWebhooks) and (address := await run.write(_address, run.owner_id)):
            topics = await opened.client.ensure_webhooks(address)
            await run.write(_keep, run, opened, len(topics))
    run.next_at = datetime.now(UTC) + timedelta(days=1)
    return More.NO


def _address(store_id: int) -> str:
    store = Store.objects.get(pk=store_id)
    return address_of(store.platform, hook_of(store))


def _keep(run: Run, opened: Opened, topics: int) -> None:
    keep_messages(opened.recorder.drain(), store_id=run.owner_id)
    is_first = Store.objects.filter(pk=run.owner_id, webhooks_at=None).exists()
    Store.objects.filter(pk=run.owner_id).update(webhooks_at=datetime.now(UTC))
    if is_first:
        tell([Told(kind="store.webhooks", store_id=run.owner_id, params={"topics": topics})])
        # What was placed since the store was read, and before it announced anything, would wait for the schedule.
        wake_lane("orders.pull", run.owner_id)
