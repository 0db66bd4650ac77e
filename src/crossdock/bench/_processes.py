"""The processes a bench starts: ours as they run in the field, killed and started again at will, their CPU counted."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of loopback that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


class Process:
    """One `crossdock` command as a process, which may be started, killed and started again. Its log goes to a file."""

    def __init__(self, name: str, *arguments: str, environment: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = [sys.executable, "-m", "crossdock.site.cli", *arguments]
        # The processes end by themselves when the bench is killed.
        self._environment = {**environment, "CROSSDOCK_SUPERVISOR": str(os.getpid())}
        self._process: subprocess.Popen[bytes] | None = None
        self._cpu_before = 0.0

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (our own command)
                self._command,
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    @property
    def pid(self) -> int:
        """Its number while it runs."""
        assert self._process is not None  # noqa: S101  (callers started it)
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to it and all it started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._cpu_before = self.cpu()
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def stop(self, limit: float = 15.0) -> None:
        """Ask it to end; kill it at the limit, in seconds."""
        self._cpu_before = self.cpu()
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(limit)
        self.kill()

    def cpu(self) -> float:
        """Seconds of CPU it has used so far, with its children, over all its lives."""
        return self._cpu_before + (cpu_of(self._process.pid) if self._process is not None else 0.0)

    def wait_until(self, is_ready: Callable[[], bool], limit: float = 60.0) -> None:
        """Wait until something is so. Raises RuntimeError with its last words when it ends before, or at the limit in seconds."""
        deadline = time.monotonic() + limit
        while not is_ready():
            if not self.is_running or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not get ready: {self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        """The last lines it wrote."""
        with suppress(OSError):
            return self.log.read_bytes()[-2_000:].decode(errors="replace").strip()
        return ""


def end_with_parent() -> None:
    """Called in a child before it runs: it is killed when the bench dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def cpu_of(pid: int) -> float:
    """Seconds of CPU of a process and all its descendants, the ended ones they waited for included; 0 when it is gone."""
    children = _children()
    total, open_ = 0.0, [pid]
    while open_:
        one = open_.pop()
        total += _times(one)
        open_ += children.get(one, [])
    return total


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            found.setdefault(int(fields[1]), []).append(int(entry.name))
    return found


def _times(pid: int) -> float:
    """User and system time, of itself and of children it waited for: `man 5 proc`, fields 14 to 17 of stat."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


def peak_mb(pid: int) -> float:
    """The most memory a process has held so far, in MB; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
