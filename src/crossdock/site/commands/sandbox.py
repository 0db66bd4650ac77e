"""`crossdock sandbox`."""

import argparse
import os

from crossdock.site.environment import data_dir

NAME = "sandbox"
HELP = "serve a stand-in of every platform, or load orders into a running one"
HANDS_ON = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Everything is the sandbox's own to read."""
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="see `crossdock sandbox --help`")


def run(arguments: argparse.Namespace) -> int:
    """Hand over to the sandbox, which knows neither Django nor the database."""
    from crossdock.sandbox import server

    # The demo of root keeps its sandbox below the system's place, where a sandbox by itself does not look.
    token = data_dir() / "sandbox" / server.TOKEN_FILE
    if arguments.rest[:1] == ["load"] and token.exists():
        os.environ.setdefault("CROSSDOCK_SANDBOX_TOKEN_FILE", str(token))
    return int(server.main(arguments.rest) or 0)
