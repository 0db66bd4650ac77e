"""An order file reaches the warehouse once, wherever the sending breaks off."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crossdock.connectors.files.delivery import Delivery
from crossdock.connectors.files.tests.examples import a_request, folder_settings
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown
from crossdock.connectors.kit.local_files import LocalFolder, open_local


class Crash(BaseException):
    """The process ends here."""


class Partner:
    """A folder, and a sender that can be stopped at each step."""

    def __init__(self, root: Path, folder: LocalFolder) -> None:
        self.root = root
        self.folder = folder
        self.notes: dict[str, dict[str, str]] = {}
        self.steps = 0
        self.crash_at: int | None = None
        self.begun: list[asyncio.Future[None]] = []
        for name in ("write", "rename"):
            setattr(folder, name, self._counted(getattr(folder, name)))

    def _counted(self, call):
        async def step(*arguments):
            self.step()
            self.begun.append(asyncio.ensure_future(call(*arguments)))
            await asyncio.shield(self.begun[-1])
            self.step()

        return step

    async def stopped(self) -> None:
        """A process that ended does nothing more: what its threads had begun is done before anybody looks."""
        await asyncio.gather(*self.begun, return_exceptions=True)
        self.begun.clear()

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.crash_at:
            raise Crash

    async def note(self, evidence) -> None:
        self.step()
        self.notes.update(evidence)
        self.step()

    def delivery(self, **settings) -> Delivery:
        return Delivery(self.folder, folder_settings(**settings))

    def delivered(self) -> list[str]:
        return sorted(path.name for path in (self.root / "acme/in").glob("*.csv") if not path.name.startswith("."))

    def take(self) -> list[str]:
        """The warehouse takes what is there, and deletes it."""
        names = self.delivered()
        for name in names:
            (self.root / "acme/in" / name).unlink()
        return names


@pytest.fixture
async def partner(tmp_path: Path) -> AsyncIterator[Partner]:
    for folder in ("in", "out"):
        (tmp_path / "acme" / folder).mkdir(parents=True)
    async with open_local([tmp_path], "acme", may_write=True) as folder:
        yield Partner(tmp_path, folder)


async def test_an_order_is_one_file_named_after_it(partner):
    (done,) = await partner.delivery().send([a_request()], partner.note)

    assert isinstance(done, Done)
    assert done.external_id == "ord_1001_260131235958.csv"
    assert partner.delivered() == [done.external_id]
    content = (partner.root / "acme/in" / done.external_id).read_bytes()
    assert (done.evidence["size"], done.evidence["sha256"]) == (str(len(content)), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("warehouse_takes_it", [False, True])
@pytest.mark.parametrize("orders_per_file", [1, 3])
async def test_wherever_the_process_ends_each_order_arrives_once(partner, orders_per_file, warehouse_takes_it):
    requests = [a_request(str(number)) for number in range(1, 5)]
    step = 0
    while True:
        step += 1
        partner.steps, partner.crash_at, partner.notes = 0, step, {}
        taken: list[str] = []
        try:
            await partner.delivery(orders_per_file=orders_per_file).send(requests, partner.note)
            break
        except Crash:
            partner.crash_at = None
            await partner.stopped()
        if warehouse_takes_it:
            taken += partner.take()

        found = await partner.delivery(orders_per_file=orders_per_file).find(requests, partner.notes)
        known = {answer.key for answer in found}
        assert not any(answer.differs for answer in found)
        rest = [request for request in requests if request.key not in known]
        outcomes = await partner.delivery(orders_per_file=orders_per_file).send(rest, partner.note)
        assert all(isinstance(outcome, Done) for outcome in outcomes)
        contents = [partner.root / "acme/in" / name for name in partner.delivered()]
        taken += partner.delivered()
        assert len(taken) == len(set(taken)) == (4 if orders_per_file == 1 else 2), f"crash at step {step}"
        for path in contents:
            path.unlink()
    assert step > (10 if orders_per_file == 1 else 6)


async def test_taken_and_unanswered_is_found_and_not_sent_again(partner):
    await partner.delivery().send([a_request()], partner.note)
    partner.take()

    (found,) = await partner.delivery().find([a_request()], partner.notes)

    assert (found.differs, found.evidence["picked_up"]) == (None, "true")


@pytest.mark.parametrize("kept_in", ["in/archive", "in/archive/2026/01"])
async def test_a_file_the_warehouse_keeps_is_found_there(partner, kept_in):
    await partner.delivery().send([a_request()], partner.note)
    kept = partner.root / "acme" / kept_in
    kept.mkdir(parents=True)
    (name,) = partner.delivered()
    (partner.root / "acme/in" / name).rename(kept / name)

    (found,) = await partner.delivery().find([a_request()], {})

    assert (found.external_id, found.differs, found.evidence["where"]) == (name, None, f"/{kept_in}/{name}")


async def test_nothing_noted_and_nothing_there_may_be_sent(partner):
    assert await partner.delivery().find([a_request()], {}) == []


async def test_a_file_of_that_name_with_other_content_is_not_ours(partner):
    (partner.root / "acme/in/ord_1001_260131235958.csv").write_bytes(b"planted\n")

    (found,) = await partner.delivery().find([a_request()], {})
    (failed,) = await partner.delivery().send([a_request()], partner.note)

    assert found.differs == "it has other content"
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, InvalidData)
    assert (partner.root / "acme/in/ord_1001_260131235958.csv").read_bytes() == b"planted\n"


async def test_sending_again_what_already_stands_there_is_done_and_not_doubled(partner):
    await partner.delivery().send([a_request()], partner.note)

    (done,) = await partner.delivery().send([a_request()], partner.note)

    assert isinstance(done, Done)
    assert partner.delivered() == ["ord_1001_260131235958.csv"]


async def test_an_order_that_does_not_fit_holds_up_no_other(partner):
    outcomes = await partner.delivery().send([a_request("A 1"), a_request("2")], partner.note)

    by_key = {outcome.key: outcome for outcome in outcomes}
    assert isinstance(by_key["store:1/order:2/part:1"], Done)
    assert by_key["store:1/order:A 1/part:1"].error.field == "reference"
    assert partner.delivered() == ["ord_2_260131235958.csv"]


async def test_a_draft_taken_away_before_its_renaming_is_unknown(partner):
    async def steals(evidence) -> None:
        await partner.note(evidence)
        for path in (partner.root / "acme/in").iterdir():
            path.unlink()

    (failed,) = await partner.delivery().send([a_request()], steals)

    assert isinstance(failed.error, OutcomeUnknown)


async def test_what_an_older_attempt_left_behind_is_not_delivered_in_place_of_the_noted_one(partner):
    await partner.delivery().send([a_request()], partner.note)
    partner.take()
    (partner.root / "acme/in/.ord_1001_260131235958.csv.00000000.tmp").write_bytes(b"left behind\n")

    (found,) = await partner.delivery().find([a_request()], partner.notes)

    assert found.evidence["stage"] == "picked_up"
    assert partner.delivered() == []
