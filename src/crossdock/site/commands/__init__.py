"""One module for each command: `NAME`, `HELP`, `arguments(parser)` and `run(arguments)`, which returns the exit code.

What a command needs is imported when it runs: `crossdock read` starts without Django.
"""

import argparse
from typing import Protocol

from crossdock.site.commands import bench, createadmin, doctor, keys, metrics, migrate, read, sandbox, seed, up, web, worker


class Command(Protocol):
    """What each module here has."""

    NAME: str
    HELP: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""


COMMANDS: tuple[Command, ...] = (up, web, worker, sandbox, migrate, createadmin, keys, doctor, read, bench, metrics, seed)
