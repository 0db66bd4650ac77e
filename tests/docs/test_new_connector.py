"""A new connector's folder works as it is made, and is all that a platform needs."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest

from docs.files import ROOT

SEEN = """
import json, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crossdock.site.settings")
import django
django.setup()
from crossdock.connections.forms import SettingsForm
from crossdock.connections.gateway import connectors_of
from crossdock.connections.typed import blank
from crossdock.connectors.registry import connector_for
from crossdock.sandbox.simulators import every_simulator
from crossdock.site.docs.pages import pages

made = connector_for("corner_shop")
form = SettingsForm(made, blank(made), prefix="store")
simulator = every_simulator()["corner_shop"]
print(json.dumps({
    "offered": [one.name for one in connectors_of("store") if one.key == "corner_shop"],
    "asked": [field.name for field in form.credentials],
    "sandbox": [simulator.name, len(simulator.presets(simulator.make()))],
    "pages": sorted(path.name for path in pages() if "corner_shop" in path.name),
    "told": sorted(str(path) for path, text in pages().items() if "Corner Shop" in text and "corner_shop" not in path.name),
}))
"""


@pytest.fixture
def copy(tmp_path):
    """A working tree to make a connector in."""
    for name in ("src", "tests", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    for name in ("conftest.py", "pyproject.toml", "README.md"):
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


def contents(tree):
    """What every file holds, by name."""
    return {
        str(path.relative_to(tree)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tree.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".ruff_cache" not in path.parts
    }


def test_its_folder_is_all_that_a_platform_needs(copy):
    before = contents(copy)

    run(copy, "tools/new_connector.py", "corner_shop", "--title", "Corner Shop")
    seen = run(copy, "-c", SEEN)
    imports = run(copy, "-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])")

    changed = {name for name, content in contents(copy).items() if before.get(name) != content}
    assert {name for name in changed if not name.startswith("src/crossdock/connectors/corner_shop/")} == set()
    assert set(before) <= set(contents(copy))
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout.splitlines()[-1]) == {
        "offered": ["Corner Shop"],
        "asked": ["shop", "client_id", "client_secret"],
        "sandbox": ["Corner Shop", 1],
        "pages": ["corner_shop-credentials.md", "corner_shop.md"],
        "told": ["README.md", "docs/connectors/README.md"],
    }
    assert imports.returncode == 0, imports.stdout


@pytest.mark.parametrize(
    ("key", "why"), [("Corner Shop", "cannot be a key"), ("kit", "cannot be a key"), ("shopify", "is there already")]
)
def test_a_name_that_does_not_work_is_refused_in_one_line(copy, key, why):
    made = run(copy, "tools/new_connector.py", key)

    assert made.returncode == 1
    assert why in made.stderr
    assert made.stderr.count("\n") == 1
