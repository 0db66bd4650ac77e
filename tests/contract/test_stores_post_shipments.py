"""Every store that is told what left: told once, told the truth, and asked before it is told again."""

from decimal import Decimal

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import Done, Failed, PostsShipments
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.http import ObserveOnly
from crossdock.domain.fulfillment import NoticeLine, Tracking

rig = every_connector_that(PostsShipments)

TWO_LINES = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]


async def an_order(rig, **more):
    return await rig.order(rig.places(lines=TWO_LINES, **more))


async def test_a_shipment_is_posted_with_its_units_and_tracking(rig):
    order = await an_order(rig)
    notice = rig.notice(order)

    (outcome,) = await rig.post(notice)

    assert isinstance(outcome, Done)
    assert outcome.external_id
    assert rig.told() == {notice.tracking[0].number: 1}
    assert sorted(rig.shipped_units(order.external_id).values()) == [2, 3]


async def test_parts_are_posted_as_they_leave(rig):
    order = await an_order(rig)

    await rig.post(rig.notice(order, {"RED": 1}))
    after_first = await rig.order(order.external_id)
    await rig.post(rig.notice(order, {"RED": 2, "BLUE": 2}))
    after_last = await rig.order(order.external_id)

    assert [line.to_ship for line in after_first.lines] == [2, 2]
    assert after_last.units_to_ship == 0
    assert [line.ordered for line in after_last.lines] == [3, 2]


async def test_several_boxes_of_one_shipment_are_told_together(rig):
    order = await an_order(rig)
    boxes = (Tracking("1Z999AA10000009001"), Tracking("1Z999AA10000009002"))

    (outcome,) = await rig.post(rig.notice(order, tracking=boxes))

    assert isinstance(outcome, Done)
    assert rig.told() == {"1Z999AA10000009001": 1, "1Z999AA10000009002": 1}
    assert sorted(rig.shipped_units(order.external_id).values()) == [2, 3]


async def test_an_answer_lost_after_the_write_is_unknown_then_found_and_not_doubled(rig):
    order = await an_order(rig)
    notice = rig.notice(order)
    rig.sim.hang_up_after_write(operation=rig.posts_with)

    (outcome,) = await rig.post(notice)
    found = await rig.find(notice)

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, OutcomeUnknown)
    assert notice.key in found
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_a_line_cut_before_the_write_is_not_found_and_may_be_sent_again(rig):
    order = await an_order(rig)
    notice = rig.notice(order, {"RED": 1})
    rig.sim.hang_up_before_write()

    (outcome,) = await rig.post(notice)
    found = await rig.find(notice)
    (again,) = await rig.post(notice)

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, OutcomeUnknown | Unavailable)
    assert set(found) == ({notice.key} if rig.looks_again else set())
    assert isinstance(again, Done)
    assert rig.told() == {notice.tracking[0].number: 1}


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_5xx_after_the_write_is_unknown_then_found(rig, status):
    order = await an_order(rig)
    notice = rig.notice(order)
    rig.sim.fail_next(n=1, status=status, after_write=True, operation=rig.posts_with)

    (outcome,) = await rig.post(notice)
    found = await rig.find(notice)

    assert (isinstance(outcome, Failed) and isinstance(outcome.error, OutcomeUnknown)) or (rig.looks_again and outcome)
    assert notice.key in found
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_posting_again_changes_nothing(rig):
    order = await an_order(rig)
    notice = rig.notice(order, {"RED": 1})
    await rig.post(notice)
    rig.sim.forget_log()

    (again,) = await rig.post(notice)

    assert isinstance(again, Done)
    assert rig.sim.writes() == []
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_a_shipment_without_tracking_is_posted_and_found(rig):
    order = await an_order(rig)
    notice = rig.notice(order, {"RED": 1}, tracking=())
    rig.sim.hang_up_after_write(operation=rig.posts_with)

    (outcome,) = await rig.post(notice)
    found = await rig.find(notice)

    assert isinstance(outcome, Failed)
    assert notice.key in found
    assert sum(rig.shipped_units(order.external_id).values()) == 1


async def test_what_was_posted_before_is_not_taken_for_the_shipment_under_way(rig):
    order = await an_order(rig)
    await rig.post(rig.notice(order, {"RED": 1}, tracking=()))
    notice = rig.notice(order, {"RED": 1}, tracking=())
    rig.sim.hang_up_before_write()

    await rig.post(notice)
    found = await rig.find(notice)

    # What was begun may be finished by the look-up; then both have arrived.
    assert set(found) == ({notice.key} if rig.looks_again else set())
    assert sum(rig.shipped_units(order.external_id).values()) == (2 if rig.looks_again else 1)


async def test_more_units_than_are_left_are_refused_with_the_item(rig):
    order = await an_order(rig)
    await rig.post(rig.notice(order, {"BLUE": 2}))

    (outcome,) = await rig.post(rig.notice(order, {"BLUE": 1}))

    if not rig.judges_units:
        assert isinstance(outcome, Done)
        return
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert "BLUE" in outcome.error.message


