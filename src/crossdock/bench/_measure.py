"""What a piece of work took: seconds by the wall, seconds of CPU with those of children, the most memory held."""

import os
import resource
import time
from types import TracebackType

from crossdock.bench._processes import peak_mb


class Measured:
    """Measures its block. Imports and start-up before it do not count."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu = 0.0

    def __enter__(self) -> "Measured":
        self._wall, self._cpu = time.perf_counter(), _cpu()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.seconds, self.cpu = time.perf_counter() - self._wall, _cpu() - self._cpu

    def figures(self) -> dict[str, float]:
        """Seconds, CPU seconds, peak MB."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        return {"seconds": self.seconds, "cpu": self.cpu, "peak_mb": max(peak_mb(os.getpid()), children)}


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
