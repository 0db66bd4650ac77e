"""The effect ledger: what a crash, a cut line or a refusal leaves behind, and what the next run makes of it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from crossdock.connections.effects import FAULT, Claimed, Settled, _claim, _land, _note, intend, run_effects
from crossdock.connections.models import Effect
from crossdock.connections.testing import a_connection
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.jobs import leases
from crossdock.jobs.lanes import LeaseLost, Run, renew
from crossdock.jobs.wakes import open_lane
from crossdock.tenancy.scope import in_db, scoped


class Platform:
    """A ledgered effect whose platform is a set of keys. `troubles` are what it answers to the next calls."""

    kind = "warehouse.send"

    def __init__(self) -> None:
        self.has: dict[str, int] = {}
        self.asked: list[str] = []
        self.troubles: list[Exception | None] = []
        self.takes_then_fails = False
        self.foreign: set[str] = set()
        self.unwanted: set[str] = set()
        self.waiting: set[str] = set()
        self.poison = ""
        self.seen: list[Settled] = []

    def load(self, claimed: Sequence[Claimed]) -> Mapping[str, str]:
        return {effect.key: effect.key for effect in claimed if effect.key not in self.unwanted}

    def held_back(self) -> set[str]:
        return self.waiting

    async def ask(self, wanted: Sequence[str], evidence: Mapping[str, Mapping[str, str]]) -> Sequence[Found]:
        self.asked += wanted
        if self.poison in wanted:
            raise ZeroDivisionError
        return [
            Found(key, f"id-{key}", differs="it goes to another address" if key in self.foreign else None)
            for key in wanted
            if key in self.has
        ]

    async def act(self, wanted: Sequence[str], note: Note) -> Sequence[Done | Failed]:
        if self.poison in wanted:
            raise ZeroDivisionError
        await note({key: {"stage": "sending"} for key in wanted})
        outcomes: list[Done | Failed] = []
        for key in wanted:
            trouble = self.troubles.pop(0) if self.troubles else None
            if trouble is None or self.takes_then_fails:
                self.has[key] = self.has.get(key, 0) + 1
            outcomes.append(Failed(key, trouble) if trouble else Done(key, f"id-{key}"))
        return outcomes

    def landed(self, settled: Sequence[Settled]) -> None:
        self.seen += settled


@pytest.fixture
def lane(account):
    connection = a_connection(account)
    with scoped(account.pk):
        lane_id = open_lane("fulfillment.send", connection.pk)
        intend(
            "warehouse.send",
            [
                {
                    "key": f"store:1/order:{n}/part:1",
                    "lane_id": lane_id,
                    "warehouse_id": connection.warehouse_id,
                    "store_id": None,
                    "realm": "live",
                    "subject_id": n,
                }
                for n in (1, 2)
            ],
        )
    return lane_id


KEYS = ["store:1/order:1/part:1", "store:1/order:2/part:1"]


async def take(account, lane) -> Run:
    run = await in_db(account.pk, leases.take, lane, "test")
    assert run is not None
    return run


async def run_once(account, lane, platform) -> None:
    run = await take(account, lane)
    try:
        await run_effects(run, platform)
    finally:
        await in_db(account.pk, leases.end, run, due_at=None)


async def test_an_effect_happens_once_and_is_confirmed(account, lane):
    platform = Platform()

    await run_once(account, lane, platform)
    await run_once(account, lane, platform)

    assert platform.has == dict.fromkeys(KEYS, 1)
    assert platform.asked == []
    assert set(states_of(await in_db(account.pk, _all))) == {"confirmed"}


async def test_the_same_thing_intended_twice_is_one_effect(account, lane):
    again = [{"key": KEYS[0], "lane_id": lane, "warehouse_id": None, "store_id": None, "realm": "live", "subject_id": 1}]

    new = await in_db(account.pk, intend, "warehouse.send", again)

    assert new == []


async def test_what_may_have_happened_is_asked_for_before_it_is_done_again(account, lane):
    platform = Platform()
    platform.troubles = [OutcomeUnknown("The line was cut."), OutcomeUnknown("The line was cut.")]
    platform.takes_then_fails = True
    await run_once(account, lane, platform)
    assert set(states_of(await in_db(account.pk, _all))) == {"unknown"}

    await in_db(account.pk, _let_time_pass)
    await run_once(account, lane, platform)

    assert sorted(platform.asked) == KEYS
    assert platform.has == dict.fromkeys(KEYS, 1)
    assert set(states_of(await in_db(account.pk, _all))) == {"confirmed"}


async def test_what_was_lost_on_the_way_is_done_again_after_asking(account, lane):
    platform = Platform()
    platform.troubles = [OutcomeUnknown("The line was cut."), OutcomeUnknown("The line was cut.")]
    await run_once(account, lane, platform)

    await in_db(account.pk, _let_time_pass)
    await run_once(account, lane, platform)

    assert sorted(platform.asked) == KEYS
    assert platform.has == dict.fromkeys(KEYS, 1)


async def test_a_worker_that_died_in_the_middle_leaves_effects_that_are_asked_for(account, lane):
    platform = Platform()
    dead = await take(account, lane)
    await dead.write(_claim, dead, "warehouse.send", 10)
    platform.has[KEYS[0]] = 1  # it got that far
    await in_db(account.pk, _expire, lane)

    await run_once(account, lane, platform)
    assert platform.asked == []  # what it sent last may still be on its way
    await in_db(account.pk, _let_time_pass)
    await run_once(account, lane, platform)

    assert sorted(platform.asked) == KEYS
    assert platform.has == dict.fromkeys(KEYS, 1)
    with pytest.raises(LeaseLost):
        await dead.write(lambda: None)


async def test_whoever_lost_the_lane_settles_and_notes_nothing_that_another_has_in_hand(account, lane):
    late = await take(account, lane)
    (mine, _) = await late.write(_claim, late, "warehouse.send", 10)
    await in_db(account.pk, _expire, lane)
    await in_db(account.pk, _let_time_pass)
    now = await take(account, lane)
    await now.write(_claim, now, "warehouse.send", 10)

    platform = Platform()
    await in_db(account.pk, _land, late, platform, [Settled(mine, "confirmed", "late")])
    await in_db(account.pk, _note, late, "warehouse.send", {mine.key: {"stage": "late"}})

    assert platform.seen == []
    assert {(row.state, row.external_id, row.evidence) for row in await in_db(account.pk, _all)} == {("trying", None, None)}


async def test_nothing_is_done_that_could_not_be_noted_first(account, lane):
    platform = Platform()
    act = platform.act

    async def act_late(wanted, note):
        await in_db(account.pk, _expire, lane)
        return await act(wanted, note)

    platform.act = act_late

    with pytest.raises(LeaseLost):
        await run_once(account, lane, platform)

    assert platform.has == {}


@pytest.mark.parametrize("trouble", [InvalidData("No such page."), Unavailable("No answer."), AuthenticationFailed("Refused.")])
async def test_what_could_not_be_asked_for_stays_unknown_and_is_not_done(account, lane, trouble):
    platform = Platform()
    platform.troubles = [OutcomeUnknown("The line was cut."), OutcomeUnknown("The line was cut.")]
    await run_once(account, lane, platform)

    async def ask(wanted, evidence):
        raise trouble

    platform.ask = ask
    await in_db(account.pk, _let_time_pass)
    with suppress(AuthenticationFailed):
        await run_once(account, lane, platform)

    assert platform.has == {}
    assert set(states_of(await in_db(account.pk, _all))) == {"unknown"}


async def test_an_order_that_is_not_ours_is_not_adopted(account, lane):
    platform = Platform()
    platform.troubles = [OutcomeUnknown("cut"), OutcomeUnknown("cut")]
    platform.takes_then_fails = True
    platform.foreign = {KEYS[0]}
    await run_once(account, lane, platform)

    await in_db(account.pk, _let_time_pass)
    await run_once(account, lane, platform)

    rows = {row.key: row for row in await in_db(account.pk, _all)}
    assert rows[KEYS[0]].state == "refused"
    assert "it is not ours: it goes to another address" in rows[KEYS[0]].error
    assert rows[KEYS[1]].state == "confirmed"


async def test_each_error_leads_where_the_policy_says(account, lane):
    platform = Platform()
    platform.troubles = [InvalidData("The SKU is unknown."), Unavailable("No answer.")]

    await run_once(account, lane, platform)

    rows = {row.key: row for row in await in_db(account.pk, _all)}
    assert (rows[KEYS[0]].state, rows[KEYS[0]].error) == ("refused", "The SKU is unknown.")
    assert (rows[KEYS[1]].state, rows[KEYS[1]].attempt) == ("intended", 1)


async def test_being_asked_to_slow_down_is_no_failed_try(account, lane):
    platform = Platform()
    platform.troubles = [RateLimited("Slow down.", retry_after=timedelta(minutes=1))] * 2

    await run_once(account, lane, platform)

    assert {(row.state, row.attempt) for row in await in_db(account.pk, _all)} == {("intended", 0)}


async def test_refused_credentials_stop_the_lane_and_lose_nothing(account, lane):
    platform = Platform()
    platform.troubles = [AuthenticationFailed("The key is refused.")] * 2

    with pytest.raises(AuthenticationFailed):
        await run_once(account, lane, platform)

    assert {(row.state, row.attempt) for row in await in_db(account.pk, _all)} == {("intended", 0)}


async def test_what_is_not_wanted_any_more_is_never_done(account, lane):
    platform = Platform()
    platform.unwanted = {KEYS[0]}

    await run_once(account, lane, platform)

    assert platform.has == {KEYS[1]: 1}
    assert states_of(await in_db(account.pk, _all)) == ["refused", "confirmed"]


async def test_what_is_held_back_is_asked_for_and_not_done(account, lane):
    platform = Platform()
    platform.troubles = [OutcomeUnknown("cut"), OutcomeUnknown("cut")]
    await run_once(account, lane, platform)
    platform.has[KEYS[0]] = 1  # the other one was lost on the way
    platform.waiting = set(KEYS)

    await in_db(account.pk, _let_time_pass)
    await run_once(account, lane, platform)

    assert sorted(platform.asked) == KEYS
    assert platform.has == {KEYS[0]: 1}
    rows = await in_db(account.pk, _all)
    assert [(row.state, row.attempt) for row in rows] == [("confirmed", 2), ("intended", 1)]


async def test_evidence_noted_on_the_way_is_there_for_whoever_asks_later(account, lane):
    platform = Platform()
    platform.troubles = [OutcomeUnknown("cut"), OutcomeUnknown("cut")]

    await run_once(account, lane, platform)

    assert [row.evidence for row in await in_db(account.pk, _all)] == [{"stage": "sending"}] * 2


def _all() -> list[Effect]:
    return list(Effect.objects.order_by("key"))


def states_of(rows: Sequence[Effect]) -> list[str]:
    return [row.state for row in rows]


def _let_time_pass() -> None:
    for effect in Effect.objects.filter(state__in=["intended", "trying", "unknown"]):
        Effect.objects.filter(pk=effect.pk).update(next_at=effect.next_at - timedelta(days=1))


def _expire(lane_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update lane set leased_until = clock_timestamp() - interval '1 s' where id = %s", [lane_id])


async def test_a_worker_that_was_stopped_for_longer_than_its_lease_tells_the_platform_nothing_more(account, lane):
    run = await take(account, lane)
    run.sure()

    run.sure_until -= 30  # half a minute passes in which the process stands still

    with pytest.raises(LeaseLost):
        run.sure()
    with pytest.raises(LeaseLost):
        await run.write(lambda: None)


async def test_an_effect_that_runs_into_a_fault_of_ours_holds_up_no_other(account, lane):
    platform = Platform()
    platform.poison = KEYS[0]

    for _ in range(3):
        with suppress(ZeroDivisionError):
            await run_once(account, lane, platform)
        await in_db(account.pk, _let_time_pass)

    rows = {row.key: row for row in await in_db(account.pk, _all)}
    assert platform.has == {KEYS[1]: 1}
    assert rows[KEYS[1]].state == "confirmed"
    assert (rows[KEYS[0]].state, rows[KEYS[0]].error) == ("unknown", FAULT)


async def test_an_effect_of_which_not_even_the_fault_can_be_told_is_put_off_all_the_same(account, lane):
    platform = Platform()
    platform.poison = KEYS[0]

    def landed(settled: Sequence[Settled]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select 1 / %s", [sum(one.effect.key != KEYS[0] for one in settled)])

    platform.landed = landed

    for _ in range(3):
        with suppress(ZeroDivisionError):
            await run_once(account, lane, platform)
        await in_db(account.pk, _let_time_pass)

    rows = {row.key: row for row in await in_db(account.pk, _all)}
    assert rows[KEYS[1]].state == "confirmed"
    assert (rows[KEYS[0]].state, rows[KEYS[0]].error) == ("unknown", FAULT)


async def test_what_a_long_run_sent_last_is_given_as_long_as_what_it_sent_first(account, lane):
    platform = Platform()
    slow = await take(account, lane)
    await run_effects(slow, platform, most=0)
    await slow.write(_claim, slow, "warehouse.send", 10)
    await in_db(account.pk, _let_time_pass)  # it has been at it for a while, and is alive

    await in_db(account.pk, renew, slow)
    await in_db(account.pk, _expire, lane)  # now it dies
    await run_once(account, lane, platform)

    assert platform.asked == []
