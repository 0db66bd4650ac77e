"""SFTP against a real server: the pinned key, the ways to sign in, what goes wrong, and that nothing is followed."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import msgspec
import pytest

from crossdock.connectors.files.simulator import FileWarehouse
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, Unavailable
from crossdock.connectors.kit.http import ObserveOnly
from crossdock.connectors.kit.sftp_files import SftpFolder, SftpLogin, open_sftp


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[FileWarehouse]:
    simulator = FileWarehouse(folder=tmp_path)
    await simulator.start()
    simulator.add_merchant("acme", "right")
    yield simulator
    await simulator.stop()


def login(server: FileWarehouse, **changes) -> SftpLogin:
    return msgspec.structs.replace(
        SftpLogin("127.0.0.1", server.sftp_port, "acme", "right", None, None, server.fingerprint), **changes
    )


@asynccontextmanager
async def opened(server: FileWarehouse, *, may_write: bool = True, **changes) -> AsyncIterator[SftpFolder]:
    wanted = login(server, **changes)
    door = Door(realm="sandbox", listeners=frozenset({(wanted.host, wanted.port)}))
    async with open_sftp(wanted, door=door, may_write=may_write) as folder:
        yield folder


async def refused(server: FileWarehouse, **changes) -> Exception:
    with pytest.raises((InvalidData, AuthenticationFailed, Unavailable)) as error:
        async with opened(server, **changes):
            pass
    return error.value


async def read(folder, path: str) -> bytes:
    return b"".join([piece async for piece in folder.read(path)])


async def test_the_first_visit_shows_the_host_key_and_sends_no_password(server):
    error = await refused(server, host_key="")

    assert isinstance(error, InvalidData)
    assert error.field == "host_key"
    assert server.fingerprint in error.message


async def test_another_host_key_stops_before_anything_secret_is_sent(server):
    other = asyncssh.generate_private_key("ssh-ed25519")

    error = await refused(server, host_key=other.get_fingerprint(), password="wrong anyway")

    assert (type(error), error.field) == (InvalidData, "host_key")
    assert "another host key" in error.message


@pytest.mark.parametrize("form", ["fingerprint", "public key", "known hosts", "several"])
async def test_the_host_key_is_pinned_in_any_form_people_paste(server, form):
    public = server._host_key.export_public_key().decode()
    pasted = {
        "fingerprint": server.fingerprint,
        "public key": public,
        "known hosts": f"sftp.example.com {public}",
        "several": f"SHA256:other, {server.fingerprint}",
    }[form]

    async with opened(server, host_key=pasted) as folder:
        assert await folder.entries("in") == []


async def test_text_that_is_no_host_key_is_refused(server):
    assert (await refused(server, host_key="yes")).field == "host_key"


async def test_a_wrong_password_names_its_field(server):
    error = await refused(server, password="wrong")

    assert isinstance(error, AuthenticationFailed)
    assert error.field == "password"


@pytest.mark.parametrize("passphrase", [None, "open sesame"])
async def test_a_private_key_opens(server, passphrase):
    key = asyncssh.generate_private_key("ssh-ed25519")
    server.add_merchant("keyed", public_key=key.get_fingerprint())
    text = key.export_private_key("pkcs8-pem", passphrase=passphrase).decode()

    async with opened(server, username="keyed", password=None, private_key=text, passphrase=passphrase) as folder:
        assert await folder.entries("/in") == []


async def test_a_key_pasted_into_a_single_line_opens(server):
    key = asyncssh.generate_private_key("ssh-ed25519")
    server.add_merchant("keyed", public_key=key.get_fingerprint())
    text = key.export_private_key().decode().replace("\n", "")

    async with opened(server, username="keyed", password=None, private_key=text) as folder:
        assert await folder.entries("/in") == []


async def test_a_key_the_server_does_not_know_names_its_field(server):
    text = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()

    error = await refused(server, password=None, private_key=text)

    assert (type(error), error.field) == (AuthenticationFailed, "private_key")


async def test_a_wrong_passphrase_and_a_broken_key_name_their_fields(server):
    locked = asyncssh.generate_private_key("ssh-ed25519").export_private_key("pkcs8-pem", passphrase="one").decode()

    assert (await refused(server, password=None, private_key=locked, passphrase="two")).field == "passphrase"
    assert (await refused(server, password=None, private_key=locked, passphrase=None)).field == "passphrase"
    assert (await refused(server, password=None, private_key="hello")).field == "private_key"


async def test_nobody_listening_is_unavailable(server, unused_tcp_port):
    assert isinstance(await refused(server, port=unused_tcp_port), Unavailable)


async def test_a_server_that_does_not_speak_ssh_is_unavailable(server):
    port = int(server.url.rpartition(":")[2])

    error = await refused(server, port=port)

    assert isinstance(error, Unavailable)


async def test_files_are_written_renamed_listed_and_read(server):
    content = bytes(range(256)) * 1_000
    async with opened(server) as folder:
        await folder.write("in/.a.csv.tmp", b"old")
        await folder.write("in/.a.csv.tmp", content)
        await folder.rename("in/.a.csv.tmp", "in/a.csv")

        assert [(entry.name, entry.size) for entry in await folder.entries("in")] == [("a.csv", len(content))]
        assert await read(folder, "/in/a.csv") == content
        assert await folder.stat("in/none.csv") is None
        with pytest.raises(FileNotFoundError):
            await read(folder, "in/none.csv")


async def test_a_rename_never_replaces(server):
    (server.place_of("acme") / "in/a.csv").write_bytes(b"theirs")
    async with opened(server) as folder:
        await folder.write("in/.a.csv.tmp", b"ours")

        with pytest.raises(FileExistsError):
            await folder.rename("in/.a.csv.tmp", "in/a.csv")
        with pytest.raises(FileNotFoundError):
            await folder.rename("in/.none.tmp", "in/b.csv")

    assert (server.place_of("acme") / "in/a.csv").read_bytes() == b"theirs"


async def test_links_pipes_and_odd_names_are_left_alone(server):
    place = server.place_of("acme") / "in"
    (place / "shp_link.csv").symlink_to("/etc/hostname")
    (place / "away").symlink_to("/etc")
    os.mkfifo(place / "shp_pipe.csv")
    (place / "shp_\x01.csv").write_bytes(b"")
    async with opened(server) as folder:
        assert await folder.entries("in") == []
        for name in ("shp_link.csv", "shp_pipe.csv"):
            assert await folder.stat(f"in/{name}") is None
            with pytest.raises(InvalidData):
                await read(folder, f"in/{name}")
        with pytest.raises(InvalidData):
            await folder.entries("in/away")
        with pytest.raises(InvalidData):
            await folder.stat("in/../../other")


async def test_the_root_setting_is_where_paths_begin(server):
    (server.place_of("acme") / "deep/in").mkdir(parents=True)
    async with opened(server, root="/deep") as folder:
        await folder.make_folder("in/archive/2026")
        assert await folder.entries("in") == []

    assert (server.place_of("acme") / "deep/in/archive/2026").is_dir()


async def test_a_missing_folder_is_named(server):
    async with opened(server) as folder:
        with pytest.raises(InvalidData, match="/nowhere"):
            await folder.entries("nowhere")


async def test_a_refused_rename_says_what_right_is_missing(server):
    server.refuse_rename()
    async with opened(server) as folder:
        await folder.write("in/.a.csv.tmp", b"ours")
        with pytest.raises(InvalidData, match="right to rename"):
            await folder.rename("in/.a.csv.tmp", "in/a.csv")


async def test_a_rename_that_fails_for_no_said_reason_is_tried_again_later(server):
    server.fail_next(status=500, operation="rename")
    async with opened(server) as folder:
        await folder.write("in/.a.csv.tmp", b"ours")
        with pytest.raises(Unavailable, match="does not let Crossdock rename"):
            await folder.rename("in/.a.csv.tmp", "in/a.csv")

        await folder.rename("in/.a.csv.tmp", "in/a.csv")


async def test_a_full_disk_is_unavailable_and_called_that_without_the_name_of_a_draft(server):
    server.fill_disk()
    async with opened(server) as folder:
        with pytest.raises(Unavailable, match=r"The disk of .* is full") as told:
            await folder.write("in/.a.csv.tmp", b"ours")

    assert ".tmp" not in told.value.message


@pytest.mark.parametrize("happens", [True, False])
async def test_a_line_cut_at_a_change_leaves_the_outcome_unknown(server, happens):
    async with opened(server) as folder:
        await folder.write("in/.a.csv.tmp", b"ours")
        (server.hang_up_after_write if happens else server.hang_up_before_write)()
        with pytest.raises(OutcomeUnknown):
            await folder.rename("in/.a.csv.tmp", "in/a.csv")
        with pytest.raises(Unavailable):
            await folder.write("in/.b.csv.tmp", b"never sent")

    assert (server.place_of("acme") / "in/a.csv").exists() is happens


async def test_a_line_cut_at_a_look_is_unavailable(server):
    async with opened(server) as folder:
        server.truncate_next(operation="stat")
        with pytest.raises(Unavailable):
            await folder.stat("in/a.csv")


async def test_observing_changes_nothing(server):
    async with opened(server, may_write=False) as folder:
        for attempt in (
            folder.write("in/.a.tmp", b""),
            folder.rename("in/a", "in/b"),
            folder.discard("in/.a.tmp"),
            folder.make_folder("x"),
        ):
            with pytest.raises(ObserveOnly):
                await attempt

    assert server.writes() == []


async def test_only_temporary_files_are_ever_deleted(server):
    async with opened(server) as folder:
        await folder.write("in/.a.csv.tmp", b"draft")
        await folder.discard("in/.a.csv.tmp")
        await folder.discard("in/.a.csv.tmp")

        assert await folder.stat("in/.a.csv.tmp") is None
        with pytest.raises(ValueError, match="temporary"):
            await folder.discard("in/a.csv")
