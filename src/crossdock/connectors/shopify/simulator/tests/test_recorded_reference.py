"""Recorded exchanges of the real platform, replayed: shape, state and error texts agree, or the table says why not."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from crossdock.connectors.shopify.simulator.tests.replay import exchanges, replay

TABLE = Path(__file__).with_name("deviations.toml")


def table() -> dict[str, str]:
    """Reasons by pattern."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["deviation"]
    return {pattern: row["reason"] for row in rows for pattern in row["exchanges"]}


@pytest.mark.needs_reference
def test_recorded_exchanges_agree_or_are_explained(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [replay(exchange) for exchange in exchanges(reference)]
    reasons = table()

    differing = [one for one in outcomes if one.differences]
    explained: dict[str, int] = dict.fromkeys(reasons, 0)
    unexplained = []
    for one in differing:
        found = next((pattern for pattern in reasons if fnmatchcase(one.exchange.place, pattern)), None)
        if found is None:
            unexplained.append((one.exchange.place, one.differences[:5]))
        else:
            explained[found] += 1

    by_reason: dict[str, int] = {}
    for pattern, count in explained.items():
        by_reason[reasons[pattern]] = by_reason.get(reasons[pattern], 0) + count
    pruned = sum(1 for one in outcomes if one.dropped and not one.differences)
    costs = [one.cost for one in outcomes if None not in one.cost and not one.dropped]
    same = sum(1 for recorded, ours in costs if recorded == ours)
    with capsys.disabled():
        agreeing = len(outcomes) - len(differing)
        print(f"\n{agreeing} of {len(outcomes)} recorded exchanges agree ({pruned} of them without fields we do not serve);")  # noqa: T201
        print(f"{same} of {len(costs)} requested costs are exact. Deviations:")  # noqa: T201
        for reason, count in sorted(by_reason.items(), key=lambda entry: -entry[1]):
            print(f"  {count:3} {reason}")  # noqa: T201
    assert unexplained == []
    assert [pattern for pattern, count in explained.items() if count == 0] == []
    assert len(outcomes) >= 300
    assert same / len(costs) > 0.9
