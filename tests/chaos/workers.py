"""Worker processes as tests start them: real ones, killed as a power cut would."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

# What `crossdock worker` runs, without its refusal of root: a test may run as root, a worker in the field never does.
PROGRAM = "from crossdock.site.boot import set_up_django; set_up_django(); from crossdock.jobs import worker; worker.run()"


class Worker:
    """One worker process; `within` are words of a command that runs it elsewhere, such as in another network namespace."""

    def __init__(self, *, within: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the worker)
        self._said = ""
        self.process = subprocess.Popen(
            [*within, sys.executable, "-c", PROGRAM],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            start_new_session=True,
        )

    def kill(self) -> None:
        """End it at once, with all it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if not self._log.closed:
            self._log.seek(0)
            self._said = self._log.read().decode(errors="replace")[-3000:]
            self._log.close()

    def log(self) -> str:
        """The last it wrote; ends it."""
        self.kill()
        return self._said


async def until(is_so: Callable[[], Awaitable[bool]], worker: Worker, *, limit: float) -> float:
    """Wait until something is so; the seconds it took. Fails at the limit, or when the worker ends before."""
    started = time.monotonic()
    while not await is_so():
        assert worker.process.poll() is None, worker.log()
        if time.monotonic() - started > limit:
            raise AssertionError(f"not so after {limit} seconds; the worker said: {worker.log()}")
        await asyncio.sleep(0.1)
    return time.monotonic() - started
