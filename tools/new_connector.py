"""`make connector name=acme`: a folder for a new store's connector that works, with its simulator, tests and rig.

The files in tools/connector are the pattern: a small made-up store called Acme. Names are replaced, nothing else.
"""

import argparse
import keyword
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATTERN = ROOT / "tools" / "connector"

SAID = """{folder} is there, and works against its own simulator.

Contract tests that run for it, and pass: all of tests/contract/test_stores_pull_orders.py.
Not run, since the client does not claim the capability yet:
  PostsShipments   tests/contract/test_stores_post_shipments.py
  ReportsProgress  tests/contract/test_stores_report_progress.py
  KeepsWebhooks    tests/contract/test_stores_webhooks.py

Next: CONTRIBUTING.md, "A connector in seven steps", from step 2. Try what is there:
  .venv/bin/pytest src/crossdock/connectors/{key} tests/contract -k {key}
"""


class Refused(Exception):
    """The folder cannot be made; the message is one line."""


def make(key: str, title: str, root: Path = ROOT) -> Path:
    """Copy the pattern below `root` and put the names in; the new folder. Raises Refused."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,30}", key) or keyword.iskeyword(key) or key in {"kit", "registry", "tests"}:
        raise Refused(f"{key!r} cannot be a key: small letters, digits and underscores, a letter first")
    folder = root / "src" / "crossdock" / "connectors" / key
    if folder.exists():
        raise Refused(f"{folder.relative_to(root)} is there already")
    shutil.copytree(PATTERN, folder, ignore=shutil.ignore_patterns("__pycache__"))
    class_name = "".join(part.capitalize() for part in key.split("_"))
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_text(_named(path.read_text(), key, class_name, title))
    _tidy(folder, root)
    return folder


def _named(text: str, key: str, class_name: str, title: str) -> str:
    text = text.replace("AcmeClient", f"{class_name}Client").replace("AcmeSimulator", f"{class_name}Simulator")
    return re.sub(r"\bAcme\b", title, re.sub(r"\bacme\b", key, text))


def _tidy(folder: Path, root: Path) -> None:
    """Another name sorts and breaks lines elsewhere."""
    for step in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, str(folder)], cwd=root, check=True)  # noqa: S603  (our own tool)


def main() -> int:
    """Make it and say what comes next; the exit code."""
    parser = argparse.ArgumentParser(prog="make connector", description="Start a connector for a store.")
    parser.add_argument("key", metavar="name", help="its key: the folder's name, such as acme")
    parser.add_argument("--title", help="what people call the platform (default: the key, capitalized)")
    arguments = parser.parse_args()
    try:
        folder = make(arguments.key, arguments.title or arguments.key.replace("_", " ").title())
    except Refused as error:
        sys.stderr.write(f"make connector: {error}\n")
        return 1
    sys.stdout.write(SAID.format(folder=folder.relative_to(ROOT), key=arguments.key))
    return 0


if __name__ == "__main__":
    sys.exit(main())
