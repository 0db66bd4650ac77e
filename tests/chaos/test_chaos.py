"""The chaos bench in its short form: real kills, cut lines, and what the platforms count in the end."""

import json
import os
import subprocess
import sys


def test_nothing_is_lost_doubled_or_stuck_while_workers_die_and_lines_are_cut():
    command = [sys.executable, "-m", "crossdock.site.cli", "bench", "chaos", "--json"]
    # A database of its own: what other tests of this process were given may not make any.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CROSSDOCK_", "DATABASE_"))}

    done = subprocess.run(
        [*command, "--orders", "40", "--over", "15", "--seed", "7", "--patience", "90"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout, done.stderr[-2000:]
    figures = json.loads(done.stdout)
    assert {name: figures[name] for name in ("orders", "lost", "doubled", "stuck")} == {
        "orders": 40,
        "lost": 0,
        "doubled": 0,
        "stuck": 0,
    }, figures
    assert figures["kills"] > 0
    assert figures["faults"] > 0
