"""What the two warehouses of a history do and have: orders taken, shipments reported, reported again, corrected, taken back."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass

from crossdock.connectors.files.simulator.paper import ReceivedOrder
from histories.town import Town

TRACKING = 3
NOW = "2026-01-31T12:00:00Z"


@dataclass
class Report:
    """One shipment as a warehouse last reported it: rows of its file, and the units by SKU that left with it."""

    login: str
    number: str
    rows: list[list[str]]
    units: Counter[str]
    is_void: bool = False

    @property
    def tracking(self) -> set[str]:
        """The numbers of its boxes as they are now."""
        return {row[TRACKING] for row in self.rows[1:]}


class Warehouses:
    """Both warehouses. `given_up` are units of which they said that they will not follow, by part and SKU; `not_meant` are those of
    them that have not left after all. `waited_for` are logins of which the connection waits for such units all the same.
    """

    def __init__(self, town: Town) -> None:
        self.town = town
        self.reports: list[Report] = []
        self.waited_for: set[str] = set()
        self.closings = 0
        self.given_up: dict[tuple[str, str], Counter[str]] = {}
        self.not_meant: dict[tuple[str, str], Counter[str]] = {}

    @property
    def parts(self) -> list[tuple[str, ReceivedOrder]]:
        """Every order the warehouses took, with the login it came by."""
        return [(login, one) for login in self.town.logins.values() for one in self.town.wms.merchants[login].orders.values()]

    def left(self, login: str, one: ReceivedOrder) -> Counter[str]:
        """Units of a part that the warehouse still means to ship."""
        units = Counter({line.sku: int(line.quantity - line.shipped) for line in one.lines})
        units.subtract(self.not_meant.get((login, one.number), Counter()))
        return +units

    def left_behind(self, login: str, one: ReceivedOrder) -> Counter[str]:
        """Units of a part that the warehouse said it would not ship, and has not."""
        return +self.not_meant.get((login, one.number), Counter())

    def ship(self, login: str, one: ReceivedOrder, units: Counter[str], *, boxes: int = 1, final: bool | None = None) -> None:
        """Let units leave; with `final` nothing more of the part follows."""
        lines = {line.number: units[line.sku] for line in one.lines if units[line.sku]}
        tracking = [f"{login[-1].upper()}{len(self.reports):03}{box}" for box in range(min(boxes, len(lines)))]
        self.town.wms.ship(login, one.number, lines=lines, tracking=tracking, final=final)
        content = self.town.wms.merchants[login].last["shp"][1].decode("utf-8-sig")
        self.reports.append(Report(login, one.number, list(csv.reader(io.StringIO(content))), Counter(units)))
        key = login, one.number
        if key in self.not_meant:
            self.not_meant[key] -= units
        if final:
            self._give_up(login, one)

    def close(self, login: str, one: ReceivedOrder) -> None:
        """Say that nothing more of a part follows, without shipping anything."""
        self._give_up(login, one)
        self.closings += 1
        merchant = self.town.wms.merchants[login]
        row = [one.number, NOW, "UPS", "", one.lines[0].sku, "0", "", "", "1", f"C{self.closings}", "", "", "", "", "Y"]
        head = "Order Number,Ship Date,Carrier Code,Tracking Number,SKU,Qty,Cost,Weight,Line Number,Shipment ID,Package ID,Lot,Serial"
        content = "\r\n".join((head + ",Expiry,Final", ",".join(row), ""))
        self.town.wms.put_file(merchant.login, f"shp_close_{self.closings:04}.csv", content)

    def _give_up(self, login: str, one: ReceivedOrder) -> None:
        key = login, one.number
        left = self.left(login, one)
        self.given_up[key] = self.given_up.get(key, Counter()) + left
        self.not_meant[key] = self.not_meant.get(key, Counter()) + left

    def report(self, report: Report, name: str) -> None:
        """Write the file of a shipment again, as it is now."""
        out = io.StringIO(newline="")
        csv.writer(out).writerows(report.rows)
        self.town.wms.put_file(report.login, name, out.getvalue())

    def correct(self, report: Report, tracking: str) -> None:
        """Give the first box another number."""
        old = report.rows[1][TRACKING]
        for row in report.rows[1:]:
            row[TRACKING] = tracking if row[TRACKING] == old else row[TRACKING]

    def take_back(self, report: Report) -> None:
        """Void a shipment: its units are in the warehouse again."""
        if report.is_void:
            return
        report.is_void = True
        report.rows = [[*report.rows[0], "Void"], *([*row, "Y"] for row in report.rows[1:])]
        order = self.town.wms.merchants[report.login].orders[report.number]
        for line in order.lines:
            line.shipped -= report.units[line.sku]
