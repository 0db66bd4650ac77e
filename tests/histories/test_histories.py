"""Orders in any history that we could think of: nothing is lost, nothing comes twice, nothing is stuck without a word."""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from histories.machine import History
from histories.town import platforms

pytestmark = pytest.mark.usefixtures("db_ready")

LONG = int(os.environ.get("CROSSDOCK_HISTORIES", "0"))
"""So many histories are made up at random; else a few, the same ones each time."""


def test_whatever_happens_to_an_order_it_is_shipped_and_told_once_or_says_what_it_waits_for():
    how = settings(
        max_examples=LONG or 6,
        stateful_step_count=30 if LONG else 15,
        derandomize=not LONG,
        database=None,
        suppress_health_check=list(HealthCheck),
        # Making a history shorter takes minutes; what went wrong is said in sentences.
        phases=[Phase.generate],
    )
    with asyncio.Runner() as runner:
        served = platforms()
        both = runner.run(served.__aenter__())
        try:
            machine = type("History", (History,), {"platforms": both, "run": staticmethod(runner.run)})
            run_state_machine_as_test(machine, settings=how)
        finally:
            runner.run(served.__aexit__(None, None, None))
