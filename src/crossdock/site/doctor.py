"""What an operator can get wrong, each as one check: what was found, and what to do."""

import json
import os
import shutil
import smtplib
import stat
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from crossdock.connectors.registry import every_connector
from crossdock.site.db import APP_ROLE, LOOKUP_ROLE, connection_settings
from crossdock.site.environment import DatabaseUrls, Refused, data_dir, database_urls, is_loopback, key_file, public_url
from crossdock.site.ports import is_free
from crossdock.site.roles import LEAST_VERSION
from crossdock.site.variables import unknown

State = Literal["ok", "warn", "fail"]
LOW_DISK, LEAST_DISK = 5_000_000_000, 500_000_000  # bytes
LEAST_PYTHON = (3, 11)
MOST_SKEW = 5.0  # seconds: beyond it leases and signatures begin to disagree


@dataclass(frozen=True)
class Finding:
    """One check's answer: a sentence, and what to do unless it is ok."""

    name: str
    state: State
    sentence: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        """For --json."""
        return asdict(self)


Check = Callable[[], Iterator[Finding]]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Register a check. It yields findings; nothing found is nothing to say."""
    CHECKS.append(function)
    return function


def examine() -> list[Finding]:
    """Run every check; one that stumbles is a failure of its own and stops no other."""
    findings: list[Finding] = []
    for one in CHECKS:
        name = one.__name__.replace("_", " ").strip()
        try:
            findings += one()
        except Refused as error:
            findings.append(Finding(name, "fail", str(error)))
        except Exception as error:  # noqa: BLE001  (whatever is broken, the other checks have to be heard)
            findings.append(Finding(name, "fail", f"the check could not be made: {' '.join(str(error).split())}"))
    return findings


def examine_audit() -> list[Finding]:
    """Walk the chain of every account's audit: each row that was edited, removed, added or exchanged is a failure of its own."""
    from crossdock.site import boot

    if database_urls() is None:
        return [Finding("audit", "fail", "there is no database", "Set DATABASE_URL, or run it as the service user.")]
    boot.set_up_django()
    from crossdock.accounts import chain

    found = chain.examine()
    remedy = (
        "Compare with a backup, and with the lines audit.sealed in the log; find out who may become the owner of the database."
    )
    findings = [Finding("audit", "fail", f"{fault.account}, at {fault.seq}: {fault.sentence}", remedy) for fault in found.faults]
    told = f"{found.rows} rows of {found.accounts} accounts are as they were written"
    return findings or [Finding("audit", "ok", told)]


def is_well(findings: list[Finding]) -> bool:
    """Whether nothing fails; warnings are allowed."""
    return all(finding.state != "fail" for finding in findings)


# --- The machine ------------------------------------------------------------------------------------------------------------------


@check
def python() -> Iterator[Finding]:
    """The interpreter's version."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < LEAST_PYTHON:
        yield Finding("python", "fail", f"Python {found} runs this", "Use Python 3.11 or later.")
    else:
        yield Finding("python", "ok", f"Python {found}")


@check
def disk() -> Iterator[Finding]:
    """Room for the data."""
    folder = data_dir()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    state: State = "fail" if free < LEAST_DISK else "warn" if free < LOW_DISK else "ok"
    remedy = "" if state == "ok" else f"Free some space at {folder}, or move the data and set CROSSDOCK_DATA_DIR."
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free at {folder}", remedy)


@check
def key() -> Iterator[Finding]:
    """The vault's key: there, ours alone, and on another path than what it opens."""
    path = key_file()
    try:
        found = path.stat()
    except FileNotFoundError:
        yield Finding(
            "key", "warn", f"there is no key file at {path} yet", "It is made with the first secret. Keep a copy in a safe."
        )
        return
    except PermissionError:
        yield Finding(
            "key", "warn", f"the key file at {path} is not readable by this user", "Run doctor as the service user or as root."
        )
        return
    if stat.S_IMODE(found.st_mode) & 0o077:
        yield Finding(
            "key", "fail", f"others may read the key file {path} (mode {stat.S_IMODE(found.st_mode):o})", f"chmod 600 {path}"
        )
    elif path.resolve().is_relative_to(data_dir().resolve()):
        yield Finding(
            "key",
            "warn",
            f"the key file {path} lies among the data it opens",
            "Move it and set CROSSDOCK_KEY_FILE: who copies one has both.",
        )
    else:
        yield Finding("key", "ok", f"the key file is {path}")


@check
def folders() -> Iterator[Finding]:
    """The roots below which a tenant may name a folder."""
    for name in filter(None, os.environ.get("CROSSDOCK_FOLDERS", "").split(os.pathsep)):
        path = Path(name)
        if not path.is_dir():
            yield Finding("folders", "fail", f"{path}, named in CROSSDOCK_FOLDERS, is not a folder", f"mkdir -p {path}")
        elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            yield Finding(
                "folders", "fail", f"{path}, named in CROSSDOCK_FOLDERS, cannot be written", "Give it to the service user."
            )
        elif path.stat().st_mode & stat.S_IWOTH:
            yield Finding("folders", "warn", f"everybody on this machine may write in {path}", f"chmod o-w {path}")
        else:
            yield Finding("folders", "ok", f"{path} can be used")


