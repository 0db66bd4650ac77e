"""What must be true after every history, counted on the platforms' own side: each a sentence for every order of which it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import connection as database

from crossdock.fulfillment.models import Shipment
from crossdock.orders.models import SalesOrder
from crossdock.orders.queries import OrderFilters, list_orders, tab_counts
from histories.shop import Shop
from histories.warehouse import Warehouses

ASIDE = frozenset({"archived", "skipped", "canceled"})
"""Statuses in which nothing more happens by itself; each says why."""


def faults(shop: Shop, warehouses: Warehouses) -> list[str]:
    """Everything that is wrong. Runs in the account's scope."""
    return [*_at_warehouses(shop, warehouses), *_told(shop, warehouses), *_in_words(shop, warehouses), *_lists(), *_ledger()]


def faults_meanwhile(shop: Shop, warehouses: Warehouses) -> list[str]:
    """What must not be wrong even while connections are Off or only observe. Runs in the account's scope."""
    return [*_at_warehouses(shop, warehouses), *_lists(), *_ledger()]


def _number(reference: str) -> str:
    return "#" + reference.split("_")[0]


def _at_warehouses(shop: Shop, warehouses: Warehouses) -> Iterator[str]:
    """No order comes twice, and no more units than the store ever wanted, but for those a warehouse would not ship."""
    sent: Counter[tuple[str, str]] = Counter()
    for login, one in warehouses.parts:
        if one.times > 1:
            yield f"{login} was given {one.number} {one.times} times"
        for line in one.lines:
            sent[_number(one.number), line.sku] += int(line.quantity)
        for sku, units in warehouses.given_up.get((login, one.number), Counter()).items():
            sent[_number(one.number), sku] -= units
    for key, units in sent.items():
        if units > shop.most_wanted.get(key, 0):
            yield f"warehouses have {units} of {key}, of which the store wanted {shop.most_wanted.get(key, 0)} at most"
    for login in shop.town.logins.values():
        yield from (f"{login} refused {what}" for what in shop.town.wms.merchants[login].refused)


def _told(shop: Shop, warehouses: Warehouses) -> Iterator[str]:
    """The store counts each shipment once, whole and under the numbers it has now; one it does not count says why."""
    ours = {one.external_id: one for one in Shipment.objects.all()}
    by_name = {order["name"]: order for order in shop.orders}
    for report in warehouses.reports:
        known = ours.get(f"{report.number}/{report.rows[1][9]}")
        order = by_name[_number(report.number)]
        told = +shop.told(order, report.tracking)
        wanted = Counter[str]() if report.is_void else report.units
        if known is None:
            yield f"nobody took {report.number} of {report.login} with {report.tracking}"
        elif told != wanted and not known.reason and not (known.status == "voided" and not told):
            yield f"of {report.number} with {report.tracking} the store counts {dict(told)} and not {dict(wanted)}: {known.status}"
    for order in shop.orders:
        mine = [report for report in warehouses.reports if _number(report.number) == order["name"]]
        shipped = sum((report.units for report in mine), Counter[str]())
        if extra := shop.told(order) - shipped:
            yield f"the store counts {dict(extra)} of {order['name']} that no warehouse shipped"


def _in_words(shop: Shop, warehouses: Warehouses) -> Iterator[str]:
    """What the store still wants is coming and nothing else is, or the order or a shipment of it says what is the matter."""
    ours = {order.number: order for order in SalesOrder.objects.filter(deleted_at=None)}
    said = set(Shipment.objects.exclude(reason="").exclude(status="voided").values_list("order__number", flat=True))
    for order in shop.orders:
        known = ours.get(order["name"])
        if known is None:
            yield f"{order['name']} is not here"
            continue
        wanted = shop.remaining(order)
        coming: Counter[str] = Counter()
        for login, one in warehouses.parts:
            if _number(one.number) == order["name"]:
                coming += warehouses.left(login, one)
                if login in warehouses.waited_for:
                    coming += warehouses.left_behind(login, one)
        has_words = bool(known.issue or known.reason) or known.number in said
        if wanted != coming and not has_words:
            what = f"{dict(wanted)} of {known.number} is wanted, {dict(coming)} is coming"
            yield f"{what}, and it is {known.status} without a word"
        if known.status in ("shipped", "closed") and (wanted or coming) and not has_words:
            yield f"{known.number} is {known.status}, though {dict(wanted)} is wanted and {dict(coming)} is coming"
        if known.status in ("open", "partially_shipped", "shipped") and not wanted and not coming and not has_words:
            yield f"nothing is wanted of {known.number} any more and nothing is coming, and it is {known.status} without a word"
        if known.status in ("new", "on_hold", "queued", "delayed", "error", *ASIDE) and not has_words:
            yield f"{known.number} is {known.status} and does not say why"


def _lists() -> Iterator[str]:
    """The counts of the tabs are those of the orders, and the lists show as many."""
    stands = Counter(SalesOrder.objects.filter(deleted_at=None).values_list("status", flat=True))
    counts = tab_counts(OrderFilters()) or {}
    if +Counter(counts) != stands:
        yield f"the tabs count {counts}, and the orders are {dict(stands)}"
    for status, count in stands.items():
        if (shown := len(list_orders(OrderFilters(statuses=(status,))).rows)) != count:
            yield f"the list shows {shown} of {count} that are {status}"


def _ledger() -> Iterator[str]:
    """Nothing is under way where all could be done, nothing is refused without a reason, and no lane has failed."""
    with database.cursor() as cursor:
        cursor.execute(
            "select e.kind, e.key, e.state, e.error from effect e join lane n on n.id = e.lane_id"
            " left join connection c on c.id = n.connection_id"
            " where e.state in ('intended', 'trying', 'unknown') and coalesce(c.mode = 'live' and c.deleted_at is null, true)"
            " or e.state = 'refused' and e.error = '' or e.error like 'A fault in Crossdock%'"
        )
        yield from (f"effect {row}" for row in cursor.fetchall())
        cursor.execute(
            "select kind, last_error, failures, blocked_reason from lane where failures > 0 or blocked_reason is not null"
        )
        yield from (f"lane {row}" for row in cursor.fetchall())


def footprint() -> dict[str, Any]:
    """How much was done and told until now. Runs in the account's scope."""
    with database.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from effect), (select coalesce(sum(attempt), 0) from effect), (select count(*) from activity),"
            " (select count(*) from message), (select count(*) from fulfillment_order), (select count(*) from shipment)"
        )
        names = ("effects", "tries", "activity", "messages", "parts", "shipments")
        counts = dict(zip(names, cursor.fetchone(), strict=True))
        cursor.execute("select number, status, reason, issue, revision, followed, giving from sales_order order by id")
        return counts | {row[0]: row[1:] for row in cursor.fetchall()}
