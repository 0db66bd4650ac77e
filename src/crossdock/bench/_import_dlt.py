"""The peer's side of the import bench, a process of its own: dlt reads the same list of orders into the same server.

As fast as it was found to go: nested lists stay JSON (`max_table_nesting=0`, so one wide table instead of a dozen), files are loaded
by COPY (`csv`), buffers hold a whole load, normalizing runs in two processes when it helps, nothing is sent home.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from crossdock.bench._measure import Measured


def main(argv: list[str]) -> None:
    """Read everything once, as `argv[0]` says in JSON: where, with what query and page, into which dataset, and how."""
    plan: dict[str, Any] = json.loads(argv[0])
    folder = tempfile.mkdtemp(prefix="crossdock-dlt-")
    os.environ.update(
        {
            "DLT_DATA_DIR": folder,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "CRITICAL",
            "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
            "NORMALIZE__WORKERS": str(plan["workers"]),
            "LOAD__WORKERS": "4",
        }
    )
    import dlt
    from dlt.sources.helpers import requests

    session = requests.Client().session

    @dlt.resource(
        name="orders",
        primary_key="id",
        write_disposition=(
            {"disposition": "merge", "strategy": "upsert"} if plan["disposition"] == "merge" else plan["disposition"]
        ),
        max_table_nesting=plan["nesting"],
    )
    def orders() -> Iterator[list[dict[str, Any]]]:
        after = None
        while True:
            variables = {"first": plan["page"], "after": after, "query": "updated_at:<='2099-01-01T00:00:00Z'"}
            answer = session.post(
                plan["url"],
                json={"query": plan["query"], "variables": variables},
                headers={"X-Shopify-Access-Token": plan["token"]},
                timeout=60,
            )
            page = answer.json()["data"]["orders"]
            yield page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    pipeline = dlt.pipeline(
        pipeline_name=plan["dataset"],
        destination=dlt.destinations.postgres(plan["credentials"]),
        dataset_name=plan["dataset"],
    )
    with Measured() as measured:
        pipeline.run(orders(), loader_file_format="csv")
    sys.stdout.write(json.dumps(measured.figures()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
