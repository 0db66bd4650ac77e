"""What every bench prints: one JSON object for machines, or a line for each figure for people."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """What it was measured on: cores, memory in GB, load of the last minute, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }


def show(title: str, figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the figures of one run."""
    if as_json:
        sys.stdout.write(json.dumps(figures, indent=2, default=str) + "\n")
        return
    width = max(map(len, figures))
    lines = [title, *(f"  {name.ljust(width)}  {_plain(value)}" for name, value in figures.items())]
    sys.stdout.write("\n".join(lines) + "\n")


def say(line: str) -> None:
    """One line of progress, beside the figures."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def keep_logs(folder: Path, wanted: str | None) -> None:
    """Copy the processes' logs to where somebody wants to read them."""
    if wanted:
        target = Path(wanted)
        target.mkdir(parents=True, exist_ok=True)
        for log in folder.glob("*.log"):
            (target / log.name).write_bytes(log.read_bytes())


def _plain(value: Any) -> str:
    return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
