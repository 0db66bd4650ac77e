"""Files that are delivered once, though others have a hand in the folder."""

import pytest

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown
from crossdock.connectors.kit.parcels import Parcels, Sought, parcel
from crossdock.connectors.kit.tests.shelf import Shelf

FILE = parcel(["key"], "a.csv", b"ours")
DRAFT = f"in/{FILE.draft}"


def at(shelf):
    return Parcels(shelf, "in", at="warehouse", field="orders")


async def send(shelf, meanwhile=lambda: None):
    """Deliver the file; what happens in the folder between its draft and its renaming."""

    async def note(evidence):
        meanwhile()

    (outcome,) = await at(shelf).send([FILE], note)
    return outcome


async def look_up(shelf, *kept):
    """What is found of the file, of which was noted that it is being renamed."""
    found = await at(shelf).find([Sought(("key",), "a.csv", kept, FILE.evidence, None)])
    return [(one.evidence.get("stage"), one.differs) for one in found]


async def test_what_stands_there_already_is_delivered_without_another_draft():
    shelf = Shelf()
    shelf.files["in/a.csv"] = b"ours"

    assert isinstance(await send(shelf), Done)
    assert shelf.written == []


async def test_what_somebody_else_delivered_alike_in_the_meantime_is_delivered_and_leaves_no_draft():
    shelf = Shelf()

    outcome = await send(shelf, lambda: shelf.files.update({"in/a.csv": b"ours"}))

    assert isinstance(outcome, Done)
    assert shelf.files == {"in/a.csv": b"ours"}


async def test_a_file_of_the_same_name_with_other_content_is_not_taken_for_ours():
    shelf = Shelf()

    outcome = await send(shelf, lambda: shelf.files.update({"in/a.csv": b"theirs"}))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert shelf.files["in/a.csv"] == b"theirs"


async def test_whether_a_file_that_cannot_be_read_is_ours_is_not_known():
    shelf = Shelf()
    shelf.closed.add("in/a.csv")

    outcome = await send(shelf, lambda: shelf.files.update({"in/a.csv": b"theirs"}))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, OutcomeUnknown)


async def test_a_draft_that_was_not_renamed_is_renamed_by_whoever_looks():
    shelf = Shelf()
    shelf.files[DRAFT] = b"ours"

    assert await look_up(shelf) == [("delivered", None)]
    assert shelf.files == {"in/a.csv": b"ours"}


async def test_whoever_only_observes_renames_nothing():
    shelf = Shelf(may_write=False)
    shelf.files[DRAFT] = b"ours"

    assert await look_up(shelf) == []
    assert shelf.files == {DRAFT: b"ours"}


async def test_a_draft_of_which_a_part_was_lost_is_not_delivered():
    shelf = Shelf()
    shelf.files[DRAFT] = b"ou"

    assert await look_up(shelf) == []
    assert shelf.files == {DRAFT: b"ou"}


async def test_a_file_that_appears_while_a_draft_is_renamed_is_looked_up_again():
    shelf = Shelf()
    shelf.files[DRAFT] = b"ours"
    shelf.meanwhile = lambda: shelf.files.update({"in/a.csv": b"theirs"})

    with pytest.raises(OutcomeUnknown):
        await look_up(shelf)


async def test_a_file_that_is_taken_while_it_is_looked_at_is_looked_for_where_it_went():
    shelf = Shelf()
    shelf.files["in/a.csv"] = b"ours"
    shelf.meanwhile = lambda: shelf.files.update({"kept/a.csv": shelf.files.pop("in/a.csv")})

    assert await look_up(shelf, "kept/a.csv") == [("delivered", None)]


async def test_an_archive_that_is_closed_to_us_says_nothing_and_a_closed_folder_stops_the_look():
    shelf = Shelf()
    shelf.files["kept/a.csv"] = b"ours"
    shelf.closed.add("kept/a.csv")

    assert await look_up(shelf, "kept/a.csv") == [("picked_up", None)]

    shelf.files["in/a.csv"] = b"ours"
    shelf.closed.add("in/a.csv")
    with pytest.raises(AuthenticationFailed):
        await look_up(shelf)
