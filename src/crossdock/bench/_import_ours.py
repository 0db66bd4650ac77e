"""Our side of the import bench, a process of its own: the lane that pulls orders, slice after slice, until nothing is left."""

import asyncio
import json
import os
import sys

import django

from crossdock.bench._measure import Measured


def main(argv: list[str]) -> None:
    """Run the lane `argv[1]` of the account `argv[0]` to its end; print what it took."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crossdock.site.settings")
    django.setup()
    from crossdock.connections import gateway
    from crossdock.jobs.lanes import More
    from crossdock.jobs.worker import run_lane

    # A worker has them from its start on.
    gateway.connectors_of("store")
    account_id, lane_id = int(argv[0]), int(argv[1])

    async def pull() -> None:
        while await run_lane(account_id, lane_id) is More.YES:
            pass
        await gateway.close_transports()

    with Measured() as measured:
        asyncio.run(pull())
    sys.stdout.write(json.dumps(measured.figures()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
