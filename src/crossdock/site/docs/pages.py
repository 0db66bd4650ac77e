"""What is made, where it stands in the working tree, and whether it is up to date."""

from collections.abc import Callable
from pathlib import Path

from crossdock.site.docs import connectors, operating, trade

ROOT = Path(__file__).resolve().parents[4]
"""The working tree: the pages belong to it, not to the installed package."""

NOTICE = "<!-- Made from the code by `python -m crossdock.site.docs`; what is changed here is overwritten. -->\n\n"
BEGIN, END = "<!-- connectors: made from the code -->", "<!-- /connectors -->"

REFERENCE: dict[str, Callable[[], str]] = {
    "configuration": operating.configuration,
    "commands": operating.commands,
    "doctor": operating.doctor_checks,
    "monitoring": operating.monitoring,
    "limits": operating.limits,
    "statuses": trade.statuses,
    "errors": trade.errors,
    "rights": trade.rights,
}
"""Pages of docs/reference by name."""


def pages() -> dict[Path, str]:
    """Every generated file with what it should hold, by its path in the working tree."""
    made = {Path("docs/reference", f"{name}.md"): NOTICE + page() for name, page in REFERENCE.items()}
    made |= {Path("docs/connectors", f"{key}.md"): NOTICE + text for key, text in connectors.pages().items()}
    made[Path("docs/connectors/README.md")] = NOTICE + connectors.overview()
    made[Path("README.md")] = with_connectors((ROOT / "README.md").read_text())
    return made


def with_connectors(readme: str) -> str:
    """The README with its table of connectors renewed. Raises ValueError when the marks are not there."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    table = connectors.overview_table("docs/connectors/")
    if not begin or not end:
        raise ValueError(f"README.md has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{table}{END}{after}"


def stale() -> list[Path]:
    """Files that are not what the code says now, those that should be gone among them."""
    wanted = pages()
    found = [path for path, text in wanted.items() if not (ROOT / path).exists() or (ROOT / path).read_text() != text]
    there = {path.relative_to(ROOT) for folder in ("docs/connectors", "docs/reference") for path in (ROOT / folder).glob("*.md")}
    return sorted(found + list(there - set(wanted)))


def write() -> list[Path]:
    """Bring all files up to date; those that changed."""
    changed = stale()
    wanted = pages()
    for path in changed:
        target = ROOT / path
        if path not in wanted:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(wanted[path])
    return changed
