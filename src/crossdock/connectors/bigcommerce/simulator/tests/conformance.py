"""What the conformance report says of BigCommerce."""

from pathlib import Path
from urllib.parse import urlsplit

from crossdock.connectors.bigcommerce.simulator.tests.openapi import Document
from crossdock.connectors.bigcommerce.simulator.tests.test_schema_reference import DOCUMENTS, everything
from crossdock.connectors.bigcommerce.tests.rig import Rig
from support.conformance import Facts


async def facts(reference: Path) -> Facts:
    """The calls of one story through the connector, by the routes of the published documents."""
    documents = [Document(reference / "specs" / "bigcommerce" / name) for name in DOCUMENTS]
    rig = Rig()
    await rig.start()
    try:
        await everything(rig)
    finally:
        await rig.stop()
    used = set()
    for one in rig.exchanges:
        version, _, rest = urlsplit(one.url).path.split("/", 3)[3].partition("/")
        for document in documents:
            if version in document.value["servers"][0]["url"] and (template := document.route(one.method, f"/{rest}")):
                used.add(f"{one.method} /{version}{template}")
                break
    return Facts(
        against="the published OpenAPI documents: every route, query, body and answer",
        operations=tuple(sorted(used)),
        fixtures="bigcommerce",
    )
