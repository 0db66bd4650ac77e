"""The command line: one clear line for what an operator can put right, and a traceback only for our own faults."""

import errno
import json
import os
import socket
import subprocess
import sys
from importlib.metadata import version

import psycopg
import pytest
from django.db.utils import OperationalError, ProgrammingError

from crossdock.site import cli, house, ports
from crossdock.site.commands import COMMANDS, up, web
from crossdock.site.environment import Refused


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """No database, a data folder of its own."""
    for name in list(os.environ):
        if name.startswith(("DATABASE_", "CROSSDOCK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CROSSDOCK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CROSSDOCK_KEY_FILE", str(tmp_path / "key"))
    variables, umask = dict(os.environ), os.umask(0o022)
    os.umask(umask)
    yield tmp_path
    # `up` sets both for all it starts, and has this process to itself otherwise.
    os.environ.clear()
    os.environ.update(variables)
    os.umask(umask)


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_every_command_says_what_it_does(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])

    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(command.NAME in printed for command in COMMANDS)
    assert [command.NAME for command in COMMANDS if not command.HELP] == []


def test_the_version_is_that_of_what_is_installed(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"crossdock {version('crossdock')}\n"


def test_a_port_in_use_is_one_line_that_names_the_option(bare, taken_port, capsys):
    code = cli.main(["up", "--port", str(taken_port)])

    assert code == 1
    assert capsys.readouterr().err == f"crossdock: port {taken_port} of 127.0.0.1 is in use; name another with --port\n"


def test_the_metrics_port_is_looked_at_when_it_was_asked_for(bare, taken_port, capsys):
    free = taken_port - 1 if ports.is_free("127.0.0.1", taken_port - 1) else taken_port + 1

    assert cli.main(["up", "--port", str(free), "--metrics-port", str(taken_port)]) == 1
    assert "--metrics-port" in capsys.readouterr().err


def test_a_file_where_the_data_folder_should_be_is_called_that(bare, capsys):
    (bare / "data").touch()

    assert cli.main(["up", "--port", str(_free_port())]) == 1
    assert "is a file" in capsys.readouterr().err


def test_a_full_disk_is_one_line(bare, monkeypatch, capsys):
    monkeypatch.setattr(house, "LEAST_FREE", 10**18)

    assert cli.main(["up", "--port", str(_free_port())]) == 1
    assert capsys.readouterr().err.startswith("crossdock: only ")


def test_a_disk_that_fills_up_later_is_one_line_too():
    assert "disk is full" in cli.in_one_line(OSError(errno.ENOSPC, "No space left on device", "/data/x"))
    assert "disk of the database is full" in cli.in_one_line(OperationalError("could not extend file: No space left on device"))


def test_a_second_up_on_the_same_folder_is_refused_and_names_the_first(bare, capsys):
    import fcntl

    (bare / "data").mkdir()
    with (bare / "data" / "up.lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)

        code = cli.main(["up", "--port", str(_free_port())])

    assert code == 1
    assert "already (process 4711)" in capsys.readouterr().err


def test_demo_and_truth_do_not_share_a_folder(bare, capsys):
    (bare / "data").mkdir()
    (bare / "data" / "logins.json").write_text("{}")

    assert cli.main(["up", "--demo", "--port", str(_free_port())]) == 1
    assert "is not a demo's" in capsys.readouterr().err

    (bare / "data" / "demo").touch()
    assert cli.main(["up", "--port", str(_free_port())]) == 1
    assert "holds the demo" in capsys.readouterr().err


def test_the_demo_listens_on_loopback_only(bare, monkeypatch, capsys):
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "https://hub.example.com")
    monkeypatch.setenv("CROSSDOCK_TRUSTED_PROXIES", "1")

    assert cli.main(["up", "--demo", "--host", "0.0.0.0"]) == 1  # noqa: S104  (it is refused)
    assert "this machine only" in capsys.readouterr().err


def test_plain_http_on_a_public_address_needs_a_proxy(monkeypatch):
    monkeypatch.delenv("CROSSDOCK_TRUSTED_PROXIES", raising=False)
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "https://hub.example.com")
    with pytest.raises(Refused, match="CROSSDOCK_TRUSTED_PROXIES"):
        web.check_address("192.0.2.1")

    monkeypatch.setenv("CROSSDOCK_TRUSTED_PROXIES", "1")
    web.check_address("192.0.2.1")
    web.check_address("127.0.0.1")


def test_migrating_without_a_database_says_how_to_get_one(bare, capsys):
    assert cli.main(["migrate"]) == 1
    assert capsys.readouterr().err == "crossdock: there is no database: set DATABASE_URL, or start one with `crossdock up`\n"


