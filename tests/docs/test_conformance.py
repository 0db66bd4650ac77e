"""The conformance report is what the simulators are found to be now, and no folder with deviations is silent about itself."""

import pytest

from support import conformance
from support.conformance import Deviation

pytestmark = pytest.mark.xdist_group("conformance")  # worked out once for all of them


@pytest.mark.needs_reference
def test_the_report_is_fresh(reference):
    wanted = conformance.page(reference)

    assert conformance.PAGE.read_text() == wanted, "run `make conformance`"


@pytest.mark.needs_reference
def test_every_real_order_is_understood_and_whoever_lists_deviations_says_what_is_compared(reference):
    found = conformance.platforms(reference)

    assert [one.name for one in found if one.deviations and one.facts is None] == []
    assert [one.name for one in found if one.payloads and one.payloads.agreed != one.payloads.total] == []
    assert [one.name for one in found if one.facts and not one.facts.operations] == []


def test_every_deviation_of_every_folder_has_a_place_and_a_reason():
    tables = sorted(conformance.CONNECTORS.glob("*/simulator/tests/deviations.toml"))

    for table in tables:
        for deviation in conformance._deviations(table):
            assert deviation.places, table
            assert len(deviation.reason) > 5, (table, deviation.places)
    assert tables


def test_a_folder_without_facts_is_listed_as_one(tmp_path):
    bare = conformance.Platform("acme", "Acme", None, None, 0, ())

    text = "\n".join(conformance._section(bare))

    assert "does not say yet what its simulator is compared with" in text
    assert "No known deviation." in text


def test_rows_with_the_same_reason_stand_together(tmp_path):
    path = tmp_path / "deviations.toml"
    path.write_text(
        '[[deviation]]\nwhat = "a"\nwhy = "because"\n[[deviation]]\nexchanges = ["b", "c"]\nreason = "because"\n'
        '[[deviation]]\nwhere = "d"\nreason = "another"\n'
    )

    assert conformance._deviations(path) == (Deviation(("a", "b", "c"), "because"), Deviation(("d",), "another"))
