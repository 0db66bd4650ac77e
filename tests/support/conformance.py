"""The conformance report: how far each simulator was held to its platform, and where the two are known to differ.

`make conformance` writes docs/conformance.md. A connector's folder says what it has to say in one place:

- `simulator/tests/conformance.py` with `facts(reference)`, a coroutine or a function that gives `Facts`, worked out anew;
- `simulator/tests/deviations.toml`, a list of `deviation`, each with what differs (`what`, `where`, `exchange` or `exchanges`) and
  its reason (`why` or `reason`).

A folder without them is listed as one. Real payloads are read as `crossdock read` reads them, and held against what their collector
worked out by hand.
"""

import asyncio
import importlib
import inspect
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "conformance.md"
CONNECTORS = ROOT / "src" / "crossdock" / "connectors"

_TOTALS = ("grand_total", "total", "grand_total_inc_tax")


class Count(Struct, frozen=True):
    """So many of so many."""

    agreed: int
    total: int

    def __str__(self) -> str:
        return f"{self.agreed} of {self.total}"


class Facts(Struct, frozen=True):
    """What a folder says of itself.

    `against` names what the simulator is compared with, as a noun phrase. `operations` are the platform's own names of what the
    connector asks and the simulator answers. `recordings` are exchanges that somebody recorded with the real platform and that are
    asked again; None where there are none. `fixtures` is the folder of real payloads.
    """

    against: str
    operations: tuple[str, ...]
    recordings: Count | None = None
    fixtures: str | None = None
    note: str = ""


class Deviation(Struct, frozen=True):
    """Places where simulator and published material differ for one reason."""

    places: tuple[str, ...]
    reason: str


class Platform(Struct, frozen=True):
    """One platform's part of the report. `facts` is None where the folder says nothing of itself."""

    key: str
    name: str
    facts: Facts | None
    payloads: Count | None
    told_apart: int
    deviations: tuple[Deviation, ...]


@cache
def platforms(reference: Path) -> Sequence[Platform]:
    """Every store there is, by name, each worked out anew, once in a process."""
    from crossdock.connectors.registry import every_connector

    return [
        _platform(key, connector.name, reference) for key, connector in every_connector().items() if connector.kind == "store"
    ]


def page(reference: Path) -> str:
    """The report as Markdown."""
    found = platforms(reference)
    rows = [
        "| Platform | Operations covered | Recordings that agree | Real orders understood | Known deviations |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one in found:
        facts = one.facts
        rows.append(
            f"| [{one.name}](#{_anchor(one.name)}) | {len(facts.operations) if facts else '–'} |"
            f" {facts.recordings if facts and facts.recordings else '–'} | {one.payloads or '–'} |"
            f" {sum(len(deviation.places) for deviation in one.deviations) or '–'} |"
        )
    return "\n".join([_HEAD, *rows, "", *(line for one in found for line in _section(one))])


def _section(one: Platform) -> Iterator[str]:
    yield f"## {one.name}"
    yield ""
    if one.facts is None:
        yield "Its folder does not say yet what its simulator is compared with."
        yield ""
    else:
        yield f"Compared with {one.facts.against}."
        if one.facts.note:
            yield one.facts.note
        if one.payloads is not None:
            yield (
                f"Of the real payloads, {one.payloads} that hold orders agree with what their collector worked out by hand; "
                f"{one.told_apart} others are told apart."
            )
        yield ""
        yield "Covered: " + ", ".join(f"`{name}`" for name in one.facts.operations) + "."
        yield ""
    if not one.deviations:
        yield "No known deviation."
        yield ""
        return
    yield "| Differs | Why |"
    yield "| --- | --- |"
    for deviation in one.deviations:
        shown = [f"`{_cell(place)}`" for place in deviation.places[:5]]
        more = f" and {len(deviation.places) - 5} more" if len(deviation.places) > 5 else ""
        yield f"| {', '.join(shown)}{more} | {_cell(deviation.reason)} |"
    yield ""


def _platform(key: str, name: str, reference: Path) -> Platform:
    facts = _facts(key, reference)
    payloads, apart = None, 0
    if facts is not None and facts.fixtures is not None:
        payloads, apart = _payloads(key, reference / "fixtures" / facts.fixtures)
    return Platform(key, name, facts, payloads, apart, _deviations(CONNECTORS / key / "simulator" / "tests" / "deviations.toml"))


def _facts(key: str, reference: Path) -> Facts | None:
    if not (CONNECTORS / key / "simulator" / "tests" / "conformance.py").exists():
        return None
    found = importlib.import_module(f"crossdock.connectors.{key}.simulator.tests.conformance").facts(reference)
    facts: Facts = asyncio.run(found) if inspect.isawaitable(found) else found
    return facts


def _deviations(path: Path) -> tuple[Deviation, ...]:
    if not path.exists():
        return ()
    found: list[Deviation] = []
    for row in tomllib.loads(path.read_text(encoding="utf-8")).get("deviation", []):
        place = next(row[name] for name in ("what", "where", "exchange", "exchanges") if name in row)
        places = (place,) if isinstance(place, str) else tuple(place)
        reason = str(row.get("why") or row["reason"])
        if found and found[-1].reason == reason:
            found[-1] = Deviation((*found[-1].places, *places), reason)
        else:
            found.append(Deviation(places, reason))
    return tuple(found)


def _payloads(key: str, folder: Path) -> tuple[Count, int]:
    """Files that hold orders and agree in number, currency and total, of all that do; and how many others there are."""
    from crossdock.connectors.kit.simulator import Unreadable
    from crossdock.sandbox.read import understand

    agreed = total = apart = 0
    for entry in json.loads((folder / "index.json").read_text())["entries"]:
        expected = [one for one in _listed(entry.get("expect")) if isinstance(one, dict) and one.get("order_number")]
        if not expected:
            apart += 1
            continue
        total += 1
        try:
            orders = understand(key, (folder / entry["file"]).read_bytes()).document["orders"]
        except Unreadable:
            continue
        # A recording shows the same order more than once; each of them has to be there.
        agreed += all(any(_agrees(order, expect) for order in orders) for expect in expected)
    return Count(agreed, total), apart


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _agrees(order: Mapping[str, Any], expect: Mapping[str, Any]) -> bool:
    total = next((expect[name] for name in _TOTALS if expect.get(name) is not None), None)
    return (
        order["number"] == str(expect["order_number"])
        and order["currency"] == (expect.get("currency") or order["currency"])
        and (total is None or Decimal(str(order["grand_total"])) == Decimal(str(total)))
    )


def _anchor(name: str) -> str:
    return re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


_HEAD = """<!-- Made by `make conformance`; what is changed here is overwritten. -->

# Conformance

Connectors are tested against simulators, so a simulator must be like its platform and not like us. Each is compared with what the
platform published and with what others recorded: every call the connector makes and every answer the simulator gives, field by field.
Where the two are known to differ, the difference stands below with its reason; a difference that is not listed fails the tests, and so
does a listed one that is none any more. **Recordings** are exchanges with the real platform, asked again at the simulator. **Real
orders** are payloads that others published, read as `crossdock read` reads them.
"""


def main() -> int:
    """Write the page, or with --check say that it is stale; the exit code."""
    from crossdock.site.boot import set_up_django
    from support.reference import reference_folder

    set_up_django()
    reference = reference_folder()
    if reference is None:
        sys.stderr.write("The published material is not there: set CROSSDOCK_REFERENCE to its folder.\n")
        return 1
    text = page(reference)
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.exists() and PAGE.read_text() == text else 1
    PAGE.write_text(text)
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
