"""`crossdock worker`."""

import argparse

NAME = "worker"
HELP = "run one worker: it takes wake-ups off the queue and runs lanes"


def arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM, then finish what is under way."""
    from crossdock.site.boot import harden, set_up_django

    harden()
    set_up_django()
    from crossdock.accounts import vault
    from crossdock.connections import gateway
    from crossdock.jobs import worker

    # Read now, while nobody waits: the first lane would pay for it.
    gateway.connectors_of("store")
    # Said at start and in one line, not once for each store: without the key file nothing can be sent.
    vault.check()
    worker.run()
    return 0
