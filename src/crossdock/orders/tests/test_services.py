"""What people do with orders: each guard, each role, what is told and written down, and nothing under way is ever taken back."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.rights import Actor, Forbidden
from crossdock.activity.models import Activity
from crossdock.connections.models import Effect
from crossdock.connections.queries import links_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.errors import RuleBroken
from crossdock.domain.statuses import OrderStatus
from crossdock.fulfillment.following import follow_changes
from crossdock.fulfillment.models import FulfillmentOrder
from crossdock.fulfillment.terms import terms_of
from crossdock.fulfillment.testing import a_sent_order, a_shipment, confirmed, given, posted, refused, settle_effect
from crossdock.orders import services
from crossdock.orders.models import SalesOrder, SalesOrderContent, SalesOrderLine
from crossdock.orders.testing import a_canonical_order, an_order, received
from crossdock.tenancy.scope import scoped

EVERY = ("reprocess", "reset", "archive", "delete", "release", "settle")


@pytest.fixture
def connection(account):
    return a_connection(account)


@pytest.fixture
def actor(account):
    return Actor(account_id=account.pk, person_id=None, role=Role.ADMINISTRATOR, name="Robin")


def done(name, actor, *orders, **more):
    return services.ACTIONS[name](actor=actor, ids=[order.pk for order in orders], **more)


def now(account, order):
    with scoped(account.pk):
        return SalesOrder.objects.get(pk=order.pk)


def effect_of(account, part):
    with scoped(account.pk):
        return Effect.objects.get(kind="warehouse.send", subject_id=part.pk)


def kinds(account, order):
    with scoped(account.pk):
        return list(Activity.objects.filter(order_id=order.pk).order_by("id").values_list("kind", flat=True))


# --- Rights ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_a_merchants_person_may_do_nothing(account, connection, name):
    order = an_order(account, connection.store)
    person = Actor(account_id=account.pk, person_id=None, role=Role.MERCHANT, merchants=(connection.merchant_id,))

    with pytest.raises(Forbidden):
        done(name, person, order)


def test_only_administrators_delete_what_was_sent(account, connection, actor):
    order = an_order(account, connection.store)
    a_sent_order(account, connection, order)
    staff = Actor(account_id=account.pk, person_id=None, role=Role.STAFF)

    assert not done("delete", staff, order)[0].is_done
    with pytest.raises(Forbidden):
        done("delete", staff, order, is_forced=True)
    assert done("delete", actor, order, is_forced=True)[0].is_done
    assert now(account, order).deleted_at is not None


@pytest.mark.parametrize("name", EVERY)
def test_orders_of_others_are_not_touched(account, connection, name):
    theirs = an_order(account, a_store(account), status="error", issue="Something.")
    limited = Actor(account_id=account.pk, person_id=None, role=Role.STAFF, merchants=(connection.merchant_id,))

    assert done(name, limited, theirs) == []
    assert (now(account, theirs).status, now(account, theirs).deleted_at) == ("error", None)


def test_more_than_a_request_may_change_is_refused(actor):
    with pytest.raises(RuleBroken, match="too many"):
        services.archive(actor=actor, ids=range(1, 502))


# --- Reprocess ------------------------------------------------------------------------------------------------------------------


def test_a_refused_sending_is_tried_again_and_the_warehouse_asked_first(account, connection, actor):
    order = an_order(account, connection.store)
    (part,) = given(account, connection)
    refused(account, part, "Line 1 has no SKU.")

    (outcome,) = done("reprocess", actor, order)

    effect = effect_of(account, part)
    assert outcome.is_done
    assert now(account, order).status == "queued"
    # Not "intended": what was tried before may have happened, so it is looked up before anything is sent.
    assert (effect.state, effect.attempt, effect.settled_at) == ("unknown", 0, None)


def test_a_sending_that_was_never_tried_is_simply_intended_again(account, connection, actor):
    order = an_order(account, connection.store)
    (part,) = given(account, connection)
    refused(account, part, "")
    with scoped(account.pk):
        Effect.objects.filter(subject_id=part.pk).update(attempt=0)

    done("reprocess", actor, order)

    assert effect_of(account, part).state == "intended"


def test_a_delayed_order_is_tried_now(account, connection, actor):
    order = an_order(account, connection.store)
    (part,) = given(account, connection)
    with scoped(account.pk):
        services.move([order.pk], "retry_scheduled", reasons="No answer.")
        Effect.objects.filter(subject_id=part.pk).update(next_at="2999-01-01T00:00Z", attempt=2)

    assert done("reprocess", actor, order)[0].is_done
    assert now(account, order).status == "queued"
    assert effect_of(account, part).next_at.year < 2999


@pytest.mark.parametrize("status", ["error", "skipped", "archived"])
def test_an_order_that_no_warehouse_had_is_new_again(account, connection, actor, status):
    order = an_order(account, connection.store, status=status)

    assert done("reprocess", actor, order)[0].is_done
    assert now(account, order).status == "new"
    assert "order.reprocessed" in kinds(account, order)


def test_an_abandoned_order_waits_for_its_shipment_again(account, connection, actor):
    order = an_order(account, connection.store)
    a_sent_order(account, connection, order)
    with scoped(account.pk):
        services.move([order.pk], "abandoned")

    done("reprocess", actor, order)

    assert now(account, order).status == "open"


def test_an_archived_order_goes_back_to_where_its_shipments_put_it(account, connection, actor):
    order = an_order(account, connection.store)
    posted(account, a_shipment(account, a_sent_order(account, connection, order)))
    done("archive", actor, order)

    done("reprocess", actor, order)

    assert now(account, order).status == "closed"


@pytest.mark.parametrize(
    "status", ["new", "on_hold", "queued", "open", "partially_shipped", "shipped", "closed", "routed", "bundled"]
)
def test_what_failed_nowhere_is_not_reprocessed(account, connection, actor, status):
    order = an_order(account, connection.store, status=status)

    (outcome,) = done("reprocess", actor, order)

    assert not outcome.is_done
    assert outcome.text.endswith(".")
    assert now(account, order).status == status


def test_an_order_canceled_in_the_store_is_not_sent(account, connection, actor):
    canceled = a_canonical_order(canceled_at=datetime(2026, 11, 20, tzinfo=UTC))
    (order,) = received(account, connection.store, [canceled])

    (outcome,) = done("reprocess", actor, order)

    assert not outcome.is_done
    assert "canceled in the store" in outcome.text


def test_an_order_with_nothing_left_to_ship_is_not_sent(account, connection, actor):
    order = an_order(account, connection.store, status="skipped")
    with scoped(account.pk):
        SalesOrderLine.objects.filter(order_id=order.pk).update(to_ship=0)

    assert "Nothing is left" in done("reprocess", actor, order)[0].text


# --- Reset ----------------------------------------------------------------------------------------------------------------------


def test_a_reset_takes_back_what_was_given_and_drops_edits(account, connection, actor):
    order = an_order(account, connection.store)
    (part,) = given(account, connection)
    with scoped(account.pk):
        SalesOrderContent.objects.filter(order_id=order.pk).update(edits={"ship_to": {}})

    assert done("reset", actor, order)[0].is_done

    with scoped(account.pk):
        assert FulfillmentOrder.objects.get(pk=part.pk).status == "withdrawn"
        assert SalesOrderContent.objects.get(order_id=order.pk).edits is None
        assert set(SalesOrderLine.objects.filter(order_id=order.pk).values_list("allocated", "withdrawn")) == {(0, 0)}
    assert effect_of(account, part).state == "refused"
    assert now(account, order).status == "new"


def test_a_reset_order_is_judged_as_one_that_came_just_now(account, connection, actor):
    order = an_order(account, connection.store, ship_not_before=datetime(2999, 1, 1, tzinfo=UTC))
    done("reset", actor, order)

    with scoped(account.pk):
        follow_changes(terms_of(connection.store_id, links_of(store_id=connection.store_id)))

    assert now(account, order).status == "on_hold"


def test_a_reset_order_is_given_again(account, connection, actor):
    order = an_order(account, connection.store)
    given(account, connection)
    done("reset", actor, order)
    with scoped(account.pk):
        follow_changes(terms_of(connection.store_id, links_of(store_id=connection.store_id)))

    (part,) = given(account, connection)

    assert (part.order_id, part.part) == (order.pk, 2)


def test_what_a_warehouse_has_does_not_start_over(account, connection, actor):
    order = an_order(account, connection.store)
    a_sent_order(account, connection, order)

    assert not done("reset", actor, order)[0].is_done
    assert now(account, order).status == "open"


def test_what_was_shipped_does_not_start_over_whatever_became_of_it(account, connection, actor):
    order = an_order(account, connection.store)
    a_shipment(account, a_sent_order(account, connection, order), units=1)
    done("archive", actor, order)

    assert not done("reset", actor, order)[0].is_done
    assert now(account, order).status == "archived"


# --- Under way ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["trying", "unknown"])
@pytest.mark.parametrize("name", ["reset", "archive", "delete"])
def test_a_sending_under_way_is_never_taken_back(account, connection, actor, name, state):
    order = an_order(account, connection.store)
    (part,) = given(account, connection)
    with scoped(account.pk):
        settle_effect(part.pk, state)

    (outcome,) = done(name, actor, order)

    assert (outcome.is_done, outcome.text) == (False, services.guards.UNDER_WAY)
    assert effect_of(account, part).state == state
    assert (now(account, order).status, now(account, order).deleted_at) == ("queued", None)
    with scoped(account.pk):
        assert FulfillmentOrder.objects.get(pk=part.pk).status == "given"


def test_not_even_an_administrators_force_takes_back_what_is_under_way(account, connection, actor):
    order = an_order(account, connection.store)
    (part,) = given(account, connection)
    with scoped(account.pk):
        settle_effect(part.pk, "unknown")

    assert not done("delete", actor, order, is_forced=True)[0].is_done


# --- Archive, delete, release, settle -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [status for status in OrderStatus if status is not OrderStatus.ARCHIVED])
def test_any_order_can_be_set_aside(account, connection, actor, status):
    order = an_order(account, connection.store, status=status)

    assert done("archive", actor, order)[0].is_done
    assert now(account, order).status == "archived"
    assert not done("archive", actor, order)[0].is_done


def test_an_archived_order_is_not_sent_any_more(account, connection, actor):
    order = an_order(account, connection.store)
    (part,) = given(account, connection)

    done("archive", actor, order)

    assert effect_of(account, part).state == "refused"
    with scoped(account.pk):
        assert FulfillmentOrder.objects.get(pk=part.pk).status == "withdrawn"


def test_a_deleted_order_comes_back_at_the_next_import_and_is_not_sent_twice(account, connection, actor):
    canonical = a_canonical_order()
    (order,) = received(account, connection.store, [canonical])
    given(account, connection)
    done("delete", actor, order)

    received(account, connection.store, [canonical])
    (part,) = given(account, connection)

    assert now(account, order).deleted_at is None
    assert part.part == 2


def test_an_order_that_a_warehouse_has_comes_back_where_it_stood(account, connection, actor):
    canonical = a_canonical_order()
    (order,) = received(account, connection.store, [canonical])
    (part,) = given(account, connection)
    confirmed(account, part)
    assert services.delete(actor=actor, ids=[order.pk], is_forced=True)[0].is_done

    received(account, connection.store, [canonical])

    assert (now(account, order).status, now(account, order).deleted_at) == ("open", None)
    assert given(account, connection) == []
    with scoped(account.pk):
        assert Activity.objects.get(order_id=order.pk, kind="order.came_back").params["sent"] is True
        shipment = a_shipment(account, part)
    posted(account, shipment)
    assert now(account, order).status == "closed"


def test_what_the_store_changed_of_a_sent_order_while_it_was_deleted_here_is_put_before_a_person(account, connection, actor):
    canonical = a_canonical_order()
    (order,) = received(account, connection.store, [canonical])
    (part,) = given(account, connection)
    confirmed(account, part)
    services.delete(actor=actor, ids=[order.pk], is_forced=True)
    later = canonical.updated_at + timedelta(seconds=1)

    received(account, connection.store, [msgspec.structs.replace(canonical, canceled_at=later, updated_at=later)])
    with scoped(account.pk):
        follow_changes(terms_of(connection.store_id, links_of(store_id=connection.store_id)))

    assert now(account, order).status == "open"
    assert now(account, order).issue.startswith("Canceled in the store after the warehouse had the order.")


def test_a_held_order_goes_on_when_somebody_releases_it(account, connection, actor):
    order = an_order(account, connection.store, status="on_hold")

    assert done("release", actor, order)[0].is_done
    assert now(account, order).status == "new"
    assert not done("release", actor, order)[0].is_done


def test_a_settled_issue_leaves_the_order_and_stays_in_its_story(account, connection, actor):
    order = an_order(account, connection.store, issue="2 fewer units are wanted.")

    assert done("settle", actor, order)[0].is_done

    assert now(account, order).issue == ""
    with scoped(account.pk):
        assert Activity.objects.get(order_id=order.pk, kind="order.issue_settled").params["issue"] == "2 fewer units are wanted."


def test_every_action_is_written_down_with_what_was_before(account, connection, actor):
    order = an_order(account, connection.store, status="error")

    done("reprocess", actor, order)

    with scoped(account.pk):
        row = Audit.objects.get(action="order.reprocessed", subject_id=order.pk)
    assert (row.before, row.after) == ({"status": "error"}, {"orders": [order.pk]})


def test_a_set_is_told_order_by_order(account, connection, actor):
    wrong, fine, held = (an_order(account, connection.store, status=status) for status in ("error", "closed", "on_hold"))

    outcomes = done("reprocess", actor, wrong, fine, held)

    assert [one.is_done for one in outcomes] == [True, False, False]
    assert len({one.text for one in outcomes}) == 3
