"""The bench of the limits, for moments only: every store is read within its limit, and the aims are judged."""

from crossdock.bench.limits import judged, measure
from crossdock.sandbox.simulators import every_simulator


async def test_every_store_is_read_within_its_limit_and_beside_a_backfill(db_ready):
    figures = await measure(0.4, 0.3, [])

    assert figures
    assert set(figures) == {key for key, declaration in every_simulator().items() if declaration.counting is not None}
    for key, one in figures.items():
        assert one["calls"] > 0, key
        assert one["beside_a_backfill"]["urgent_calls"] > 0, key
        assert one["beside_a_backfill"]["backfill_calls"] > 0, key


def test_who_misses_an_aim_is_named():
    told = judged(
        {
            "good": {"share": 0.97, "refused_share": 0.0},
            "slow": {"share": 0.9, "refused_share": 0.001},
            "rude": {"share": None, "refused_share": 0.02},
        }
    )

    assert told == {"below_95_percent": ["slow"], "refused_too_often": ["rude"]}
