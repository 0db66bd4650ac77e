"""`crossdock sandbox`."""

import argparse

NAME = "sandbox"
HELP = "serve a stand-in of every platform, or load orders into a running one"
HANDS_ON = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Everything is the sandbox's own to read."""
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="see `crossdock sandbox --help`")


def run(arguments: argparse.Namespace) -> int:
    """Hand over to the sandbox, which knows neither Django nor the database."""
    from crossdock.sandbox import server

    return int(server.main(arguments.rest) or 0)
