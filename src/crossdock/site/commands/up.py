"""`crossdock up`: everything on one machine, under one process that looks after the others."""

import argparse
import os
from pathlib import Path

NAME = "up"
HELP = "run everything: database, web, workers; with --demo also the sandbox"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to run and where."""
    parser.add_argument("--demo", action="store_true", help="with a sandbox of every platform, and orders that flow")
    parser.add_argument("--host", default="127.0.0.1", help="where web listens (default %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="of web (default %(default)s)")
    parser.add_argument("--metrics-port", type=int, help="of /metrics on loopback (default: the one after --port; 0: none)")
    parser.add_argument("--sandbox-port", type=int, help="first port of the sandbox (default: 1000 after --port)")
    parser.add_argument(
        "--data-dir", type=Path, help="where the database's files lie (default: CROSSDOCK_DATA_DIR or the system's place)"
    )
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM, then stop all it started."""
    if arguments.data_dir:
        os.environ["CROSSDOCK_DATA_DIR"] = str(arguments.data_dir.expanduser().absolute())
    if arguments.demo:
        os.environ["CROSSDOCK_DEMO"] = "1"
    os.environ.setdefault("CROSSDOCK_PUBLIC_URL", f"http://127.0.0.1:{arguments.port}")
    from crossdock.site.house import House

    return House(arguments).run()
