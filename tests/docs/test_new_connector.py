"""A new connector's folder works as it is made."""

import os
import shutil
import subprocess
import sys

import pytest

from docs.files import ROOT


@pytest.fixture
def copy(tmp_path):
    """A working tree to make a connector in."""
    for name in ("src", "tests", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(tree, *command):
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTEST_ADDOPTS": "", "PYTEST_XDIST_WORKER": ""}
    # The copy has no reference material beside it, and needs none.
    for name in ("PYTEST_XDIST_WORKER", "CROSSDOCK_REFERENCE_REQUIRED"):
        environment.pop(name, None)
    return subprocess.run([sys.executable, *command], cwd=tree, env=environment, capture_output=True, text=True, check=False)


def test_it_passes_the_contract_tests_and_the_checks_at_once(copy):
    made = run(copy, "tools/new_connector.py", "corner_shop", "--title", "Corner Shop")

    tests = run(
        copy, "-m", "pytest", "src/crossdock/connectors/corner_shop", "tests/contract", "-k", "corner_shop", "-p", "no:xdist"
    )
    lint = run(copy, "-m", "ruff", "check", "src/crossdock/connectors/corner_shop")
    form = run(copy, "-m", "ruff", "format", "--check", "src/crossdock/connectors/corner_shop")

    assert made.returncode == 0, made.stderr
    assert tests.returncode == 0, tests.stdout
    assert (lint.returncode, form.returncode) == (0, 0), lint.stdout + form.stdout
    assert '"crossdock.connectors.corner_shop"]' in (copy / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("key", "why"), [("Corner Shop", "cannot be a key"), ("kit", "cannot be a key"), ("shopify", "is there already")]
)
def test_a_name_that_does_not_work_is_refused_in_one_line(copy, key, why):
    made = run(copy, "tools/new_connector.py", key)

    assert made.returncode == 1
    assert why in made.stderr
    assert made.stderr.count("\n") == 1
