"""The files that tests of the documentation look at."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", "vendor", ".mypy_cache", ".ruff_cache", ".import_linter_cache"}


@cache
def tracked() -> tuple[Path, ...]:
    """Everything that belongs to the project: by git, with what is new and not ignored; in an unpacked archive all that is there."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not _NOT_OURS & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in found if path.is_file()))


def texts(*suffixes: str) -> dict[Path, str]:
    """Contents by path, of files that are text."""
    read = {}
    for path in tracked():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            read[path] = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError):  # not text, or moved while we look
            continue
    return read


def pages() -> dict[Path, str]:
    """Every Markdown page."""
    return texts(".md")


def shown(path: Path) -> str:
    """A path as people name it."""
    return str(path.relative_to(ROOT))