@check
def variables() -> Iterator[Finding]:
    """Names that look like ours and are not: a setting that is misspelled is a setting that is not there."""
    for name, meant in unknown(os.environ, every_connector()):
        yield Finding(
            "variables", "warn", f"{name} is set, and Crossdock knows no such variable",
            f"Write {meant}." if meant else "Remove it, or look at docs/reference/configuration.md for its name.",
        )  # fmt: skip


@check
def address() -> Iterator[Finding]:
    """The public address and what carries it."""
    url = public_url()
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        yield Finding("address", "ok", f"{url} is reached from this machine only")
    elif parts.scheme != "https":
        yield Finding(
            "address",
            "fail",
            f"{url} is not https",
            "Put a proxy with a certificate in front and set CROSSDOCK_PUBLIC_URL to https.",
        )
    elif int(os.environ.get("CROSSDOCK_TRUSTED_PROXIES", "0")) < 1:
        yield Finding(
            "address", "fail", f"{url} is public and no proxy is declared",
            "Put a proxy with the certificate in front and set CROSSDOCK_TRUSTED_PROXIES=1.",
        )  # fmt: skip
    else:
        yield Finding("address", "ok", f"{url}, behind {os.environ['CROSSDOCK_TRUSTED_PROXIES']} proxy")


@check
def ports() -> Iterator[Finding]:
    """Whether web listens where it should, or could."""
    parts = urlsplit(public_url())
    if not is_loopback(parts.hostname or ""):
        return  # a proxy has the public port; where web listens behind it is not ours to know
    port = parts.port or 80
    try:
        with urllib.request.urlopen(f"{public_url()}/healthz", timeout=3) as answer:  # noqa: S310  (our own address)
            is_ours = json.load(answer).get("status") == "alive"
    except (OSError, ValueError):
        is_ours = False
    if is_ours:
        yield Finding("ports", "ok", f"web answers on port {port}")
    elif is_free("127.0.0.1", port):
        yield Finding("ports", "warn", f"nothing listens on port {port}", "Start `crossdock up`, or `crossdock web`.")
    else:
        yield Finding("ports", "fail", f"another program listens on port {port}", "Stop it, or name another port with --port.")


@check
def web_secret() -> Iterator[Finding]:
    """What signs sessions."""
    named = os.environ.get("CROSSDOCK_SECRET_KEY", "")
    if named and len(named) < 32:
        yield Finding("web secret", "fail", "CROSSDOCK_SECRET_KEY is short", "Use at least 32 random characters.")
    elif "DATABASE_URL" in os.environ and not named and not (data_dir() / "web_secret").exists():
        yield Finding(
            "web secret", "warn", "each web process makes up its own secret, so sign-ins end with it",
            "Set CROSSDOCK_SECRET_KEY to 48 random characters, the same on every machine.",
        )  # fmt: skip
    else:
        yield Finding("web secret", "ok", "sessions outlive a restart")


@check
def mail() -> Iterator[Finding]:
    """The mail server, greeted and left."""
    url = os.environ.get("CROSSDOCK_SMTP_URL")
    if not url:
        yield Finding(
            "mail",
            "warn",
            "mails are printed, not sent",
            "Set CROSSDOCK_SMTP_URL, for example smtp+tls://user:password@mail.example.com.",
        )
        return
    parts = urlsplit(url)
    make = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    where = f"{parts.hostname}:{parts.port or {'smtps': 465, 'smtp+tls': 587}.get(parts.scheme, 25)}"
    try:
        with make(parts.hostname or "", int(where.rsplit(":", 1)[1]), timeout=5) as server:
            server.ehlo()
    except OSError as error:
        yield Finding(
            "mail", "fail", f"the mail server {where} does not answer: {error}", "Check CROSSDOCK_SMTP_URL and the firewall."
        )
        return
    yield Finding("mail", "ok", f"the mail server {where} answers")


# --- The database -----------------------------------------------------------------------------------------------------------------


def _urls() -> DatabaseUrls:
    urls = database_urls()
    if urls is None:
        raise Refused(
            "there is no database: start one with `crossdock up`, or set DATABASE_URL (as root, the embedded one's is root's)"
        )
    return urls


def _connect(urls: DatabaseUrls) -> psycopg.Connection:
    """As the web does it, startup options included."""
    entry = connection_settings(urls.app, role=APP_ROLE)
    names = {
        "dbname": entry["NAME"],
        "user": entry["USER"],
        "password": entry["PASSWORD"],
        "host": entry["HOST"],
        "port": entry["PORT"],
    }
    arguments = {**{key: value for key, value in names.items() if value}, **entry["OPTIONS"]}
    return psycopg.connect(**arguments, autocommit=True)


