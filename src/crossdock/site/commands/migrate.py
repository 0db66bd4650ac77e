"""`crossdock migrate`."""

import argparse

NAME = "migrate"
HELP = "bring the database up to date: roles, extension, tables"


def arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    """Apply what is missing; may run again, and at the same time as another."""
    from crossdock.site.migrating import migrate

    migrate(verbosity=1)
    return 0
