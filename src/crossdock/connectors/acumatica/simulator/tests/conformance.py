"""What the conformance report says of Acumatica."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from crossdock.connectors.acumatica.simulator.tests.test_schema_reference import everything_once
from crossdock.connectors.acumatica.tests.rig import Rig
from support.conformance import Facts


async def facts(reference: Path) -> Facts:
    """The calls of one story through the connector, by entity and action."""
    rig = Rig()
    await rig.start()
    try:
        await everything_once(rig)
    finally:
        await rig.stop()
    used = set()
    for one in rig.exchanges:
        found = re.search(r"/entity/Default/[\d.]+/([A-Za-z]+)(?:/([A-Za-z]+))?", urlsplit(one.url).path)
        if found:
            used.add(f"{one.method} /{found[1]}" + (f"/{found[2]}" if found[2] and one.method == "POST" else ""))
    return Facts(
        against="the published document of the endpoint Default: every entity, field, action and answer",
        operations=tuple(sorted(used)),
        fixtures="acumatica",
    )
