"""A shopper who asks to be forgotten is forgotten everywhere, and stays so; what stays sends nothing a second time."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from django.db import connection as database

from crossdock.accounts.models import Audit
from crossdock.activity.models import Activity, PrivacyRequest
from crossdock.activity.services import opened
from crossdock.connections.models import Effect, Store
from crossdock.connections.privacy import note_request
from crossdock.connectors.kit.declaration import Privacy
from crossdock.desk.privacy import requests
from crossdock.domain.returns import Return, ReturnLine, ReturnState
from crossdock.inbound.receiving import take_returns
from crossdock.orders import services as orders
from crossdock.orders.models import SalesOrder
from support.world import MERCHANT, World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")

EMAIL = "quillfeather.zyx@canary.example.com"
CANARIES = {
    "name": "Zephyrine",
    "surname": "Quillfeather",
    "company": "Quagmire Holdings",
    "street": "77 Xylophone Crescent",
    "unit": "Apartment Vortex",
    "city": "Brambleport",
    "zip": "90733",
    "phone": "5550199731",
    "email": "quillfeather.zyx",
    "note": "leave it with the gargoyle",
}
SHIP_TO = {
    "firstName": CANARIES["name"],
    "lastName": CANARIES["surname"],
    "name": f"{CANARIES['name']} {CANARIES['surname']}",
    "company": CANARIES["company"],
    "address1": CANARIES["street"],
    "address2": CANARIES["unit"],
    "city": CANARIES["city"],
    "zip": CANARIES["zip"],
    "phone": f"+1{CANARIES['phone']}",
}


def an_order_of_hers(world: World) -> str:
    return world.shop.add_order(email=EMAIL, ship_to=SHIP_TO, note=CANARIES["note"], lines=[{"sku": "BLUE-M", "quantity": 2}])


def traces(world: World) -> dict[str, set[str]]:
    """Where in the database anything of her stands: by table, what."""
    found: dict[str, set[str]] = {}
    for table, text in everything(world):
        if here := {name for name, canary in CANARIES.items() if canary.lower() in text.lower()}:
            found.setdefault(table, set()).update(here)
    return found


COLUMNS = """
select c.table_name, c.column_name, c.data_type from information_schema.columns c
  join pg_class t on t.relname = c.table_name and t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p')
 where c.table_schema = 'public' and not t.relispartition and has_table_privilege(t.oid, 'select')
   and c.data_type in ('text', 'character varying', 'jsonb', 'json', 'ARRAY', 'bytea') order by 1, 2
