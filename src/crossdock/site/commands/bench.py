"""`crossdock bench NAME`."""

import argparse
import importlib
import importlib.util
import pkgutil

from crossdock import bench
from crossdock.site.environment import Refused

NAME = "bench"
HELP = "measure: import, flow, chaos and whatever else crossdock.bench has"


def names() -> list[str]:
    """Every bench: the modules of `crossdock.bench` that have a `main(argv)`; a trailing underscore is for Python's own words."""
    return sorted(
        m.name.rstrip("_") for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_") and m.name != "tests"
    )


def arguments(parser: argparse.ArgumentParser) -> None:
    """The name; the rest is the bench's own to read."""
    parser.add_argument("name", metavar="NAME", help=f"one of: {', '.join(names()) or 'none is here'}")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="the bench's own arguments, --json among them")


def run(arguments: argparse.Namespace) -> int:
    """Hand over to the bench. Raises Refused for a name there is none of."""
    found = next(
        (name for name in (arguments.name, f"{arguments.name}_") if name.rstrip("_") in names() and _is_there(name)), None
    )
    if found is None:
        raise Refused(f"there is no bench {arguments.name!r}; there are: {', '.join(names())}")
    return int(importlib.import_module(f"crossdock.bench.{found}").main(arguments.rest) or 0)


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(f"crossdock.bench.{name}") is not None
