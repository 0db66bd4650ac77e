"""Each of doctor's checks finds what it is there for, and says what to do."""

import os
import socket
import threading
from dataclasses import replace

import psycopg
import pytest

from crossdock.site import doctor
from crossdock.site.db import APP_ROLE


@pytest.fixture
def well(db_ready, monkeypatch, tmp_path):
    """An installation where nothing is wrong that doctor could see from here."""
    key = tmp_path / "keys" / "keys.json"
    key.parent.mkdir()
    key.write_text("{}")
    key.chmod(0o600)
    for name in ("CROSSDOCK_FOLDERS", "CROSSDOCK_PUBLIC_URL", "CROSSDOCK_SMTP_URL", "CROSSDOCK_TRUSTED_PROXIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CROSSDOCK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CROSSDOCK_KEY_FILE", str(key))
    monkeypatch.setenv("CROSSDOCK_SECRET_KEY", "x" * 48)
    return tmp_path


def the(name):
    """The finding of one check, among all."""
    found = [finding for finding in doctor.examine() if finding.name == name]
    assert found, f"doctor says nothing about {name}"
    return found[0]


def test_nothing_but_missing_workers_and_mail_is_found_where_all_is_well(well):
    findings = {finding.name: finding.state for finding in doctor.examine()}

    assert {name for name, state in findings.items() if state == "fail"} <= {"workers"}
    assert {"python", "disk", "key", "address", "database", "version", "roles", "pg_trgm", "clock", "migrations", "queue"} <= set(
        findings
    )


def test_every_finding_that_is_not_ok_says_what_to_do(well):
    assert [finding for finding in doctor.examine() if finding.state != "ok" and not finding.remedy] == []


