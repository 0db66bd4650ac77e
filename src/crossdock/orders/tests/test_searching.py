"""Finding orders: by any number, name, e-mail, SKU or tracking number, with signs that mean something to SQL, and only one's own."""

from decimal import Decimal

import msgspec
import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crossdock.accounts.rights import system
from crossdock.accounts.testing import an_account
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.orders import Address, OrderLine
from crossdock.fulfillment.testing import a_sent_order, a_shipment
from crossdock.orders import searching
from crossdock.orders.queries import OrderFilters, list_orders, tab_counts
from crossdock.orders.searching import _after, cleaned, find, pattern_of
from crossdock.orders.services import delete
from crossdock.orders.testing import ADA, a_canonical_order, an_order, received
from crossdock.tenancy.scope import scoped
from crossdock.ui.paging import NEWEST


def found(account, text, merchants=None, **filters):
    with scoped(account.pk, merchants):
        return [row.id for row in list_orders(OrderFilters(text=text, **filters)).rows]


@pytest.fixture
def store(account):
    return a_store(account)


def named(account, store, name, **changes):
    return an_order(account, store, ship_to=msgspec.structs.replace(ADA, name=name), bill_to=None, **changes)


@pytest.mark.parametrize(
    "text",
    [
        "#77001",
        "77001",
        "gid/55",
        "robin QUIRK",
        "uirk",
        "ROBIN@example.com",
        "robin@ex",
        "PO-9",
        "blue-m",
        "BLUE-M",
        "(555) 010-9911",
    ],
)
def test_an_order_is_found_by_whatever_is_known_of_it(account, store, text):
    order = a_canonical_order(
        number="#77001",
        external_id="gid/55",
        ship_to=msgspec.structs.replace(ADA, name="Robin Quirk"),
        email="robin@example.com",
        customer_po="PO-9",
        phone="555 010 9911",
        lines=(OrderLine("1", "BLUE-M", "Blue shirt", Decimal(1), Decimal(1)),),
    )
    (row,) = received(account, store, [order])
    an_order(account, store)

    assert found(account, text) == [row.pk]


def test_an_order_is_found_by_its_tracking_number_whole_or_in_part(account):
    connection = a_connection(account)
    order = an_order(account, connection.store)
    a_shipment(account, a_sent_order(account, connection, order), tracking="1Z999AA10123456784")
    an_order(account, connection.store)

    assert found(account, "1z999aa10123456784") == [order.pk]
    assert found(account, "0123456784") == [order.pk]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", "100%", "a_b", "c\\d", "--", "$1", "{}", "%(x)s"])
def test_signs_of_patterns_mean_themselves(account, store, sign):
    named(account, store, "Nobody Else")
    hit = named(account, store, f"Ann {sign}{sign}{sign} Bee")

    assert found(account, sign * 3) == [hit.pk]


@pytest.mark.parametrize("text", ["\x00", " ", "\n\t", "\x00ab", "‮abc"])
def test_control_characters_find_nothing_and_break_nothing(account, store, text):
    named(account, store, "Somebody")

    assert cleaned(text) in ("", "ab", "abc")
    assert found(account, text) == []


def test_fewer_than_three_letters_look_for_the_beginning_of_a_number_only(account, store):
    begins = an_order(account, store, number="N1-7")
    named(account, store, "N1", number="X-8")

    assert found(account, "N1") == [begins.pk]
    assert found(account, "n1") == [begins.pk]


def test_a_whole_number_is_taken_before_its_parts_and_parts_can_be_asked_for(account, store):
    whole = an_order(account, store, number="#5001")
    part = an_order(account, store, number="#50012")

    assert found(account, "5001") == [whole.pk]
    assert found(account, "5001", is_anywhere=True) == [part.pk, whole.pk]


def test_digits_are_the_end_of_a_number_before_they_are_a_part_of_anything(account, store):
    end, start = an_order(account, store, number="#771042"), an_order(account, store, number="#104277")
    unit = named(account, store, "Unit 1042")

    assert found(account, "1042") == found(account, "#1042") == [end.pk]
    assert set(found(account, "1042", is_anywhere=True)) == {end.pk, start.pk, unit.pk}
    with scoped(account.pk):
        assert list_orders(OrderFilters(text="1042")).recognized == "end"


