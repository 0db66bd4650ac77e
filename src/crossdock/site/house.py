"""What `crossdock up` does: prepares as whoever started it, then runs everything as the service user and looks after it."""

import argparse
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress

import structlog

from crossdock.site import demo_sandbox
from crossdock.site.commands.web import check_address
from crossdock.site.environment import Refused, data_dir, is_loopback, key_file, public_url
from crossdock.site.ports import check_port, is_free
from crossdock.site.postgres import EmbeddedPostgres
from crossdock.site.reach import Program, program_for
from crossdock.site.service_user import service_user
from crossdock.site.supervisor import Child, Supervisor

log = structlog.get_logger(__name__)

LEAST_FREE = 500_000_000  # bytes: below it a database is likely to stop in the middle of something
START_LIMIT = 60.0  # seconds for web to answer


class House:
    """One installation on one machine."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.is_demo: bool = arguments.demo
        self.folder = data_dir()
        self.user = service_user()
        self.supervisor = Supervisor()
        self.server: EmbeddedPostgres | None = None
        self.lock: int | None = None
        self.sandbox: demo_sandbox.Plan | None = None

    def run(self) -> int:
        """Until asked to stop; the exit code. Whatever happens, nothing that was started goes on."""
        from crossdock.site.logs import configure, logging_config

        configure(logging_config())
        self._check()
        try:
            self._prepare_folders()
            self.supervisor.take_signals()
            environment = self._bring_database()
            program = program_for(self.user, self.folder / "program")
            self._command(program, environment, "migrate")
            environment.pop("DATABASE_OWNER_URL", None)  # from here on nobody needs to know the owner
            self._start(program, environment)
            if not self.supervisor.is_stopping:
                self._greet(program, environment)
            self.supervisor.run(also=self._keep_database)
        finally:
            self.supervisor.stop()
            if self.server:
                self.server.stop()
            if self.lock is not None:
                os.close(self.lock)
        return 0

    # --- Before anything is started -------------------------------------------------------------------------------------------

    def _check(self) -> None:
        check_address(self.arguments.host)
        if self.is_demo and not is_loopback(self.arguments.host):
            raise Refused("the demo is for this machine only; leave --host away")
        check_port(self.arguments.host, self.arguments.port, "--port")
        port = self.arguments.metrics_port
        if port is None:
            self.arguments.metrics_port = self.arguments.port + 1 if is_free("127.0.0.1", self.arguments.port + 1) else 0
        elif port:
            check_port("127.0.0.1", port, "--metrics-port")
        if self.arguments.workers < 1:
            raise Refused("--workers must be at least 1, or nothing would be imported or sent")

    def _prepare_folders(self) -> None:
        os.umask(0o077)
        if self.folder.exists() and not self.folder.is_dir():
            raise Refused(f"{self.folder} is a file, so it cannot be the data folder; name another with --data-dir")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o755 if self.user.is_other else 0o700)
            self._take_lock()
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise Refused(
                f"the data folder {self.folder} cannot be used: {error.strerror or error}; name another with --data-dir"
            ) from error
        if free < LEAST_FREE:
            raise Refused(
                f"only {free // 1_000_000} MB are free at {self.folder}; free some space, or name another folder with --data-dir"
            )
        self._mark_demo()
        (self.folder / "public_url").write_text(public_url())
        self.user.make_dir(self.folder / "static", 0o755)
        (self.folder / "logs").mkdir(exist_ok=True)
        if not key_file().parent.exists():
            self.user.make_dir(key_file().parent)

    def _take_lock(self) -> None:
        """One `up` a folder: two supervisors would fight over one server."""
        self.lock = os.open(self.folder / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self.lock, 20).decode() or "?"
            raise Refused(
                f"Crossdock runs on {self.folder} already (process {holder}); stop it, or use another --data-dir"
            ) from None
        os.truncate(self.lock, 0)
        os.pwrite(self.lock, str(os.getpid()).encode(), 0)

    def _mark_demo(self) -> None:
        """A folder is the demo's for good, or never: made-up orders and real ones must not meet."""
        mark, is_used = self.folder / "demo", (self.folder / "logins.json").exists()
        if self.is_demo and is_used and not mark.exists():
            raise Refused(f"{self.folder} is not a demo's; name another folder with --data-dir")
        if not self.is_demo and mark.exists():
            raise Refused(f"{self.folder} holds the demo; name another folder with --data-dir, or remove this one")
        if self.is_demo:
            mark.touch()

    # --- The database ----------------------------------------------------------------------------------------------------------

    def _bring_database(self) -> dict[str, str]:
        """The environment of all processes, with the address that migrates; start the embedded server unless another is named."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PG", "PYTHON"))},
            "HOME": self.user.home,
            "CROSSDOCK_DATA_DIR": str(self.folder),
            "CROSSDOCK_KEY_FILE": str(key_file()),
            "CROSSDOCK_STATIC_ROOT": str(self.folder / "static"),
            "CROSSDOCK_SECRET_KEY": self._web_secret(),
            "CROSSDOCK_DEMO": "1" if self.is_demo else "",
        }
        if "DATABASE_URL" in os.environ:
            return environment
        self.server = EmbeddedPostgres(self.folder, user=self.user)
        logins = self.server.prepare()
        self.server.start()
        environment |= {"DATABASE_URL": logins.web_url, "DATABASE_OWNER_URL": logins.owner_url, "CROSSDOCK_EMBEDDED": "1"}
        return environment

    def _web_secret(self) -> str:
        if named := os.environ.get("CROSSDOCK_SECRET_KEY"):
            return named
        path = self.folder / "web_secret"
        with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        return path.read_text()

    def _keep_database(self) -> None:
        """Start the server again should it have died."""
        if self.server and not self.server.is_running and not self.supervisor.is_stopping:
            log.warning("database.ended")
            try:
                self.server.start()
            except Refused as error:
                log.error("database.does_not_start", error=str(error))
                self.supervisor.pause(5.0)

    def _command(self, program: Program, environment: Mapping[str, str], *arguments: str) -> str:
        """Run one of our commands to its end as the service user; what it printed. Raises Refused with its last line."""
        done = subprocess.run(
            program.command(*arguments),
            cwd="/",
            env={**environment, **program.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self.user.popen(),
        )
        if done.returncode:
            (self.folder / "logs" / f"{arguments[0]}.log").write_text(done.stdout + done.stderr)
            lines = done.stderr.strip().splitlines() or ["it says nothing"]
            raise Refused(f"`crossdock {arguments[0]}` failed: {lines[-1].removeprefix('crossdock: ')}")
        return str(done.stdout)

    # --- Running ---------------------------------------------------------------------------------------------------------------

    def _start(self, program: Program, environment: dict[str, str]) -> None:
        if self.is_demo:
            environment |= self._start_sandbox(program, environment)
        port = str(self.arguments.port)
        self._add(program, environment, "web", "web", "--host", self.arguments.host, "--port", port)
        for number in range(1, self.arguments.workers + 1):
            self._add(program, environment, f"worker-{number}", "worker")
        if self.arguments.metrics_port:
            self._add(program, environment, "metrics", "metrics", "--port", str(self.arguments.metrics_port))
        self.supervisor.wait_until(self._web_answers, "web", START_LIMIT)

    def _add(self, program: Program, environment: Mapping[str, str], name: str, *arguments: str) -> None:
        self.supervisor.add(
            Child(
                name=name,
                command=program.command(*arguments),
                environment={**environment, **program.environment},
                user=self.user,
                log_file=self.folder / "logs" / f"{name}.log" if self.is_demo else None,
                is_quiet=name == "sandbox",  # what it says, the greeting says shorter
            )
        )

    def _start_sandbox(self, program: Program, environment: Mapping[str, str]) -> dict[str, str]:
        """Start the sandbox, without anything that opens the database or the vault; what web and workers must know of it."""
        secret = ("DATABASE_", "CROSSDOCK_SECRET_KEY", "CROSSDOCK_KEY_FILE", "CROSSDOCK_SMTP_URL", "CROSSDOCK_METRICS_TOKEN")
        bare = {key: value for key, value in environment.items() if not key.startswith(secret)}
        plan = demo_sandbox.plan(
            self.arguments.sandbox_port or self.arguments.port + 1_000, self.user.make_dir(self.folder / "sandbox")
        )
        if plan is None:
            return {}
        self.sandbox = plan
        self._add(program, bare, "sandbox", "sandbox", *plan.arguments)
        self.supervisor.wait_until(plan.is_ready, "the sandbox", START_LIMIT)
        return plan.environment()

    def _web_answers(self) -> bool:
        host = self.arguments.host if is_loopback(self.arguments.host) else "127.0.0.1"
        request = urllib.request.Request(f"http://{host}:{self.arguments.port}/healthz", headers={"Host": _host_header()})
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310  (our own address)
                return bool(answer.status == 200)
        except OSError:
            return False

    def _greet(self, program: Program, environment: Mapping[str, str]) -> None:
        """Say where it is and how to get in."""
        lines = [f"Crossdock runs at {public_url()}"]
        if self.is_demo:
            signing_in = json.loads(self._command(program, environment, "seed-demo") or "null")
            if signing_in:
                lines.append(f"Sign in as {signing_in['email']} with the password {signing_in['password']}")
            lines += self.sandbox.greeting() if self.sandbox else []
            lines.append(f"Logs are in {self.folder / 'logs'}")
        else:
            lines.append("`crossdock createadmin` prints the first administrator's link.")
        lines.append("Ctrl-C stops everything.")
        sys.stdout.write("\n" + "\n".join(lines) + "\n\n")
        sys.stdout.flush()


def _host_header() -> str:
    return public_url().split("://", 1)[1]
