"""What the conformance report says of NuORDER."""

from pathlib import Path

from crossdock.connectors.nuorder.simulator.tests.scenario import differing, document, everything, replay
from crossdock.connectors.nuorder.tests.rig import Rig
from support.conformance import Count, Facts


async def facts(reference: Path) -> Facts:
    """The calls of one story through the connector, and the captured exchanges asked again."""
    rig = Rig()
    await rig.start()
    try:
        await everything(rig)
        found = document(reference)
        used, _ = differing(found, rig.exchanges)
    finally:
        await rig.stop()
    rig = Rig()
    await rig.start()
    try:
        outcome = await replay(rig, reference)
    finally:
        await rig.stop()
    unsure = sorted(name for name in used if found.confidence(*name.split(" ", 1)) == "inferred")
    return Facts(
        against="a document derived from captured traffic and the code of several clients, for NuORDER publishes none; with exchanges "
        "captured at its sandbox; and with vectors of its signature",
        operations=tuple(sorted(used)),
        recordings=Count(outcome.total - len(outcome.differences), outcome.total),
        fixtures="nuorder",
        note=f"Inferred, and not verified: {', '.join(f'`{name}`' for name in unsure)}.",
    )
