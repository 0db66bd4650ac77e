"""`crossdock createadmin`."""

import argparse
import sys

NAME = "createadmin"
HELP = "print the link by which the first administrator signs up; it works once, for an hour"


def arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    """Print the link, on standard output only: it never reaches a log. Raises Refused once there is an administrator."""
    from crossdock.site.boot import harden, set_up_django

    harden(may_be_root=True)
    set_up_django()
    from crossdock.accounts.first_admin import link

    sys.stdout.write(f"{link()}\n")
    return 0