def test_an_unreachable_database_is_one_line_without_its_password(bare, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/hub")

    assert cli.main(["migrate"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("crossdock: the database at 127.0.0.1:1/hub cannot be reached")
    assert printed.count("\n") == 1
    assert "secret" not in printed


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_a_database_address_that_cannot_be_read_is_one_line_that_names_the_variable(bare, monkeypatch, capsys, name):
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/hub")
    monkeypatch.setenv(name, "mysql://me:secret@127.0.0.1/hub")

    assert cli.main(["migrate"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"crossdock: {name} cannot be read; it should look like postgresql://")
    assert printed.count("\n") == 1
    assert "me:secret" not in printed


def test_a_database_that_was_not_migrated_says_so():
    assert "crossdock migrate" in cli.in_one_line(ProgrammingError('relation "person" does not exist'))
    assert "crossdock migrate" in cli.in_one_line(ProgrammingError("permission denied for table instance_key"))
    assert "crossdock migrate" in cli.in_one_line(psycopg.errors.UndefinedFunction("function app_account() does not exist"))


def test_a_fault_of_ours_keeps_its_traceback():
    assert cli.in_one_line(KeyError("x")) is None


def test_debug_shows_where_a_foreseeable_error_came_from(bare):
    with pytest.raises(Refused):
        cli.main(["migrate", "--debug"])


def test_the_sandbox_reads_its_own_options(monkeypatch):
    from crossdock.site.commands import sandbox

    handed_on = []
    monkeypatch.setattr(sandbox, "run", lambda arguments: handed_on.extend(arguments.rest) or 0)

    assert cli.main(["sandbox", "--port", "9000", "--help"]) == 0
    assert handed_on == ["--port", "9000", "--help"]


def test_orders_are_loaded_into_the_demos_sandbox_where_its_data_lie(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CROSSDOCK_SANDBOX_TOKEN_FILE", "what is set is put back")
    monkeypatch.delenv("CROSSDOCK_SANDBOX_TOKEN_FILE")
    monkeypatch.setattr("crossdock.site.commands.sandbox.data_dir", lambda: tmp_path)
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "sandbox-token").write_text("of-the-demo")
    (tmp_path / "order.json").write_text("{}")

    cli.main(["sandbox", "load", "shopify", str(tmp_path / "order.json"), "--url", "http://127.0.0.1:9"])

    assert "no sandbox answers at http://127.0.0.1:9" in capsys.readouterr().err


def test_an_unknown_bench_names_those_there_are(capsys):
    assert cli.main(["bench", "nothing"]) == 1
    assert "there is no bench 'nothing'" in capsys.readouterr().err


def test_a_list_without_orders_is_understood_and_said_to_be_empty(capsys, tmp_path):
    (tmp_path / "orders.json").write_text('{"orders": []}')

    assert cli.main(["read", "shopify", str(tmp_path / "orders.json")]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"orders": [], "rejected": []}
    assert said.err == "crossdock: it was understood, and there are no orders in it\n"


def test_a_file_that_is_not_there_cannot_be_read(capsys):
    assert cli.main(["read", "shopify", "/nowhere.json"]) == 2
    assert "No such file" in capsys.readouterr().err


def test_metrics_without_a_password_are_for_loopback_only(capsys):
    assert cli.main(["metrics", "--host", "192.0.2.1"]) == 1
    assert "loopback only" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try to run it as root")
@pytest.mark.parametrize("command", [["web"], ["worker"], ["metrics"]])
def test_web_and_worker_refuse_root(command):
    done = subprocess.run(
        [sys.executable, "-m", "crossdock.site.cli", *command], capture_output=True, text=True, check=False, env=_env()
    )

    assert done.returncode == 1
    assert done.stderr == "crossdock: this process does not run as root; start it with `crossdock up`, or as another user\n"


def test_reading_loads_neither_django_nor_a_database_driver():
    heavy = ("django", "psycopg", "granian")
    code = f"import sys; from crossdock.site import cli; cli.parser(); print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_env())

    assert done.stdout.strip() == "[]"


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    command = f"{sys.executable} -m crossdock.site.cli doctor --json | head -c 1"
    environment = {**_env(), "CROSSDOCK_DATA_DIR": str(tmp_path)}

    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, env=environment)

    assert done.stdout == "{"
    assert "Traceback" not in done.stderr


def test_doctor_prints_json_and_fails_when_a_check_fails(bare, capsys):
    code = cli.main(["doctor", "--json"])

    said = json.loads(capsys.readouterr().out)
    assert code == 1
    assert not said["ok"]
    assert {"name": "database", "state": "fail"}.items() <= next(c for c in said["checks"] if c["name"] == "database").items()


def test_up_offers_what_the_readme_names():
    import argparse

    parser = argparse.ArgumentParser()
    up.arguments(parser)

    assert {"--demo", "--port", "--data-dir", "--workers"} <= set(parser._option_string_actions)


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def _env():
    return {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "CROSSDOCK_"))}
