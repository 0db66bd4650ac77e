"""Orders as they come from a store."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import connection
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.accounts.models import Audit
from crossdock.accounts.rights import system
from crossdock.activity.models import Activity
from crossdock.connections.testing import a_store
from crossdock.connectors.kit.pages import Rejected
from crossdock.domain.orders import OrderLine
from crossdock.domain.units import wanted
from crossdock.orders.content import orders_with
from crossdock.orders.intake import Intake
from crossdock.orders.models import LeftOutRecord, SalesOrder, SalesOrderLine
from crossdock.orders.not_understood import set_aside, waiting
from crossdock.orders.receiving import receive_each, receive_page, stored_already
from crossdock.orders.testing import a_canonical_order
from crossdock.tenancy.scope import scoped


@pytest.fixture
def store(account):
    return a_store(account)


def receive(store, *orders, rejected=(), terms=b""):
    with scoped(store.account_id):
        return receive_page(
            intake=Intake(store.pk, store.merchant_id, terms=terms),
            orders=orders,
            raws=[msgspec.json.encode(order) for order in orders],
            rejected=rejected,
        )


def test_an_order_is_stored_once_however_often_it_comes(store):
    order = a_canonical_order()

    first, second = receive(store, order), receive(store, order)

    assert len(first.new) == 1
    assert (second.new, second.changed, second.unchanged) == ((), (), 1)
    with scoped(store.account_id):
        assert SalesOrder.objects.get().revision == 1
        assert orders_with([first.new[0]])[first.new[0]] == order


def told(store):
    with scoped(store.account_id):
        return list(Activity.objects.order_by("at").values_list("kind", "params"))


def test_an_order_of_which_only_the_moment_of_change_is_new_makes_nobody_act(store):
    order = a_canonical_order()
    later = msgspec.structs.replace(order, updated_at=order.updated_at + timedelta(minutes=1))
    receive(store, order)

    received = receive(store, later)

    assert (received.new, received.changed, received.unchanged) == ((), (), 1)
    assert [kind for kind, _ in told(store)] == ["order.imported"]
    with scoped(store.account_id):
        row = SalesOrder.objects.get()
        assert (row.revision, row.source_updated_at) == (1, later.updated_at)
        assert orders_with([row.pk])[row.pk] == later
        assert stored_already(Intake(store.pk, store.merchant_id), [(order.external_id, msgspec.json.encode(later))]) == [0]


def test_an_earlier_reading_does_not_replace_what_was_received_later(store):
    order = a_canonical_order()
    later = msgspec.structs.replace(order, updated_at=order.updated_at + timedelta(minutes=1))
    receive(store, later)

    receive(store, order)

    with scoped(store.account_id):
        row = SalesOrder.objects.get()
        assert orders_with([row.pk])[row.pk] == later


def test_an_order_that_has_shipped_is_counted_again_though_the_store_wants_as_many_as_before(store):
    order = a_canonical_order(lines=1)
    receive(store, order)
    with scoped(store.account_id):
        SalesOrderLine.objects.update(allocated=F("to_ship"), sent=F("to_ship"), shipped=F("to_ship"), posted=F("to_ship"))
        before = SalesOrderLine.objects.get().to_ship

    receive(store, msgspec.structs.replace(order, updated_at=order.updated_at + timedelta(minutes=1)))

    with scoped(store.account_id):
        assert SalesOrderLine.objects.get().to_ship == 2 * before


def test_an_order_that_an_import_setting_judges_anew_is_followed_though_nothing_in_it_changed(store):
    order = a_canonical_order()
    receive(store, order)

    received = receive(store, order, terms=b"other")

    assert len(received.changed) == 1


def test_the_story_says_what_changed(store):
    order = a_canonical_order(lines=2)
    receive(store, order)
    lines = tuple(msgspec.structs.replace(line, to_ship=Decimal(0)) for line in order.lines)

    for changes in ({"tags": ("gift",)}, {"lines": lines}, {"lines": lines[:1], "email": "new@example.com"}):
        order = msgspec.structs.replace(order, updated_at=order.updated_at + timedelta(minutes=1), **changes)
        receive(store, order)

    assert [params["what"] for kind, params in told(store) if kind == "order.changed"] == [
        ["tags"],
        ["left_to_ship"],
        ["email", "lines"],
    ]


def test_a_page_that_has_an_order_twice_keeps_the_later_version(store):
    early = a_canonical_order(updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    late = msgspec.structs.replace(early, number="#later", updated_at=datetime(2026, 1, 2, tzinfo=UTC))

    receive(store, late, early)

    with scoped(store.account_id):
        assert SalesOrder.objects.get().number == "#later"


def test_an_older_version_never_replaces_a_newer_one(store):
    now = datetime.now(UTC)
    newer = a_canonical_order(updated_at=now)
    older = msgspec.structs.replace(newer, number="#old", updated_at=now - timedelta(seconds=1))

    receive(store, newer)
    result = receive(store, older)

    assert result.changed == ()
    with scoped(store.account_id):
        assert SalesOrder.objects.get().number == newer.number


def test_a_change_of_settings_has_unchanged_orders_judged_again(store):
    order = a_canonical_order()
    receive(store, order)

    result = receive(store, order, terms=b"other settings")

    assert len(result.changed) == 1


def test_what_cannot_be_understood_is_a_row_with_its_reason_and_holds_up_nothing(store):
    bad = Rejected("77", "currency", "It has no currency.", b'{"id": 77}')

    result = receive(store, a_canonical_order(), rejected=[bad])

    assert (len(result.new), result.rejected) == (1, 1)
    with scoped(store.account_id):
        row = LeftOutRecord.objects.get()
        assert (row.external_id, row.what, row.why) == ("77", "currency", "It has no currency.")


def test_an_order_that_the_database_refuses_holds_up_no_other_of_its_page(store):
    good, bad = a_canonical_order(), a_canonical_order(currency="US\u0000")
    orders = [good, bad, a_canonical_order()]

    with scoped(store.account_id):
        result = receive_each(
            intake=Intake(store.pk, store.merchant_id), orders=orders, raws=[msgspec.json.encode(order) for order in orders]
        )

    assert (len(result.new), result.rejected) == (2, 1)
    with scoped(store.account_id):
        assert LeftOutRecord.objects.get().external_id == bad.external_id


def test_a_line_that_is_gone_is_no_longer_wanted(store):
    order = a_canonical_order(lines=2)
    receive(store, order)

    receive(store, msgspec.structs.replace(order, lines=order.lines[:1], updated_at=order.updated_at + timedelta(seconds=1)))

    with scoped(store.account_id):
        assert [line.to_ship for line in SalesOrderLine.objects.order_by("position")] == [Decimal(1), Decimal(0)]


def test_a_deleted_order_comes_back_at_the_next_import(store):
    order = a_canonical_order()
    receive(store, order)
    with scoped(store.account_id):
        SalesOrder.objects.update(deleted_at=datetime.now(UTC))

    receive(store, order)

    with scoped(store.account_id):
        row = SalesOrder.objects.get()
        assert (row.deleted_at, row.status) == (None, "new")


def test_an_order_of_another_account_is_another_order(store):
    from crossdock.accounts.testing import an_account

    other = a_store(an_account())
    order = a_canonical_order()

    receive(store, order)
    receive(other, order)

    with scoped(other.account_id):
        assert SalesOrder.objects.get().account_id == other.account_id


@pytest.fixture(scope="module")
def line_in_the_database(database, django_db_blocker):
    """One line whose figures a test sets, and what the statement makes of a new figure from the store."""
    from crossdock.accounts.testing import an_account

    django_db_blocker.unblock()
    store = a_store(an_account())
    order = a_canonical_order(lines=1)
    receive(store, order)
    moment = [order.updated_at]

    def figure(to_ship, shipped, posted, remaining):
        with scoped(store.account_id), connection.cursor() as cursor:
            cursor.execute("delete from allocation")
            cursor.execute(
                "update sales_order_line set to_ship = %s, allocated = %s, withdrawn = 0, sent = %s, shipped = %s, posted = %s",
                [to_ship, to_ship, to_ship, shipped, posted],
            )
        moment[0] += timedelta(seconds=1)
        line = OrderLine(order.lines[0].external_id, "SKU-1", "Thing", Decimal(99), remaining)
        receive(store, msgspec.structs.replace(order, lines=(line,), updated_at=moment[0], tags=(str(moment[0]),)))
        with scoped(store.account_id):
            row = SalesOrderLine.objects.get()
            return row.to_ship, row.withdrawn

    yield figure
    django_db_blocker.restore()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_the_statement_counts_as_the_domain_does(line_in_the_database, data):
    to_ship = data.draw(st.integers(0, 20).map(Decimal))
    shipped = data.draw(st.integers(0, int(to_ship)).map(Decimal))
    posted = data.draw(st.integers(0, int(shipped)).map(Decimal))
    remaining = data.draw(st.integers(0, 25).map(Decimal))

    counted, withdrawn = line_in_the_database(to_ship, shipped, posted, remaining)

    assert counted == wanted(to_ship=to_ship, shipped=shipped, posted=posted, remaining=remaining)
    assert withdrawn == max(Decimal(0), to_ship - counted)


def test_a_reason_that_quotes_what_cannot_be_stored_is_kept_all_the_same(store):
    receive(store, rejected=[Rejected("7\0", "currency", "“US\0” is no currency.", b"{}")])

    with scoped(store.account_id):
        assert LeftOutRecord.objects.get().why == "“US\ufffd” is no currency."


LONG = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(150))


def test_a_sku_that_no_index_can_hold_holds_up_no_other_order(store):
    good = a_canonical_order(external_id="1")
    bad = a_canonical_order(external_id="2", lines=(msgspec.structs.replace(good.lines[0], sku=LONG),))

    with scoped(store.account_id):
        found = receive_each(
            intake=Intake(store.pk, store.merchant_id), orders=[bad, good], raws=[msgspec.json.encode(one) for one in (bad, good)]
        )

        assert (len(found.new), found.rejected) == (1, 1)
        assert LeftOutRecord.objects.get().external_id == "2"


@pytest.mark.parametrize("external_id", [LONG, "1\x00"])
def test_what_is_not_understood_is_kept_whatever_its_id(store, external_id):
    for _ in range(2):
        receive(store, rejected=[Rejected(external_id, None, "It is no order.", b"x")])

    with scoped(store.account_id):
        assert LeftOutRecord.objects.count() == 1


def test_what_is_not_understood_for_another_reason_than_before_names_the_field_of_that(store):
    for field in ("currency", "placed_at"):
        receive(store, rejected=[Rejected("7", field, f"The {field} cannot be read.", b"{}")])

    with scoped(store.account_id):
        row = LeftOutRecord.objects.get()
    assert (row.what, row.why) == ("placed_at", "The placed_at cannot be read.")


def test_what_was_not_understood_is_forgotten_once_the_order_comes_and_is(store):
    receive(store, rejected=[Rejected(number, "currency", "“US” is no currency.", b"{}") for number in ("7", "8")])

    receive(store, a_canonical_order(external_id="7"))

    with scoped(store.account_id):
        assert LeftOutRecord.objects.get().external_id == "8"


def test_what_was_not_understood_is_forgotten_once_the_order_comes_as_it_was_known_before_and_in_its_own_store_alone(
    account, store
):
    other, order = a_store(account), a_canonical_order(external_id="7")
    receive(store, order)
    for place in (store, other):
        receive(place, rejected=[Rejected("7", "currency", "“US” is no currency.", b"{}")])

    receive(store, order)

    with scoped(account.pk):
        assert LeftOutRecord.objects.get().store_id == other.pk


def test_records_without_an_id_are_told_apart_by_what_was_received(store):
    receive(store, rejected=[Rejected(None, None, "It is no order.", raw) for raw in (b"x", b"y", b"x")])

    with scoped(store.account_id):
        assert LeftOutRecord.objects.count() == 2


def test_what_is_set_aside_comes_back_for_another_field(store):
    for field in ("currency", "placed_at"):
        receive(store, rejected=[Rejected("7", field, "It is missing.", b"{}")])
        with scoped(store.account_id):
            assert waiting().exists()
            set_aside(actor=system(store.account_id), row=LeftOutRecord.objects.get())


def test_what_is_set_aside_comes_back_for_another_reason_only(store):
    actor = system(store.account_id)
    for reason, is_waiting in (("a", True), ("a", False), ("b", True)):
        receive(store, rejected=[Rejected("7", "currency", reason, b"{}")])
        with scoped(store.account_id):
            assert waiting().exists() is is_waiting
            set_aside(actor=actor, row=LeftOutRecord.objects.get())

    with scoped(store.account_id):
        assert Audit.objects.filter(action="store.record_set_aside", subject_id=store.pk).count() == 3


def test_orders_of_a_page_are_told_apart_in_whatever_order_the_database_answers(store):
    emptied, *others = [a_canonical_order(external_id=number, lines=1) for number in "312"]
    receive(store, emptied, *others)
    later = emptied.updated_at + timedelta(minutes=1)
    changed = [msgspec.structs.replace(emptied, updated_at=later, lines=())]
    changed += [msgspec.structs.replace(order, updated_at=later, email="other@example.com") for order in others]

    with scoped(store.account_id), connection.cursor() as cursor:
        # What is left to it is a join that answers by external id.
        cursor.execute("set local enable_hashjoin = off; set local enable_nestloop = off")
        receive_page(
            intake=Intake(store.pk, store.merchant_id),
            orders=changed,
            raws=[msgspec.json.encode(order) for order in changed],
        )

    with scoped(store.account_id):
        assert dict(SalesOrderLine.objects.values_list("order__external_id", "to_ship")) == {"3": 0, "1": 1, "2": 1}
