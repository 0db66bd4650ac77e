"""A local folder gives no way out of itself, and no way round its promises."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.files import is_fit, is_unfinished, parts_of, temporary
from crossdock.connectors.kit.http import ObserveOnly
from crossdock.connectors.kit.local_files import LocalFolder, open_local


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"key")
    folder = tmp_path / "account" / "acme"
    (folder / "in").mkdir(parents=True)
    return folder


async def read(folder, path: str) -> bytes:
    return b"".join([piece async for piece in folder.read(path)])


async def test_files_are_written_renamed_listed_and_read(place):
    async with open_local([place.parent], "acme", may_write=True) as folder:
        await folder.write("in/.a.csv.tmp", b"one")
        await folder.rename("in/.a.csv.tmp", "/in/a.csv")

        assert [(entry.name, entry.size) for entry in await folder.entries("/in")] == [("a.csv", 3)]
        assert await read(folder, "in/a.csv") == b"one"
        assert (await folder.stat("in/a.csv")).size == 3
        assert await folder.stat("in/b.csv") is None


async def test_a_rename_never_replaces(place):
    (place / "in/a.csv").write_bytes(b"theirs")
    async with open_local([place.parent], "acme", may_write=True) as folder:
        await folder.write("in/.a.csv.tmp", b"ours")

        with pytest.raises(FileExistsError):
            await folder.rename("in/.a.csv.tmp", "in/a.csv")

    assert (place / "in/a.csv").read_bytes() == b"theirs"
    assert (place / "in/.a.csv.tmp").read_bytes() == b"ours"


async def test_whoever_is_canceled_in_the_middle_leaves_nothing_under_way(place, monkeypatch):
    go_on, real = threading.Event(), LocalFolder._rename

    def slow(self, path, to):
        go_on.wait(10)
        real(self, path, to)

    monkeypatch.setattr(LocalFolder, "_rename", slow)
    async with open_local([place.parent], "acme", may_write=True) as folder:
        await folder.write("in/.a.csv.tmp", b"ours")
        renaming = asyncio.create_task(folder.rename("in/.a.csv.tmp", "in/a.csv"))
        await asyncio.sleep(0)
        renaming.cancel()
        asyncio.get_running_loop().call_later(0.05, go_on.set)

        with pytest.raises(asyncio.CancelledError):
            await renaming

    assert (place / "in/a.csv").read_bytes() == b"ours"


async def test_renaming_what_is_gone_says_so(place):
    async with open_local([place.parent], "acme", may_write=True) as folder:
        with pytest.raises(FileNotFoundError):
            await folder.rename("in/.a.csv.tmp", "in/a.csv")


@pytest.mark.parametrize(
    "path", ["../secret", "in/../../../secret", "/in/../..", "./in", "in/\0", "in/a\nb", "x" * 256, "in/\\a", "/"]
)
async def test_a_path_that_leads_elsewhere_is_refused(place, path):
    async with open_local([place.parent], "acme", may_write=True) as folder:
        with pytest.raises(InvalidData):
            await read(folder, path)


async def test_links_are_neither_listed_nor_read_nor_moved(place):
    (place / "in/shp_link.csv").symlink_to(place.parents[1] / "secret")
    os.link(place.parents[1] / "secret", place / "in/shp_hard.csv")
    async with open_local([place.parent], "acme", may_write=True) as folder:
        assert await folder.entries("in") == []
        for name in ("shp_link.csv", "shp_hard.csv"):
            assert await folder.stat(f"in/{name}") is None
            with pytest.raises(InvalidData):
                await read(folder, f"in/{name}")
            with pytest.raises(InvalidData):
                await folder.rename(f"in/{name}", "in/moved.csv")


async def test_a_linked_folder_is_not_entered(place):
    (place / "away").symlink_to(place.parents[1])
    async with open_local([place.parent], "acme", may_write=True) as folder:
        for attempt in (folder.entries("away"), read(folder, "away/secret"), folder.write("away/.x.tmp", b"")):
            with pytest.raises(InvalidData):
                await attempt

    assert not (place.parents[1] / ".x.tmp").exists()


async def test_pipes_and_folders_are_no_files(place):
    os.mkfifo(place / "in/shp_pipe.csv")
    (place / "in/shp_folder.csv").mkdir()
    async with open_local([place.parent], "acme", may_write=True) as folder:
        assert await folder.entries("in") == []
        for name in ("shp_pipe.csv", "shp_folder.csv"):
            with pytest.raises(InvalidData):
                await read(folder, f"in/{name}")


async def test_writing_goes_through_no_link(place):
    (place / "in/.a.csv.tmp").symlink_to(place.parents[1] / "secret")
    async with open_local([place.parent], "acme", may_write=True) as folder:
        await folder.write("in/.a.csv.tmp", b"ours")

    assert (place.parents[1] / "secret").read_bytes() == b"key"
    assert not (place / "in/.a.csv.tmp").is_symlink()


async def test_only_temporary_names_are_written(place):
    async with open_local([place.parent], "acme", may_write=True) as folder:
        with pytest.raises(ValueError, match="temporary"):
            await folder.write("in/a.csv", b"")


async def test_names_that_could_be_mistaken_are_set_aside(place):
    for name in (b"shp_\x01.csv", b".shp_hidden.csv", b"shp_\xff.csv", b"shp_\\.csv", "shp_ü.csv".encode()):
        (place / "in" / os.fsdecode(name)).write_bytes(b"")
    async with open_local([place.parent], "acme", may_write=True) as folder:
        assert [entry.name for entry in await folder.entries("in")] == ["shp_ü.csv"]


async def test_observing_changes_nothing(place):
    async with open_local([place.parent], "acme", may_write=False) as folder:
        for attempt in (
            folder.write("in/.a.tmp", b""),
            folder.rename("in/a", "in/b"),
            folder.discard("in/.a.tmp"),
            folder.make_folder("out"),
        ):
            with pytest.raises(ObserveOnly):
                await attempt

    assert [path.name for path in place.rglob("*")] == ["in"]


async def test_the_oldest_come_first_and_a_listing_is_bounded(place):
    for number, name in enumerate(("b", "c", "a")):
        (place / "in" / name).write_bytes(b"")
        os.utime(place / "in" / name, (number, number))
    async with open_local([place.parent], "acme", may_write=False) as folder:
        assert [entry.name for entry in await folder.entries("in")] == ["b", "c", "a"]
        assert [entry.name for entry in await folder.entries("in", most=2)] == ["b", "c"]


async def test_a_missing_folder_is_named(place):
    async with open_local([place.parent], "acme", may_write=False) as folder:
        with pytest.raises(InvalidData, match="/out"):
            await folder.entries("/out")


async def test_folders_are_made_once(place):
    async with open_local([place.parent], "acme", may_write=True) as folder:
        await folder.make_folder("out/archive/2026/01")
        await folder.make_folder("out/archive/2026/01")

    assert (place / "out/archive/2026/01").is_dir()


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "ACME", "acme ", "a" * 41, "acme\n"])
async def test_a_tenant_names_nothing_but_a_folder_of_its_own(place, name):
    with pytest.raises(InvalidData) as refused:
        async with open_local([place.parent], name, may_write=False):
            pass

    assert refused.value.field == "folder"


async def test_a_linked_root_folder_of_a_tenant_is_refused(place):
    (place.parent / "sly").symlink_to(place.parents[1])

    with pytest.raises(InvalidData):
        async with open_local([place.parent], "sly", may_write=False):
            pass


async def test_a_tenants_folder_lies_under_any_root_and_the_first_that_has_it_is_used(tmp_path):
    first, second = tmp_path / "one" / "account", tmp_path / "two" / "account"
    first.parent.mkdir()
    (second / "acme").mkdir(parents=True)
    (second / "acme" / "seen.csv").write_bytes(b"x")

    async with open_local([tmp_path / "gone" / "account", first, second], "acme", may_write=False) as folder:
        names = [entry.name for entry in await folder.entries("")]

    assert names == ["seen.csv"]
    assert not first.exists()


async def test_a_tenants_folder_is_made_below_the_first_root_that_is_there(tmp_path):
    (tmp_path / "two").mkdir()
    roots = [tmp_path / "gone" / "account", tmp_path / "two" / "account"]

    for _ in range(2):
        async with open_local(roots, "acme", may_write=False, inside=("/in", "/out/new")) as folder:
            assert await folder.entries("") == []

    assert (tmp_path / "two" / "account" / "acme" / "out" / "new").is_dir()
    assert not (tmp_path / "gone").exists()


async def test_nothing_is_made_where_no_root_is_there(tmp_path):
    with pytest.raises(InvalidData, match="none of the roots in CROSSDOCK_FOLDERS is there"):
        async with open_local([tmp_path / "gone" / "account"], "acme", may_write=True):
            pass

    assert not (tmp_path / "gone").exists()


async def test_folders_are_off_unless_the_operator_names_a_root():
    with pytest.raises(InvalidData, match="CROSSDOCK_FOLDERS"):
        async with open_local((), "acme", may_write=False):
            pass


@pytest.mark.parametrize("name", [".a.csv", "a.csv.tmp", "a.csv.FILEPART", "a.part", "a.crdownload", temporary("a.csv")])
def test_names_of_files_being_written_are_known(name):
    assert is_unfinished(name)


def test_plain_names_are_fit():
    assert is_fit("shp_1_260131.csv")
    assert not is_unfinished("shp_1_260131.csv")
    assert parts_of("/out//archive/") == ("out", "archive")


async def test_only_temporary_files_are_ever_deleted(place):
    async with open_local([place.parent], "acme", may_write=True) as folder:
        await folder.write("in/.a.csv.tmp", b"draft")
        await folder.discard("in/.a.csv.tmp")
        await folder.discard("in/.a.csv.tmp")

        assert await folder.stat("in/.a.csv.tmp") is None
        with pytest.raises(ValueError, match="temporary"):
            await folder.discard("in/a.csv")