def test_digits_that_end_no_number_are_looked_for_everywhere(account, store):
    unit = named(account, store, "Unit 9077", number="#5")

    assert found(account, "9077") == [unit.pk]


def test_digits_that_end_too_many_numbers_are_looked_for_everywhere(account, store, monkeypatch):
    orders = [an_order(account, store, number=f"#{number}1042") for number in (1, 2)]
    unit = named(account, store, "Unit 1042", number="#5")
    monkeypatch.setattr(searching, "MOST", 2)

    assert set(found(account, "1042")) == {unit.pk, *(order.pk for order in orders)}


def test_fewer_than_four_digits_and_letters_are_no_end_of_a_number(account, store):
    numbered = [an_order(account, store, number=number).pk for number in ("#771042", "#X-EVAN")]
    named_so = [named(account, store, name, number="#5").pk for name in ("Unit 042", "Evan")]

    for text, pair in zip(("042", "EVAN"), zip(numbered, named_so, strict=True), strict=True):
        assert set(found(account, text)) == set(pair)


def test_somebody_elses_numbers_have_no_end(account):
    mine, other = a_store(account), a_store(account)
    order = an_order(account, mine, number="#771042")
    an_order(account, other, number="#881042")

    assert found(account, "1042", merchants=(mine.merchant_id,)) == [order.pk]
    with scoped(an_account().pk):
        assert find("1042").ids == ()


def test_numbers_of_others_and_of_deleted_orders_are_not_too_many_to_be_meant(account, monkeypatch):
    mine, other = a_store(account), a_store(account)
    order, gone = (an_order(account, mine, number=f"#{number}1042") for number in (77, 88))
    for number in (11, 22):
        an_order(account, other, number=f"#{number}1042")
    delete(actor=system(account.pk), ids=[gone.pk])
    monkeypatch.setattr(searching, "MOST", 2)

    with scoped(account.pk, (mine.merchant_id,)):
        assert find("1042").ids == (order.pk,)
        assert find("1042").recognized == "end"


def test_people_limited_to_merchants_find_only_theirs(account):
    mine, others = a_store(account), a_store(account)
    seen = named(account, mine, "Quentin Twin", number="#900")
    named(account, others, "Quentin Twin", number="#900")

    for text in ("#900", "quentin", "SKU-1"):
        assert found(account, text, merchants=[mine.merchant_id]) == [seen.pk]
    with scoped(account.pk, [mine.merchant_id]):
        assert sum(tab_counts(OrderFilters(text="quentin")).values()) == 1


@pytest.mark.parametrize("little", [0, 100])
def test_a_limited_person_finds_the_few_of_theirs_among_many_of_others(account, monkeypatch, little):
    monkeypatch.setattr(searching, "MOST", 4)
    monkeypatch.setattr(searching, "FAR", 6)
    monkeypatch.setattr(searching, "LITTLE", little)
    mine, others = a_store(account), a_store(account)
    seen = [named(account, mine, "Quentin Twin", number=f"N{at}") for at in range(3)]
    for at in range(12):
        named(account, others, "Quentin Twin", number=f"N{at}")

    for text in ("quentin", "N", "SKU-1"):
        assert set(found(account, text, merchants=[mine.merchant_id])) == {row.pk for row in seen}, text
    with scoped(account.pk, [mine.merchant_id]):
        assert sum(tab_counts(OrderFilters(text="quentin")).values()) == 3


@pytest.mark.parametrize(("few", "little"), [(0, 0), (8, 0), (8, 100)])
def test_a_limited_persons_common_word_is_paged_through_without_loss(account, monkeypatch, few, little):
    monkeypatch.setattr(searching, "MOST", 8)
    monkeypatch.setattr(searching, "FAR", 15)
    monkeypatch.setattr(searching, "FEW", few)
    monkeypatch.setattr(searching, "LITTLE", little)
    mine, others = a_store(account), a_store(account)
    rows = received(account, mine, [a_canonical_order(lines=1) for _ in range(40)])
    received(account, others, [a_canonical_order(lines=1) for _ in range(40)])

    seen, before = [], None
    with scoped(account.pk, [mine.merchant_id]):
        while True:
            page = list_orders(OrderFilters(text="ada marsh"), before, 5)
            seen += [row.id for row in page.rows]
            before = page.older
            if before is None:
                break
    assert sorted(seen) == sorted(row.pk for row in rows)


