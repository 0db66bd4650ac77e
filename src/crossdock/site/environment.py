"""What the operator sets: environment variables, read in one place, with the defaults that docs and `doctor` name."""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


class Refused(Exception):
    """Something an operator can put right stands in the way; the message is one line that says what and how."""


def data_dir() -> Path:
    """Where the embedded server keeps its data: `CROSSDOCK_DATA_DIR`, else the system's place as root, else the user's."""
    named = os.environ.get("CROSSDOCK_DATA_DIR")
    if named:
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/crossdock")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    return Path(base) / "crossdock"


def key_file() -> Path:
    """Where the vault's key lies: `CROSSDOCK_KEY_FILE`, else a folder of configuration, never the data's."""
    named = os.environ.get("CROSSDOCK_KEY_FILE")
    if named:
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/etc/crossdock/keys.json")
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "crossdock" / "keys.json"


def public_url() -> str:
    """The address people reach us at, without a slash at its end: the only source of absolute links and of allowed hosts."""
    url = (os.environ.get("CROSSDOCK_PUBLIC_URL") or _address_of_up() or "http://127.0.0.1:8000").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.username:
        raise Refused(f"CROSSDOCK_PUBLIC_URL is {url!r}; it should look like https://crossdock.example.com")
    return url


def _address_of_up() -> str | None:
    """What `crossdock up` on this data folder said, so that a command in another terminal makes links that lead there."""
    try:
        return (data_dir() / "public_url").read_text().strip()
    except OSError:
        return None


def is_demo() -> bool:
    """Whether this is the demo: `CROSSDOCK_DEMO=1`, or a data folder that the demo made."""
    return os.environ.get("CROSSDOCK_DEMO") == "1" or (data_dir() / "demo").exists()


def is_loopback(host: str) -> bool:
    """Whether a host names this machine only."""
    return host in {"localhost", "::1"} or host.startswith("127.")


@dataclass(frozen=True)
class Logins:
    """The embedded server's passwords, and the folder its socket is in."""

    socket_dir: str
    superuser: str = field(repr=False)
    owner: str = field(repr=False)
    web: str = field(repr=False)

    def url(self, user: str, password: str, database: str = "crossdock") -> str:
        """A connection address over the socket; the passwords are made of URL-safe characters."""
        return f"postgresql://{user}:{password}@/{database}?host={self.socket_dir}"

    @property
    def web_url(self) -> str:
        """The login of web and workers."""
        return self.url("crossdock_web", self.web)

    @property
    def owner_url(self) -> str:
        """The login that migrates."""
        return self.url("crossdock_owner", self.owner)

    @property
    def superuser_url(self) -> str:
        """Used when roles are made, never by web or workers."""
        return self.url("postgres", self.superuser, "postgres")


def logins_file(folder: Path) -> Path:
    """The passwords of the embedded server below `folder`; readable by the user who starts it only."""
    return folder / "logins.json"


def read_logins(folder: Path) -> Logins | None:
    """The embedded server's logins, or None where there is no server yet or we may not read them."""
    try:
        return Logins(**json.loads(logins_file(folder).read_text()))
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return None


@dataclass(frozen=True)
class DatabaseUrls:
    """Where the database is. `owner` is None when this process may not migrate; `is_single` when one URL stands for both."""

    app: str = field(repr=False)
    owner: str | None = field(repr=False)
    is_single: bool = False
    is_embedded: bool = False


def database_urls() -> DatabaseUrls | None:
    """From `DATABASE_URL` and `DATABASE_OWNER_URL`, else from the embedded server's folder; None when there is neither."""
    app = os.environ.get("DATABASE_URL")
    owner = os.environ.get("DATABASE_OWNER_URL")
    if app:
        embedded = os.environ.get("CROSSDOCK_EMBEDDED") == "1"
        single = not owner and not embedded
        return DatabaseUrls(app=app, owner=app if single else owner or None, is_single=single, is_embedded=embedded)
    logins = read_logins(data_dir())
    if logins is None:
        return None
    return DatabaseUrls(app=logins.web_url, owner=logins.owner_url, is_embedded=True)


def short_run_dir(wanted: Path, uid: int) -> Path:
    """A folder for a socket: `wanted`, or a short one for the same purpose where its path would not fit.

    A socket's path may have 107 bytes, the kernel's limit (`man 7 unix`).
    """
    if len(bytes(wanted)) + len("/.s.PGSQL.5432.lock") <= 107:
        return wanted
    import hashlib

    return Path(tempfile.gettempdir()) / f"crossdock-{uid}-{hashlib.sha256(bytes(wanted)).hexdigest()[:12]}"
