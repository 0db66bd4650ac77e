"""Every environment variable there is: one table that the docs are made from and `doctor` looks for misspellings in."""

import difflib
from collections.abc import Iterable

from msgspec import Struct

SETTLED_BY_US = "Set by Crossdock itself"
"""The group of variables that processes of ours hand to one another; an operator leaves them alone."""


class Variable(Struct, frozen=True):
    """One variable. A name that ends in `__` stands for one per platform: `CROSSDOCK_BASE_URL__SHOPIFY`."""

    name: str
    group: str
    meaning: str
    default: str = ""
    example: str = ""


def _of(group: str, *rows: tuple[str, str, str, str]) -> tuple[Variable, ...]:
    return tuple(Variable(name, group, meaning, default, example) for name, meaning, default, example in rows)


VARIABLES = (
    *_of(
        "Database",
        (
            "DATABASE_URL",
            "Login of web and workers on a PostgreSQL 15 or later. Unset, `crossdock up` runs a server of its own.",
            "the embedded server",
            "postgresql://crossdock_web:…@db.example.com/crossdock?sslmode=verify-full&sslrootcert=system",
        ),
        (
            "DATABASE_OWNER_URL",
            "Login that owns the tables. Only `crossdock migrate` and the start of `crossdock up` need it: keep it away from other "
            "machines. Without it the login of `DATABASE_URL` does both, which `crossdock doctor` calls weaker.",
            "the one of `DATABASE_URL`",
            "postgresql://crossdock_owner:…@db.example.com/crossdock?sslmode=verify-full&sslrootcert=system",
        ),
    ),
    *_of(
        "Files",
        (
            "CROSSDOCK_DATA_DIR",
            "Folder of the embedded database, of what `up` writes and of the sandbox. `--data-dir` of `up` sets it.",
            "`~/.local/share/crossdock`; as root `/var/lib/crossdock`",
            "/srv/crossdock",
        ),
        (
            "CROSSDOCK_KEY_FILE",
            "File with the keys that open all stored secrets. Keep it on another path than the data, and a copy in a safe. It must "
            "be the same file for every process of an installation.",
            "`~/.config/crossdock/keys.json`; as root `/etc/crossdock/keys.json`",
            "/etc/crossdock/keys.json",
        ),
        (
            "CROSSDOCK_FOLDERS",
            "Folder below which accounts may exchange files on this machine; an account's folder is `<folder>/<account>/<name>`, and "
            "is made when it is first opened. Unset, nobody can. Several may be named with `:` between them: an account's folder is "
            "looked for in each, and made in the first.",
            "none",
            "/srv/exchange",
        ),
        (
            "CROSSDOCK_STATIC_ROOT",
            "Where `crossdock web` lays out its static files at its start.",
            "`static` below the data folder",
            "/var/cache/crossdock/static",
        ),
    ),
    *_of(
        "Web",
        (
            "CROSSDOCK_PUBLIC_URL",
            "The address people and platforms reach Crossdock at: scheme, host and port, nothing after. The only source of links, "
            "of webhook addresses and of the host names that are answered.",
            "`http://127.0.0.1:<port>`",
            "https://crossdock.example.com",
        ),
        (
            "CROSSDOCK_TRUSTED_PROXIES",
            "How many proxies of yours stand in front of web. Unset, `X-Forwarded-For` is not believed.",
            "0",
            "1",
        ),
        (
            "CROSSDOCK_SECRET_KEY",
            "Signs sessions and reset links. The same on every machine that runs web.",
            "made at random and kept in the data folder by `crossdock up`",
            "48 random characters",
        ),
        ("CROSSDOCK_OPEN_SIGN_UP", "`1` lets anybody sign up. Needs mail, for addresses are verified then.", "closed", "1"),
    ),
    *_of(
        "Mail",
        (
            "CROSSDOCK_SMTP_URL",
            "Mail server: `smtp://`, `smtp+tls://` (STARTTLS) or `smtps://`. Unset, mails are printed to standard output.",
            "none",
            "smtp+tls://user:password@mail.example.com:587",
        ),
        (
            "CROSSDOCK_MAIL_FROM",
            "Sender of mails.",
            "`Crossdock <crossdock@` and the public host `>`",
            "Crossdock <crossdock@example.com>",
        ),
    ),
    *_of(
        "Platforms",
        (
            "CROSSDOCK_APP__",
            "The app this installation has at a platform, for stores that authorize in the browser and name none of their own: "
            "client id, colon, client secret.",
            "none",
            "CROSSDOCK_APP__SHOPIFY=0123abcd:…",
        ),
        (
            "CROSSDOCK_ALLOW_NETWORKS",
            "Private networks that connectors may reach, each with a port if you name one. Loopback, link-local and metadata "
            "addresses stay closed.",
            "none: the public internet only",
            "10.20.0.0/16:443, 192.168.7.10/32:22",
        ),
        (
            "CROSSDOCK_BASE_URL__",
            "Another address for a platform, on loopback. New stores or warehouses of the platform are then sandbox, and live ones "
            "refuse to open.",
            "the platform's own",
            "CROSSDOCK_BASE_URL__SHOPIFY=http://127.0.0.1:9000/{shop}",
        ),
    ),
    *_of(
        "Sandbox and demo",
        ("CROSSDOCK_DEMO", "`1` marks the demo. `crossdock up --demo` sets it; a data folder stays a demo's for good.", "", "1"),
        ("CROSSDOCK_SANDBOX_URL", "Control page of the running sandbox.", "`http://127.0.0.1:9000`", ""),
        ("CROSSDOCK_SANDBOX_TOKEN_FILE", "File with the token of the sandbox's control API.", "in the sandbox's folder", ""),
        ("CROSSDOCK_SANDBOX_PRESETS", "File with settings that connect to the sandbox, offered by the wizard.", "none", ""),
        ("CROSSDOCK_SANDBOX_CA", "The sandbox's made-up authority, trusted for sandbox stores alone.", "none", ""),
    ),
    *_of(
        "Logs and figures",
        ("CROSSDOCK_LOG_LEVEL", "Least level that is logged: `DEBUG`, `INFO`, `WARNING`, `ERROR`.", "`INFO`", "WARNING"),
        (
            "CROSSDOCK_LOG",
            "`plain` writes lines for people; else they are JSON unless standard error is a terminal.",
            "",
            "plain",
        ),
        (
            "CROSSDOCK_METRICS_TOKEN",
            "Bearer token for `/metrics` on the public address. Unset, that address does not exist.",
            "none",
            "48 random characters",
        ),
    ),
    *_of(
        "Tests",
        ("CROSSDOCK_BROWSER", "A Chromium for the browser tests.", "one that is found on the machine", "/usr/bin/chromium"),
        (
            "CROSSDOCK_HISTORIES",
            "So many random histories of orders are tried by `tests/histories`.",
            "a few, always the same",
            "500",
        ),
        ("CROSSDOCK_REFERENCE", "Folder with published schemas and recorded payloads.", "`../shared`", ""),
        ("CROSSDOCK_REFERENCE_REQUIRED", "`1` fails the run when that folder is missing.", "", "1"),
    ),
    *_of(
        SETTLED_BY_US,
        ("CROSSDOCK_EMBEDDED", "`1`: the database is the one that `up` runs.", "", ""),
        ("CROSSDOCK_MIGRATING", "`1` in the process that migrates.", "", ""),
        ("CROSSDOCK_COLLECTING", "`1` while static files are laid out.", "", ""),
        ("CROSSDOCK_SUPERVISOR", "Number of the process that looks after this one.", "", ""),
        ("CROSSDOCK_WEB_THREADS", "Threads of a web process; `--threads` of `crossdock web` sets it.", "", ""),
        ("CROSSDOCK_BENCH_POSTGRES", "Number of the server's process while a bench runs.", "", ""),
        ("CROSSDOCK_BENCH_SCRATCH", "`1` while a bench runs on its scratch database.", "", ""),
    ),
)
"""The table."""


def unknown(names: Iterable[str], platforms: Iterable[str]) -> list[tuple[str, str]]:
    """Variables of ours by their prefix that are in nobody's table, each with the name that was probably meant, or ""."""
    known = {one.name for one in VARIABLES if not one.name.endswith("__")}
    known |= {one.name + key.upper() for one in VARIABLES if one.name.endswith("__") for key in platforms}
    strange = sorted(name for name in names if name.startswith("CROSSDOCK_") and name not in known)
    return [(name, next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.8)), "")) for name in strange]