@check
def database() -> Iterator[Finding]:
    """Everything about the server; without it the rest need not be asked."""
    urls = _urls()
    try:
        connection = _connect(urls)
    except psycopg.Error as error:
        words = " ".join(str(error).split())
        remedy = (
            "Start it with `crossdock up`."
            if urls.is_embedded
            else "Check DATABASE_URL, the server, and that `crossdock migrate` ran."
        )
        yield Finding("database", "fail", f"the database cannot be reached: {words}", remedy)
        return
    with connection:
        kind = "embedded" if urls.is_embedded else "external"
        yield Finding("database", "ok", f"the {kind} database answers")
        for one in (_version, _roles, _extension, _clock, _transport, _workers, _queue):
            yield from one(connection, urls)
    yield from _migrations()


def _one(connection: psycopg.Connection, query: str, *values: object) -> object:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


def _version(connection: psycopg.Connection, urls: DatabaseUrls) -> Iterator[Finding]:
    version = connection.info.server_version // 10_000
    if version < LEAST_VERSION:
        yield Finding("version", "fail", f"the server is PostgreSQL {version}", f"Use {LEAST_VERSION} or later.")
    else:
        yield Finding("version", "ok", f"PostgreSQL {version}")


def _roles(connection: psycopg.Connection, urls: DatabaseUrls) -> Iterator[Finding]:
    row = connection.execute("select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user").fetchone()
    if row != (APP_ROLE, False, False):
        yield Finding(
            "roles",
            "fail",
            f"web and workers would run as {row and row[0]}",
            "Run `crossdock migrate`; use no transaction pooler.",
        )
        return
    missing = _one(
        connection, "select string_agg(r, ', ') from unnest(%s::text[]) r where to_regrole(r) is null", [APP_ROLE, LOOKUP_ROLE]
    )
    if missing:
        yield Finding("roles", "fail", f"the role {missing} is missing", "Run `crossdock migrate`.")
        return
    can_escape = _one(
        connection,
        "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
        " and c.relkind in ('r', 'p') and c.relname = 'account' and pg_has_role(session_user, c.relowner, 'member'))",
    )
    if can_escape:
        yield Finding(
            "roles", "warn", "web and workers sign in as the tables' owner and only assume the fenced role",
            "Give them a login of their own in DATABASE_URL, and put the owner's in DATABASE_OWNER_URL.",
        )  # fmt: skip
    else:
        yield Finding("roles", "ok", "web and workers cannot become the owner")


def _extension(connection: psycopg.Connection, urls: DatabaseUrls) -> Iterator[Finding]:
    if _one(connection, "select 1 from pg_extension where extname = 'pg_trgm'"):
        yield Finding("pg_trgm", "ok", "search has its extension")
    else:
        yield Finding(
            "pg_trgm",
            "fail",
            "the extension pg_trgm is missing",
            "Install the server's contrib package, then `crossdock migrate`.",
        )


def _clock(connection: psycopg.Connection, urls: DatabaseUrls) -> Iterator[Finding]:
    import time

    before = time.time()
    theirs = float(str(_one(connection, "select extract(epoch from clock_timestamp())")))
    skew = abs(theirs - (before + time.time()) / 2)
    if skew > MOST_SKEW:
        yield Finding("clock", "fail", f"this machine's clock and the database's differ by {skew:.0f} s", "Keep both with NTP.")
    else:
        yield Finding("clock", "ok", f"this machine's clock and the database's differ by {skew:.1f} s")


def _transport(connection: psycopg.Connection, urls: DatabaseUrls) -> Iterator[Finding]:
    where = conninfo_to_dict(urls.app)
    host = str(where.get("host") or "")
    if host.startswith("/") or not host or is_loopback(host):
        return
    if where.get("sslmode") != "verify-full":
        yield Finding(
            "transport", "fail", f"the connection to {host} does not prove who answers",
            "Add ?sslmode=verify-full&sslrootcert=... to DATABASE_URL.",
        )  # fmt: skip


def _workers(connection: psycopg.Connection, urls: DatabaseUrls) -> Iterator[Finding]:
    if _one(connection, "select to_regclass('worker_beat')") is None:
        return
    alive = _one(connection, "select count(*) from worker_beat where beat_at > clock_timestamp() - interval '30 s'")
    if alive:
        yield Finding("workers", "ok", f"{alive} alive")
    else:
        yield Finding(
            "workers", "fail", "no worker gave a sign of life for 30 s: nothing is imported or sent", "Start `crossdock worker`."
        )


def _queue(connection: psycopg.Connection, urls: DatabaseUrls) -> Iterator[Finding]:
    if _one(connection, "select to_regclass('procrastinate_jobs')") is None:
        return  # the migrations say so
    try:
        waiting = _one(
            connection, "select count(*) from procrastinate_jobs where status = 'todo' and coalesce(scheduled_at, now()) <= now()"
        )
    except psycopg.errors.InsufficientPrivilege:
        yield Finding("queue", "fail", "the queue's tables are out of reach", "Run `crossdock migrate`.")
        return
    yield Finding("queue", "ok", f"{waiting} wake-ups wait")


def _migrations() -> Iterator[Finding]:
    from crossdock.site import boot, health

    boot.set_up_django()
    missing = health.unapplied_migrations()
    if missing:
        yield Finding(
            "migrations", "fail", f"{len(missing)} migrations are not applied, {missing[0]} the first", "Run `crossdock migrate`."
        )
    else:
        yield Finding("migrations", "ok", "all are applied")
