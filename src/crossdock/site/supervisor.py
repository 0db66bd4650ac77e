"""Keeps processes running: starts them, starts again what died, ends all of them and what they started."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

import structlog

from crossdock.site.environment import Refused
from crossdock.site.service_user import ServiceUser

log = structlog.get_logger(__name__)

GRACE = 12.0  # seconds from SIGTERM to SIGKILL: a worker finishes its slice in ten
LONGEST_PAUSE = 30.0
STABLE_AFTER = 30.0  # seconds a process must live to be started again at once
TRIES_AT_START = 3


@dataclass
class Child:
    """One process, in a process group of its own, so that whatever it started ends with it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    user: ServiceUser
    log_file: Path | None = None
    is_quiet: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it. Standard error goes to `log_file`, else to ours; standard output, which is for people, to ours unless quiet."""
        errors: IO[bytes] | None = None
        if self.log_file:
            if self.log_file.exists() and self.log_file.stat().st_size > 10_000_000:
                self.log_file.replace(self.log_file.with_suffix(".log.1"))
            errors = self.log_file.open("ab")
        try:
            self.process = subprocess.Popen(
                self.command,
                cwd="/",
                env={**self.environment, "CROSSDOCK_SUPERVISOR": str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=errors if self.is_quiet else None,
                stderr=errors,
                start_new_session=True,
                **self.user.popen(),
            )
        finally:
            if errors:
                errors.close()
        self.started_at = time.monotonic()

    @property
    def last_words(self) -> str:
        """The last line it logged, for the one line that says why it died."""
        if not self.log_file:
            return ""
        with suppress(OSError):
            lines = self.log_file.read_bytes()[-4_000:].decode(errors="replace").strip().splitlines()
            return lines[-1].strip() if lines else ""
        return ""

    def end_group(self, number: int) -> None:
        """Signal the process and all it started."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Runs children until SIGTERM or SIGINT; a second Ctrl-C ends them at once."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.is_stopping = False
        self._awake = threading.Event()
        self._signals = 0

    def take_signals(self) -> None:
        """From now on SIGTERM and SIGINT mean: stop all, in order."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, self._child_ended)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True
        self._signals += 1
        self._awake.set()

    def _child_ended(self, number: int, frame: FrameType | None) -> None:
        self._awake.set()

    def pause(self, seconds: float) -> None:
        """Wait, or until a signal comes."""
        self._awake.wait(seconds)
        self._awake.clear()

    def add(self, child: Child) -> None:
        """Start a child and look after it."""
        self.children.append(child)
        child.start()

    def wait_until(self, is_ready: Callable[[], bool], what: str, limit: float) -> None:
        """Look after the children until something is ready. Raises Refused at the limit, or when a child keeps dying."""
        deadline = time.monotonic() + limit
        while not self.is_stopping and not is_ready():
            self.look_after()
            for child in self.children:
                if child.failures >= TRIES_AT_START:
                    raise Refused(f"{child.name} does not start: {child.last_words or 'see the lines above'}")
            if time.monotonic() > deadline:
                raise Refused(f"{what} is not ready after {limit:.0f} seconds")
            self.pause(0.1)

    def look_after(self) -> None:
        """Notice who died; start again whose pause is over."""
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.due_at:
                    child.start()
                continue
            code = child.process.poll()
            if code is None:
                continue
            child.end_group(signal.SIGKILL)  # what it left behind may hold its port
            child.process = None
            child.failures = 1 if now - child.started_at > STABLE_AFTER else child.failures + 1
            pause = 0.0 if child.failures == 1 else min(LONGEST_PAUSE, 0.5 * 2**child.failures)
            child.due_at = now + pause
            log.warning("process.ended", process=child.name, code=code, starts_again_in=pause, last_words=child.last_words)

    def run(self, also: Callable[[], None]) -> None:
        """Look after the children until asked to stop; `also` is called each round, for what is no child."""
        while not self.is_stopping:
            self.look_after()
            also()
            self.pause(1.0)

    def stop(self) -> None:
        """End all, the last started first; what does not end in time, or when asked twice, is killed with all it started."""
        self.is_stopping = True
        asked = self._signals
        alive = [child for child in reversed(self.children) if child.process]
        for child in alive:
            if child.process:
                child.process.terminate()
        deadline = time.monotonic() + GRACE
        while (
            any(c.process and c.process.poll() is None for c in alive)
            and time.monotonic() < deadline
            and self._signals <= asked + 1
        ):
            self.pause(0.1)
        for child in alive:
            child.end_group(signal.SIGKILL)
            if child.process:
                child.process.wait()
            child.process = None
