"""Every request we send and every answer the simulator gives, against the derived document; and the captured exchanges again."""

import json
import tomllib
from pathlib import Path

import pytest

from crossdock.connectors.nuorder.simulator.tests.scenario import differing, document, everything, replay
from crossdock.connectors.nuorder.tests.rig import Rig

pytestmark = pytest.mark.needs_reference

TABLE = tomllib.loads((Path(__file__).parent / "deviations.toml").read_text())["deviation"]


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def test_every_call_and_every_answer_is_as_derived_but_for_named_deviations(rig, reference):
    await everything(rig)

    used, problems = differing(document(reference), rig.exchanges)

    known = {one["what"] for one in TABLE if "what" in one}
    assert len(used) >= 13
    assert sorted(problems - known) == []
    assert sorted(known - problems) == []


async def test_captured_exchanges_are_answered_as_they_were(rig, reference):
    outcome = await replay(rig, reference)

    known = {one["exchange"] for one in TABLE if "exchange" in one}
    assert outcome.total == 19
    assert {place: said for place, said in outcome.differences.items() if place not in known} == {}
    assert known <= set(outcome.differences)


def test_every_deviation_has_its_reason():
    assert all(one["why"].strip() for one in TABLE)


def test_recorded_authorization_headers_can_be_read(reference):
    import yaml

    from crossdock.connectors.nuorder.simulator.access import parsed

    cassette = yaml.safe_load((reference / "fixtures/nuorder/cassette__get.yml").read_text())
    (header,) = cassette["http_interactions"][0]["request"]["headers"]["Authorization"]

    assert parsed(header)["oauth_signature"] == "6b72fa36e4b22f30378b91761f0e623b0c779e07"
    assert json.loads(cassette["http_interactions"][0]["response"]["body"]["string"])["code"] == 404