def test_an_unreachable_database(well, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/hub")

    finding = the("database")

    assert finding.state == "fail"
    assert "secret" not in finding.sentence


def test_no_database_at_all(well, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")

    assert "there is no database" in the("database").sentence


def test_one_login_for_everything_is_the_weaker_set_up(well, db_ready, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", db_ready.owner)
    monkeypatch.setenv("DATABASE_OWNER_URL", "")
    monkeypatch.setenv("CROSSDOCK_EMBEDDED", "")

    assert the("roles").state == "warn"


def test_a_role_that_row_level_security_does_not_hold(well, server, monkeypatch):
    name = psycopg.conninfo.conninfo_to_dict(os.environ["DATABASE_URL"])["dbname"]
    monkeypatch.setattr(doctor, "APP_ROLE", "postgres")
    monkeypatch.setenv("DATABASE_URL", psycopg.conninfo.make_conninfo(server.admin_url, dbname=name))
    with psycopg.connect(server.admin_url) as admin:
        if admin.execute("select current_user = 'postgres'").fetchone() != (True,):
            pytest.skip("takes the server's superuser")

    finding = the("roles")

    assert (finding.state, "postgres" in finding.sentence) == ("fail", True)


def test_an_old_server(well, monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_VERSION", 99)

    assert the("version").state == "fail"


def test_a_missing_extension_and_missing_migrations(well, server, monkeypatch):
    name = "crossdock_empty"
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        admin.execute(f"grant connect on database {name} to {psycopg.conninfo.conninfo_to_dict(server.urls.app)['user']}")
    monkeypatch.setenv("DATABASE_URL", server.on(name).app)
    try:
        assert the("pg_trgm").state == "fail"
    finally:
        server.drop(name)


def test_missing_migrations(well, monkeypatch):
    monkeypatch.setattr("crossdock.site.health.unapplied_migrations", lambda: ["orders.0007_more"])

    finding = the("migrations")

    assert finding.state == "fail"
    assert "orders.0007_more" in finding.sentence


def test_a_connection_over_a_network_that_proves_nothing():
    urls = doctor.DatabaseUrls(app="postgresql://me:secret@db.example.com/hub?sslmode=require", owner=None)

    assert [finding.state for finding in doctor._transport(None, urls)] == ["fail"]
    assert list(doctor._transport(None, replace(urls, app=urls.app.replace("require", "verify-full")))) == []


def test_a_clock_that_is_off(well, monkeypatch):
    monkeypatch.setattr(doctor, "MOST_SKEW", -1.0)

    assert the("clock").state == "fail"


def test_no_worker(well):
    assert the("workers").state == "fail"


def test_no_key_file_yet(well, monkeypatch):
    monkeypatch.setenv("CROSSDOCK_KEY_FILE", str(well / "elsewhere.json"))

    assert the("key").state == "warn"


def test_a_key_file_others_may_read(well):
    (well / "keys" / "keys.json").chmod(0o644)

    assert "mode 644" in the("key").sentence


def test_a_key_file_among_the_data(well, monkeypatch):
    monkeypatch.setenv("CROSSDOCK_DATA_DIR", str(well))

    assert "among the data" in the("key").sentence


def test_a_disk_that_is_nearly_full(well, monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_DISK", 10**18)

    assert the("disk").state == "fail"


@pytest.mark.parametrize(
    ("url", "proxies", "state"),
    [
        ("http://127.0.0.1:8000", "0", "ok"),
        ("http://hub.example.com", "1", "fail"),
        ("https://hub.example.com", "0", "fail"),
        ("https://hub.example.com", "1", "ok"),
    ],
)
def test_the_public_address(well, monkeypatch, url, proxies, state):
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", url)
    monkeypatch.setenv("CROSSDOCK_TRUSTED_PROXIES", proxies)

    assert the("address").state == state


@pytest.mark.parametrize(("is_taken", "state"), [(True, "fail"), (False, "warn")])
def test_the_port_of_web(well, monkeypatch, is_taken, state):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        if not is_taken:
            other.close()
        else:
            other.settimeout(10)
            threading.Thread(target=lambda: other.accept()[0].close()).start()
        monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", f"http://127.0.0.1:{port}")

        assert the("ports").state == state


def test_an_address_that_is_none(well, monkeypatch):
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "hub.example.com")

    assert "should look like" in the("address").sentence


def test_a_short_web_secret(well, monkeypatch):
    monkeypatch.setenv("CROSSDOCK_SECRET_KEY", "short")

    assert the("web secret").state == "fail"


def test_folders_that_cannot_be_used(well, monkeypatch):
    good, open_to_all = well / "exchange", well / "open"
    good.mkdir()
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    monkeypatch.setenv("CROSSDOCK_FOLDERS", os.pathsep.join([str(good), str(open_to_all), "/nowhere/at/all"]))

    states = [finding.state for finding in doctor.examine() if finding.name == "folders"]

    assert states == ["ok", "warn", "fail"]


def test_a_mail_server_that_does_not_answer(well, monkeypatch):
    monkeypatch.setenv("CROSSDOCK_SMTP_URL", "smtp://127.0.0.1:1")

    assert the("mail").state == "fail"


def test_a_mail_server_that_answers(well, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_greet, args=(listener,))
        thread.start()
        monkeypatch.setenv("CROSSDOCK_SMTP_URL", f"smtp://127.0.0.1:{listener.getsockname()[1]}")

        finding = the("mail")
        thread.join()

    assert finding.state == "ok"


def test_a_check_that_stumbles_stops_no_other(well, monkeypatch):
    def stumbling():
        raise ZeroDivisionError("oh")
        yield

    monkeypatch.setattr(doctor, "CHECKS", [stumbling, doctor.python])

    assert [(finding.name, finding.state) for finding in doctor.examine()] == [("stumbling", "fail"), ("python", "ok")]


def test_doctor_looks_as_the_web_does(well):
    with doctor._connect(doctor._urls()) as connection:
        assert connection.execute("select current_user").fetchone() == (APP_ROLE,)


def _greet(listener):
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"220 mail.example.com\r\n")
        while line := connection.recv(1_000):
            connection.sendall(b"250 well\r\n" if not line.startswith(b"QUIT") else b"221 bye\r\n")