"""


def everything(world: World) -> Iterator[tuple[str, str]]:
    """Every text there is in tables that this account or everybody sees, archived bodies opened and unpacked."""
    with database.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column, kind in cursor.fetchall():
            if table.startswith("auth_") or table == "django_migrations":
                continue
            if table == "message" and kind == "bytea":
                cursor.execute(f'select id, "{column}" from message')
                for message_id, sealed in cursor.fetchall():
                    yield table, opened(world.account.pk, message_id, column, bytes(sealed)).body.decode(errors="replace")
                continue
            cursor.execute(f'select "{column}" from "{table}" where "{column}" is not null')
            for (value,) in cursor.fetchall():
                yield table, as_text(value)


def as_text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        with suppress(zlib.error):
            raw = zlib.decompress(raw)
        return raw.decode(errors="replace")
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


async def shipped(world: World) -> None:
    world.wms.take_orders()
    world.wms.ship_all(MERCHANT)
    await world.poll("fulfillment.pull")


async def asks(world: World, kind: str, **more: Any) -> PrivacyRequest:
    row = await world.there(lambda: note_request(Store.objects.get(pk=world.store.pk), Privacy(kind, "", **more)))
    await world.settle()
    return await world.there(lambda: PrivacyRequest.objects.get(pk=row.pk))


async def test_a_finished_order_leaves_no_trace_of_the_shopper_in_any_table():
    async with a_world() as world:
        an_order_of_hers(world)
        world.shop.add_order(email="someone.else@example.com")
        await world.settle()
        await shipped(world)
        assert set((await world.statuses()).values()) == {"closed"}
        await world.there(a_return_of_hers, world)
        await world.there(a_quarrel_about, world)
        before = await world.there(traces, world)
        assert {"sales_order", "sales_order_content", "order_search", "message", "sales_return_content"} <= before.keys()
        effects = await world.there(
            lambda: list(Effect.objects.order_by("id").values_list("kind", "key", "state", "external_id"))
        )

        row = await asks(world, "erase_person", email=EMAIL.upper())

        assert await world.there(traces, world) == {}
        assert (row.state, row.orders, row.erased, row.subject) == ("done", 1, 1, None)
        assert row.about == "Q•••@C•••.COM"
        # Whoever else ordered is left as he was, and what was done stays done.
        other = (await world.orders())["#1002"]
        assert (bool(other.ship_name), other.erased_at) == (True, None)
        hers = (await world.orders())["#1001"]
        assert (hers.number, hers.units, hers.ship_country, hers.status) == ("#1001", 2, "US", "closed")
        after = await world.there(lambda: list(Effect.objects.order_by("id").values_list("kind", "key", "state", "external_id")))
        assert after == effects
        assert await world.there(lambda: Activity.objects.filter(kind="order.erased", order_id=hers.pk).count()) == 1
        actions = await world.there(
            lambda: list(Audit.objects.filter(action__startswith="privacy.").values_list("action", flat=True))
        )
        assert sorted(actions) == ["privacy.begun", "privacy.erased"]


def a_return_of_hers(world: World) -> None:
    row = SalesOrder.objects.get(number="#1001")
    one = Return(
        external_id="r-1",
        number="#1001-R1",
        state=ReturnState.APPROVED,
        requested_at=row.placed_at,
        updated_at=row.placed_at,
        lines=(ReturnLine("1", "BLUE-M", "Shirt", 1, reason="Too small", note=f"{CANARIES['name']} says: {CANARIES['note']}"),),
        order_id=row.external_id,
        order_number=row.number,
        note=CANARIES["note"],
    )
    raw = msgspec.json.encode({"customer": EMAIL})
    take_returns(store_id=row.store_id, merchant_id=row.merchant_id, returns=[one], raws=[raw])


def a_quarrel_about(world: World) -> None:
    """What platforms may quote when they refuse something."""
    row = SalesOrder.objects.get(number="#1001")
    quoted = f"Cannot deliver to {SHIP_TO['name']}, {CANARIES['street']}."
    SalesOrder.objects.filter(pk=row.pk).update(issue=quoted)
    Effect.objects.filter(kind="warehouse.send", key__contains=f"/order:{row.external_id}/").update(error=quoted)
    Activity.objects.filter(order_id=row.pk, kind="order.given").update(params={"why": [quoted]})
    with database.cursor() as cursor:
        cursor.execute("update lane set last_error = %s where kind = 'fulfillment.send'", [quoted])
        cursor.execute(
            "insert into left_out (account_id, store_id, external_id, what, why, raw, last_seen)"
            " values (%s, %s, '999', 'order', 'No id.', %s, now())",
            [world.account.pk, world.store.pk, zlib.compress(msgspec.json.encode({"email": EMAIL}))],
        )


async def test_what_was_erased_does_not_come_back_with_the_order_and_is_not_sent_again():
    async with a_world() as world:
        an_order_of_hers(world)
        await world.settle()
        await shipped(world)
        await asks(world, "erase_person", email=EMAIL)

        world.shop.touch_order(1001)
        await world.poll()
        await world.hurry()

        assert await world.there(traces, world) == {}
        order = (await world.orders())["#1001"]
        assert (order.status, order.revision > 1) == ("closed", True)
        world.wms.take_orders()
        assert set(world.wms.orders_received(MERCHANT).values()) == {1}


async def test_an_order_under_way_is_erased_when_it_is_finished():
    async with a_world() as world:
        an_order_of_hers(world)
        await world.settle()

        row = await asks(world, "erase_person", email=EMAIL)

        assert (row.state, row.orders, row.erased) == ("waits", 1, 0)
        assert "privacy_request" not in await world.there(traces, world)
        assert (await world.orders())["#1001"].ship_name

        await shipped(world)
        await world.poll("privacy.act")

        assert await world.there(traces, world) == {}
        row = await world.there(lambda: PrivacyRequest.objects.get(pk=row.pk))
        assert (row.state, row.erased) == ("done", 1)


async def test_nobody_can_have_an_erased_order_sent():
    async with a_world(live=False) as world:
        an_order_of_hers(world)
        await world.there(world.set_mode, "observe")
        await world.settle()
        row = (await world.orders())["#1001"]
        await world.there(lambda: orders.archive(actor=world.actor, ids=[row.pk]))
        await asks(world, "erase_person", email=EMAIL)

        again = await world.there(lambda: orders.reprocess(actor=world.actor, ids=[row.pk]))
        fresh = await world.there(lambda: orders.reset(actor=world.actor, ids=[row.pk]))

        assert [(one.is_done, "erased" in one.text) for one in again + fresh] == [(False, True), (False, True)]
        assert await world.statuses() == {"#1001": "archived"}


async def test_a_shop_that_left_is_erased_and_one_that_still_lets_us_in_is_not():
    async with a_world() as world:
        an_order_of_hers(world)
        await world.settle()
        await shipped(world)

        refused = await asks(world, "erase_store")

        assert (refused.state, refused.outcome) == ("refused", requests.STILL_THERE)
        assert await world.there(traces, world) != {}

        world.shop.revoke_key()
        erased = await asks(world, "erase_store")

        assert (erased.state, erased.orders) == ("done", 1)
        assert await world.there(traces, world) == {}


async def test_what_is_held_is_gathered_and_forgotten_when_it_was_answered():
    async with a_world() as world:
        an_order_of_hers(world)
        world.shop.add_order(email="someone.else@example.com")
        await world.settle()

        row = await asks(world, "gather", email=EMAIL)
        held = await world.there(lambda: requests.gathered(actor=world.actor, row=row))

        assert row.state == "waits"
        (order,) = held["orders"]
        assert order["understood"]["ship_to"]["name"] == SHIP_TO["name"]
        assert CANARIES["street"] in order["received"]
        assert "someone.else" not in msgspec.json.encode(held).decode()

        await world.there(lambda: requests.answer(actor=world.actor, row=row))

        row = await world.there(lambda: PrivacyRequest.objects.get(pk=row.pk))
        assert (row.state, row.subject) == ("done", None)
        assert (await world.orders())["#1001"].ship_name
