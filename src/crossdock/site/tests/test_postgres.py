"""The embedded server: what it survives, and who gets in."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from crossdock.site import postgres
from crossdock.site.environment import Refused, read_logins, short_run_dir
from crossdock.site.postgres import EmbeddedPostgres, memory_flags, memory_of_machine


@pytest.fixture
def folder():
    # Not below pytest's own folder, which is closed to the service user.
    path = Path(tempfile.mkdtemp(prefix="crossdock-test-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def embedded():
    path = Path(tempfile.mkdtemp(prefix="crossdock-test-"))
    made = EmbeddedPostgres(path)
    made.prepare()
    made.start()
    yield made
    made.stop()
    shutil.rmtree(path)


@pytest.fixture
def logins(embedded):
    found = read_logins(embedded.folder)
    assert found
    return found


def test_committed_rows_are_there_after_the_server_was_killed(embedded, logins):
    with psycopg.connect(logins.owner_url, autocommit=True) as connection:
        connection.execute("create table kept (id int)")
        connection.execute("insert into kept select generate_series(1, 1000)")

    for _ in range(2):
        embedded.process.send_signal(signal.SIGKILL)
        embedded.process.wait()
        embedded.start()

    with psycopg.connect(logins.owner_url) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (1000,)


def test_a_pid_file_that_names_another_program_does_not_stop_the_start(embedded, logins):
    embedded.stop()
    pid_file = embedded.data / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"], user=embedded.user.uid if embedded.user.is_other else None) as stranger:
        pid_file.write_text(f"{stranger.pid}\n{embedded.data}\n")

        embedded.start()

        assert stranger.poll() is None
        stranger.kill()
    assert embedded.is_running


def test_it_does_not_run_as_root_and_its_socket_is_its_own(embedded):
    process = os.stat(f"/proc/{embedded.process.pid}")
    socket = (embedded.socket_dir / ".s.PGSQL.5432").stat()

    assert process.st_uid == embedded.user.uid != 0
    assert stat.S_IMODE(embedded.socket_dir.stat().st_mode) == 0o700
    assert (socket.st_uid, stat.S_IMODE(socket.st_mode)) == (embedded.user.uid, 0o700)


def test_it_listens_on_no_network_address(embedded, logins):
    with psycopg.connect(logins.owner_url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


@pytest.mark.parametrize("user", ["postgres", "crossdock_owner", "crossdock_web"])
def test_nobody_gets_in_without_the_password(embedded, logins, user):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(logins.url(user, "wrong"))


def test_web_can_be_the_fenced_role_and_nothing_more(embedded, logins):
    with psycopg.connect(logins.web_url, autocommit=True) as connection:
        connection.execute("set role crossdock_app")
        for role in ("crossdock_owner", "crossdock_lookup", "postgres"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"set role {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create table mine (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create temporary table mine (id int)")


def test_the_owner_has_no_right_of_the_other_roles_unless_it_becomes_them(embedded, logins):
    with psycopg.connect(logins.owner_url, autocommit=True) as connection:
        for role in ("crossdock_app", "crossdock_lookup"):
            inherits = connection.execute("select pg_has_role(current_user, %s, 'usage')", [role]).fetchone()
            connection.execute(f"set role {role}")
            connection.execute("reset role")
            assert inherits == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create role another")


def test_the_logins_are_readable_by_who_started_it_only(embedded):
    found = (embedded.folder / "logins.json").stat()

    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, os.geteuid())
    assert not list(embedded.base.glob("password*"))


def test_preparing_again_changes_nothing(embedded, logins):
    assert embedded.prepare() == logins


def test_a_half_made_data_folder_is_made_anew(folder):
    made = EmbeddedPostgres(folder, is_durable=False)
    made.prepare()
    (folder / "logins.json").unlink()  # as if it had been killed between the two

    logins = made.prepare()
    made.start()

    with psycopg.connect(logins.owner_url) as connection:
        assert connection.execute("select current_user").fetchone() == ("crossdock_owner",)
    made.stop()


def test_a_server_that_outlived_its_supervisor_is_taken_over(embedded, logins):
    orphan = embedded.process
    successor = EmbeddedPostgres(embedded.folder)
    successor.prepare()

    successor.start()

    assert orphan.wait(5) == 0
    with psycopg.connect(logins.owner_url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    embedded.process = successor.process


def test_a_server_that_cannot_start_says_why_in_one_line(folder):
    broken = EmbeddedPostgres(folder, is_durable=False)
    broken.prepare()
    broken.flags = {"shared_buffers": "nonsense"}

    with pytest.raises(Refused, match=r"did not start: .*nonsense") as error:
        broken.start(limit=5)

    assert "\n" not in str(error.value)


def test_a_folder_that_is_a_file_is_refused_in_one_line(folder):
    (folder / "file").write_text("")

    with pytest.raises(Refused, match="cannot be used"):
        EmbeddedPostgres(folder / "file").prepare()


def test_a_path_too_long_for_a_socket_gets_a_short_one():
    deep = Path("/srv") / ("a" * 90) / "run"

    assert short_run_dir(Path("/srv/run"), 7) == Path("/srv/run")
    assert len(str(short_run_dir(deep, 7))) < 60
    assert short_run_dir(deep, 7) == short_run_dir(deep, 7) != short_run_dir(deep, 8)


@pytest.mark.parametrize(
    ("memory", "buffers", "expected"),
    [
        pytest.param(128 << 20, "128MB", "128MB", id="a machine too small for it expects no less than it keeps"),
        pytest.param(512 << 20, "128MB", "256MB", id="a very small machine keeps the least"),
        pytest.param(2 << 30, "256MB", "1024MB", id="2 GB"),
        pytest.param(24 << 30, "3072MB", "12288MB", id="24 GB"),
        pytest.param(256 << 30, "8192MB", "131072MB", id="a very large machine keeps the most"),
    ],
)
def test_the_server_takes_an_eighth_of_the_machines_memory(memory, buffers, expected):
    assert memory_flags(memory) == {"shared_buffers": buffers, "effective_cache_size": expected}


@pytest.mark.parametrize(("said", "is_limited"), [(b"1073741824\n", True), (b"max\n", False), (None, False)])
def test_a_containers_limit_is_the_memory_there_is(tmp_path, monkeypatch, said, is_limited):
    file = tmp_path / "memory.max"
    if said is not None:
        file.write_bytes(said)
    monkeypatch.setattr(postgres, "CONTAINER_LIMITS", (file, tmp_path / "another"))

    assert memory_of_machine() == (1 << 30 if is_limited else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def test_a_running_server_has_the_memory_it_was_given(embedded, logins):
    with psycopg.connect(logins.owner_url) as connection:
        row = connection.execute("select pg_size_bytes(current_setting('shared_buffers')) >> 20").fetchone()

    assert row == (int(memory_flags(memory_of_machine())["shared_buffers"].removesuffix("MB")),)
