"""What the conformance report says of Magento 2."""

from pathlib import Path
from urllib.parse import urlsplit

from crossdock.connectors.magento2.simulator.calls import CALLS
from crossdock.connectors.magento2.simulator.tests.test_schema_reference import everything
from crossdock.connectors.magento2.tests.rig import Rig
from support.conformance import Facts


async def facts(reference: Path) -> Facts:
    """The calls of one story through the connector."""
    rig = Rig()
    await rig.start()
    try:
        await everything(rig)
    finally:
        await rig.stop()
    asked = {(one.method, urlsplit(one.url).path.partition("/V1/")[2]) for one in rig.exchanges if one.operation != "Whole"}
    used = {
        f"{call.method} /V1/{call.path}"
        for method, path in asked
        for call in [next((one for one in CALLS if one.fits(method, path) is not None), None)]
        if call is not None
    }
    return Facts(
        against="the published REST documents of two releases: every route, body and answer",
        operations=tuple(sorted(used)),
        fixtures="magento",
    )
