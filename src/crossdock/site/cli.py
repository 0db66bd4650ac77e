"""The installed command `crossdock`: reads arguments, runs one command, and says what went wrong in one line."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from crossdock.site.commands import COMMANDS
from crossdock.site.environment import Refused


def parser() -> argparse.ArgumentParser:
    """All commands with their arguments; the docs are made from it."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where in the code an error came from")
    main_parser = argparse.ArgumentParser(
        prog="crossdock",
        description="Moves orders from where they are sold to where they are shipped, and the proof of shipping back.",
    )
    main_parser.add_argument("--version", action="version", version=f"crossdock {version('crossdock')}")
    subparsers = main_parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        made = subparsers.add_parser(command.NAME, help=command.HELP, description=command.HELP, parents=[common])
        command.arguments(made)
        made.set_defaults(run=command.run)
    return main_parser


def _read(argv: list[str]) -> argparse.Namespace:
    """The arguments; those of a command that hands on all it gets are not looked at, options before them included."""
    for command in COMMANDS:
        if argv[:1] == [command.NAME] and getattr(command, "HANDS_ON", False):
            return argparse.Namespace(run=command.run, rest=argv[1:], debug="--debug" in argv)
    return parser().parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit code. A foreseeable error is one line on standard error, never a traceback."""
    arguments = _read(sys.argv[1:] if argv is None else list(argv))
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        words = in_one_line(error)
        if words is None or arguments.debug:
            raise
        sys.stderr.write(f"crossdock: {words}\n")
        return 1


def in_one_line(error: Exception) -> str | None:
    """What an operator needs to know of an error that can be foreseen; None for what can only be a fault of ours."""
    if isinstance(error, Refused) or _is_from(error, "crossdock.domain.errors", "RuleBroken"):
        return str(error)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk is full{f' ({error.filename})' if error.filename else ''}; free some space and start again"
    if isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM, errno.EROFS} and error.filename:
        return f"{error.filename} may not be used by this user: {error.strerror}"
    if _is_from(error, "psycopg", "OperationalError") or _is_from(error, "django.db.utils", "OperationalError"):
        if "No space left" in str(error):
            return "the disk of the database is full; free some space and start again"
        return f"the database cannot be reached: {' '.join(str(error).split())}"
    if _is_not_migrated(error):
        return "the database has not been migrated yet; run `crossdock migrate`, or wait until a migration under way is done"
    return None


def _is_not_migrated(error: Exception) -> bool:
    """Tables that are not there yet, or that stand there already and are granted when the migration ends."""
    is_refused = _is_from(error, "django.db.utils", "ProgrammingError") or _is_from(error, "psycopg", "ProgrammingError")
    return is_refused and ("does not exist" in str(error) or "permission denied" in str(error))


def _is_from(error: Exception, package: str, name: str) -> bool:
    """By name, so that a command which needs no database does not load its driver."""
    return any(kind.__name__ == name and kind.__module__.startswith(package) for kind in type(error).__mro__)


if __name__ == "__main__":
    sys.exit(main())
