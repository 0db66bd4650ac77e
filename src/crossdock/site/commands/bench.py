"""`crossdock bench NAME`."""

import argparse
import importlib
import importlib.util
import os
import pkgutil
import subprocess

from crossdock import bench
from crossdock.site.environment import Refused, data_dir

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
    """Hand over to the bench, on a scratch database. Raises Refused for a name there is none of."""
    found = next(
        (name for name in (arguments.name, f"{arguments.name}_") if name.rstrip("_") in names() and _is_there(name)), None
    )
    if found is None:
        raise Refused(f"there is no bench {arguments.name!r}; there are: {', '.join(names())}")
    from crossdock.site.scratch import IS_SCRATCH, scratch

    if os.environ.get(IS_SCRATCH) == "1" or {"-h", "--help"} & set(arguments.rest):
        return _measure(found, arguments.rest)
    with scratch() as environment:
        if os.geteuid() == 0 and found in bench.STARTS_PROCESSES:
            return _as_service_user(environment, arguments)
        os.environ.clear()
        os.environ.update(environment)
        return _measure(found, arguments.rest)


def _measure(module: str, rest: list[str]) -> int:
    from crossdock.site.boot import set_up_django

    set_up_django()
    return int(importlib.import_module(f"crossdock.bench.{module}").main(rest) or 0)


def _as_service_user(environment: dict[str, str], arguments: argparse.Namespace) -> int:
    """Web and workers refuse root, so what starts them runs as the service user from the start."""
    from crossdock.site.reach import program_for
    from crossdock.site.service_user import service_user

    user = service_user()
    folder = data_dir() / "bench-program"
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    program = program_for(user, folder)
    done = subprocess.run(
        program.command("bench", arguments.name, *arguments.rest),
        cwd="/",
        env={**environment, **program.environment},
        check=False,
        **user.popen(),
    )
    return done.returncode


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(f"crossdock.bench.{name}") is not None
