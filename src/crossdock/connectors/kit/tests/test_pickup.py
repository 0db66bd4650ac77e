"""Only files that are whole are read, and only what was read is put away."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.connectors.kit import pickup
from crossdock.connectors.kit.pickup import Pickup, Receipt, Waits, Whole, receipt_of
from crossdock.connectors.kit.tests.shelf import Shelf


@pytest.fixture
def shelf():
    return Shelf()


def at(shelf):
    return Pickup(shelf, "in", archive="kept", quiet=timedelta(0))


async def take(shelf, content=b"1"):
    """What is read of a file with this content."""
    shelf.files["in/a.csv"] = content
    return await at(shelf).take(await shelf.stat("in/a.csv"))


async def test_a_file_that_grows_while_it_is_read_waits(shelf):
    shelf.meanwhile = lambda: shelf.files.update({"in/a.csv": b"12"})

    assert await take(shelf) == Waits("a.csv", None)


async def test_a_file_that_is_written_over_while_it_is_read_waits(shelf):
    shelf.meanwhile = lambda: setattr(shelf, "changed_at", shelf.changed_at + timedelta(seconds=1))

    assert await take(shelf) == Waits("a.csv", None)


@pytest.mark.parametrize(("age", "is_told"), [(timedelta(minutes=1), False), (timedelta(days=1), True)])
async def test_an_empty_file_is_waited_for_and_told_of_after_a_while(shelf, age, is_told):
    shelf.changed_at = datetime.now(UTC) - age

    waits = await take(shelf, b"")

    assert isinstance(waits, Waits)
    assert bool(waits.why) is is_told


async def test_a_file_that_is_too_large_is_told_of_and_not_read(shelf, monkeypatch):
    monkeypatch.setattr(pickup, "LARGEST", 3)

    waits = await take(shelf, b"1234")

    assert isinstance(waits, Waits)
    assert "Split it" in waits.why


async def test_a_file_that_changed_after_it_was_read_is_not_put_away(shelf):
    whole = await take(shelf)
    assert isinstance(whole, Whole)
    shelf.files["in/a.csv"] = b"12"

    await at(shelf).settle(receipt_of(whole.taken, has_records=True, rejected=()).text())

    assert shelf.files == {"in/a.csv": b"12"}


async def test_a_file_of_a_name_that_came_before_is_put_beside_the_other(shelf):
    for content in (b"1", b"2"):
        whole = await take(shelf, content)
        await at(shelf).settle(Receipt(read=(whole.taken,)).text())

    assert sorted(shelf.files.values()) == [b"1", b"2"]
    assert all(path.startswith("kept/2026/01/a.") for path in shelf.files)
