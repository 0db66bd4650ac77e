"""`crossdock seed-demo`, which `crossdock up --demo` runs."""

import argparse
import json
import sys
from dataclasses import asdict

from crossdock.site.environment import Refused, is_demo

NAME = "seed-demo"
HELP = "make the demo's account, store and warehouse; run by `crossdock up --demo`"


def arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    """Print how to sign in, as JSON. Raises Refused outside the demo."""
    if not is_demo():
        raise Refused("this is not the demo; start it with `crossdock up --demo`")
    from crossdock.site.boot import harden, set_up_django

    harden()
    set_up_django()
    from crossdock.site import demo

    signing_in = demo.seed()
    json.dump(asdict(signing_in) if signing_in else None, sys.stdout)
    return 0