@pytest.mark.parametrize("before", ["more than was ordered", "shipped elsewhere", "canceled", "taken off", "refunded"])
async def test_what_is_not_left_to_ship_is_refused_in_plain_words(rig, before):
    order = await an_order(rig)
    notice = rig.notice(order, {"RED": 3})
    if before == "more than was ordered":
        line = next(line.external_id for line in order.lines if line.sku == "RED")
        notice = rig.notice(order, lines=(NoticeLine(line, Decimal(7)),))
    elif before == "shipped elsewhere":
        rig.ships_elsewhere(order.external_id, {"RED": 3})
    elif before == "canceled":
        rig.cancels(order.external_id)
    elif before == "refunded":
        rig.refunds(order.external_id, {"RED": 3})
    elif rig.lines_shrink:
        rig.reduces(order.external_id, {"RED": 1})
    else:
        rig.cancels(order.external_id)
    standing = rig.shipped_units(order.external_id)

    (outcome,) = await rig.post(notice)

    if not rig.judges_units:
        assert isinstance(outcome, Done)
        return
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    message = outcome.error.message
    assert "RED" in message or order.number in message
    assert not set("{}[]_") & set(message.replace(order.number, "")), message
    assert "http" not in message.lower()
    assert notice.tracking[0].number not in rig.told()
    assert rig.shipped_units(order.external_id) == standing


async def test_old_shipments_mail_nobody_and_new_ones_do_where_the_platform_mails(rig):
    old, new = await an_order(rig), await an_order(rig)

    await rig.post(rig.notice(old, mail_customer=False))
    after_old = rig.mailed()
    await rig.post(rig.notice(new))

    assert after_old == 0
    assert rig.mailed() == (1 if rig.mails else 0)


async def test_a_key_revoked_in_the_middle_posts_each_shipment_once(rig):
    orders = [await an_order(rig) for _ in range(3)]
    notices = [rig.notice(order) for order in orders]
    await rig.post(notices[0])
    rig.sim.revoke_key()

    outcomes = await rig.post(*notices[1:])
    if not rig.renews:
        assert all(isinstance(outcome.error, AuthenticationFailed) for outcome in outcomes if isinstance(outcome, Failed))
        assert rig.told() == {notices[0].tracking[0].number: 1}
        rig.gives_new_key()
        outcomes = await rig.post(*notices[1:])

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert rig.told() == {notice.tracking[0].number: 1 for notice in notices}


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationFailed), (429, RateLimited), (503, Unavailable)])
async def test_what_the_platform_refuses_before_the_write_is_named(rig, status, error):
    order = await an_order(rig)
    rig.sim.fail_next(n=30, status=status, retry_after=5)

    (outcome,) = await rig.post(rig.notice(order))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, error if rig.is_paced or error is not RateLimited else Unavailable)
    assert rig.told() == {}


async def test_one_bad_shipment_holds_up_no_other(rig):
    good, bad = await an_order(rig), await an_order(rig)
    lines = (NoticeLine("999999999", bad.lines[0].to_ship),)

    outcomes = await rig.post(rig.notice(bad, lines=lines), rig.notice(good))

    assert [type(outcome) for outcome in outcomes] == [Failed, Done]


async def test_shipments_of_one_order_are_posted_one_after_the_other(rig):
    order = await an_order(rig)
    notices = [rig.notice(order, {"RED": 1}) for _ in range(3)]

    outcomes = await rig.post(*notices)

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert sorted(rig.shipped_units(order.external_id).values()) == [3]
    assert set(rig.told().values()) == {1}


async def test_a_connection_that_only_observes_posts_nothing(rig):
    order = await an_order(rig)
    rig.sim.forget_log()

    with pytest.raises(ObserveOnly):
        await rig.post(rig.notice(order), may_write=False)

    assert rig.sim.writes() == []


async def test_twenty_shipments_arrive_once_though_lines_are_cut(rig):
    orders = [await an_order(rig) for _ in range(20)]
    notices = [rig.notice(order) for order in orders]
    rig.sim.hang_up_after_write(n=4)
    rig.sim.hang_up_before_write(n=3)

    await rig.post_as_the_hub_does(*notices)

    assert rig.told() == {notice.tracking[0].number: 1 for notice in notices}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_each_shipment_is_told_once_whatever_happens_on_the_line(rig, seed):
    orders = [await an_order(rig) for _ in range(15)]
    notices = {
        notice.key: notice for order in orders for notice in (rig.notice(order, {"RED": 1}), rig.notice(order, {"RED": 2}))
    }
    kinds = ["status_503", "cut_before", "cut_after", "truncate", "status_503_after_write"]
    rig.sim.faults(0.25, seed=seed, kinds=kinds)

    left = dict(notices)
    for _ in range(60):
        outcomes = await rig.post(*left.values()) if left else []
        left = {outcome.key: notices[outcome.key] for outcome in outcomes if isinstance(outcome, Failed)}
        left = {key: notice for key, notice in left.items() if not await looked_up(rig, notice)}

    assert left == {}
    # Where many shipments share a file or a call there is little on the line that can break.
    assert rig.sim.troubles.done.total() > (0 if rig.looks_again else 4)
    assert rig.told() == {notice.tracking[0].number: 1 for notice in notices.values()}
    assert sum(sum(rig.shipped_units(order.external_id).values()) for order in orders) == 45


async def looked_up(rig, notice):
    """Whether the store has it, asked until it answers."""
    while True:
        try:
            return notice.key in await rig.find(notice)
        except Unavailable:
            continue
