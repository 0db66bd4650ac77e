"""Tests that hold us to what others published and recorded: `@pytest.mark.needs_reference`.

They look in CROSSDOCK_REFERENCE, by default `../shared` beside the project. Where it is absent they are not run and counted in
one line; with CROSSDOCK_REFERENCE_REQUIRED=1 its absence fails the run.
"""

import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_not_run = pytest.StashKey[int]()


def reference_folder() -> Path | None:
    """Where the reference material is, or None."""
    folder = Path(os.environ.get("CROSSDOCK_REFERENCE") or ROOT.parent / "shared")
    return folder if (folder / "specs").is_dir() or (folder / "fixtures").is_dir() else None


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_not_run] = 0
    if os.environ.get("CROSSDOCK_REFERENCE_REQUIRED") == "1" and reference_folder() is None:
        raise pytest.UsageError(
            "the reference material is required and not there:"
            " set CROSSDOCK_REFERENCE to its folder, or unset CROSSDOCK_REFERENCE_REQUIRED"
        )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if reference_folder() is not None:
        return
    kept = [item for item in items if item.get_closest_marker("needs_reference") is None]
    config.stash[_not_run] = len(items) - len(kept)
    items[:] = kept


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["reference_not_run"] = session.config.stash[_not_run]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    # Each of xdist's workers collects everything, so one's count is the count.
    node.config.stash[_not_run] = getattr(node, "workeroutput", {}).get("reference_not_run", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    count = config.stash[_not_run]
    if count:
        terminalreporter.write_line(
            f"{count} reference tests not run: {os.environ.get('CROSSDOCK_REFERENCE') or '../shared'} is not there"
        )


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of published schemas and recorded payloads; only for tests marked `needs_reference`."""
    folder = reference_folder()
    assert folder is not None, "mark this test with needs_reference"
    return folder
