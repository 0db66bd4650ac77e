"""`crossdock read PLATFORM FILE`."""

import argparse
import json
import sys
from pathlib import Path

from crossdock.site.environment import Refused

NAME = "read"
HELP = "show how a platform's payload, list, webhook body or recorded exchange is understood, as JSON; needs no database"
UNREADABLE = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to read."""
    parser.add_argument("platform", metavar="PLATFORM", help="for example shopify")
    parser.add_argument("file", metavar="FILE", help="a file, or - for standard input")


def run(arguments: argparse.Namespace) -> int:
    """Print the reading; 0 all understood, 1 something rejected, 2 unreadable."""
    try:
        content = sys.stdin.buffer.read() if arguments.file == "-" else Path(arguments.file).read_bytes()
    except OSError as error:
        sys.stderr.write(f"crossdock: {arguments.file} cannot be read: {error.strerror}\n")
        return UNREADABLE
    import msgspec

    from crossdock.connectors.kit.errors import ConnectorError
    from crossdock.sandbox import read

    try:
        code, reading = read.read(arguments.platform, content)
    except (ConnectorError, Refused, msgspec.MsgspecError, ValueError) as error:
        sys.stderr.write(f"crossdock: {error}\n")
        return UNREADABLE
    json.dump(reading, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
    if not any(reading.values()):
        sys.stderr.write("crossdock: it was understood, and there are no orders in it\n")
    return code