def test_somebody_with_few_orders_finds_all_that_carry_a_word_and_their_counts(account, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 4)
    monkeypatch.setattr(searching, "LITTLE", 12)
    mine, others = a_store(account), a_store(account)
    old = [named(account, mine, "Olga Older") for _ in range(6)]
    for store in (mine, others):
        for _ in range(6):
            named(account, store, "Nell Newer")
        named(account, others, "Olga Older")

    with scoped(account.pk, [mine.merchant_id]):
        filters = OrderFilters(text="olga older")
        first = list_orders(filters, limit=4)
        second = list_orders(filters, first.older, limit=4)
        counts = tab_counts(filters, first)

    assert [row.id for row in (*first.rows, *second.rows)] == [row.pk for row in reversed(old)]
    assert (second.older, counts["new"]) == (None, 6)


def test_an_address_is_found_where_many_share_what_stands_before_its_domain(account, store, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 4)
    monkeypatch.setattr(searching, "FAR", 6)
    hit = an_order(account, store, email="orders@one.example")
    for _ in range(10):
        an_order(account, store, email="orders@other.example")

    assert found(account, "orders@one.example") == [hit.pk]
    assert found(account, "orders@on") == [hit.pk]


def test_an_address_is_not_found_by_what_stands_before_its_domain_alone(account, store):
    an_order(account, store, email="robin@example.com")

    assert found(account, "robin@example.org") == []


def test_a_list_and_its_counts_search_once(account, store):
    named(account, store, "Once Only")
    with scoped(account.pk):
        listed = list_orders(OrderFilters(text="once only"))
        with CaptureQueriesContext(database) as queries:
            counts = tab_counts(OrderFilters(text="once only"), listed)

    assert (len(queries), counts["new"]) == (0, 1)


def test_another_account_finds_nothing(account, store):
    named(account, store, "Quentin Alone", number="#901")
    stranger = an_account()

    for text in ("#901", "quentin", "90", "SKU-1"):
        assert found(stranger, text) == []


def test_a_search_is_narrowed_by_the_other_filters(account, store):
    kept = named(account, store, "Pia Narrow", status="error")
    named(account, store, "Pia Narrow")

    assert found(account, "pia narrow", statuses=("error",)) == [kept.pk]
    assert found(account, "pia narrow", statuses=("closed",)) == []


def test_a_common_word_is_paged_through_without_loss(account, store, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 8)
    monkeypatch.setattr(searching, "FAR", 15)
    rows = received(account, store, [a_canonical_order(lines=1) for _ in range(40)])

    seen, before = [], None
    with scoped(account.pk):
        while True:
            page = list_orders(OrderFilters(text="ada marsh"), before, 5)
            seen += [row.id for row in page.rows]
            before = page.older
            if before is None:
                break
    assert sorted(seen) == sorted(row.pk for row in rows)
    assert len(seen) == len(set(seen))


def test_a_word_common_only_among_old_orders_says_how_far_was_looked_and_leads_on(account, store, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 3)
    monkeypatch.setattr(searching, "FAR", 5)
    old = [named(account, store, "Olga Older") for _ in range(4)]
    for _ in range(9):
        named(account, store, "Nell Newer")

    with scoped(account.pk):
        first = list_orders(OrderFilters(text="olga older"))
        assert (first.rows, first.walked) == ((), 5)
        second = list_orders(OrderFilters(text="olga older"), first.older)
        third = list_orders(OrderFilters(text="olga older"), second.older)
    assert {row.id for row in (*second.rows, *third.rows)} == {row.pk for row in old}


def test_a_pattern_escapes_its_own_signs_and_is_small():
    assert pattern_of(r"A%b_C\d") == r"%a\%b\_c\\d%"


@pytest.mark.parametrize("text", ["A", "1Z", "é", "\ud7ff", "a\U0010ffff", "\U0010ffff"])
def test_what_begins_with_a_text_lies_before_the_text_after_it(text):
    assert text < _after(text) or text == "\U0010ffff"
    assert (text + "\U0010ffff" < _after(text)) or "\U0010ffff" in text


def test_nothing_typed_finds_nothing(account):
    with scoped(account.pk):
        assert find("  ", before=NEWEST).ids == ()


def test_an_order_without_address_is_found_by_its_number(account, store):
    order = an_order(account, store, ship_to=None, bill_to=Address(), email=None, phone=None)

    assert found(account, order.number) == [order.pk]
