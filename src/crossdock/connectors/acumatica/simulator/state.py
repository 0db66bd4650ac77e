"""One tenant: its records, numbers and switches."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crossdock.connectors.acumatica.simulator.schema import FIELDS, TOPS

Record = dict[str, Any]

MAIN, WEST = "MAIN", "WEST"
TABLES = ("SalesOrder", "Shipment", "StockItem", "Warehouse", "ShippingBox", "ShipVia", "InventoryAdjustment")


class Refusal(ValueError):
    """Acumatica's own refusal: a status and its words; `errors` are those of single fields, which makes it a 422."""

    def __init__(
        self, message: str, *, status: int = 500, errors: dict[str, str] | None = None, kind: str = "PXException"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = 422 if errors else status
        self.errors = errors or {}
        self.kind = f"PX.Data.{kind}"


@dataclass(slots=True)
class Push:
    """Where changes are announced, and the secret that goes with them."""

    url: str
    secret: str
    copies: int = 1
    pause: float = 0.05


@dataclass(slots=True)
class Tenant:
    """A company of the instance. Records are kept by their id; `by_key` finds them by their key fields in small letters."""

    name: str
    clock: Callable[[], datetime]
    company: str = ""
    tables: dict[str, dict[str, Record]] = field(default_factory=lambda: {name: {} for name in TABLES})
    by_key: dict[str, dict[tuple[str, ...], str]] = field(default_factory=lambda: {name: {} for name in TABLES})
    numbers: dict[str, int] = field(default_factory=dict)
    polls: int = 0
    fails_with: str | None = None
    needs_reason: bool = False
    needs_control: bool = False
    missing_is_500: bool = False
    push: Push | None = None
    places_every: float = 0.0
    next_at: str | None = None
    on_change: Callable[[Tenant, str, Record], None] | None = None

    def now(self) -> datetime:
        """This moment to the millisecond, as the database keeps it."""
        at = self.clock().astimezone(UTC)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def today(self) -> datetime:
        """Midnight of this day."""
        return self.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def number(self, kind: str) -> str:
        """The next number of a sequence: 000001."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return f"{self.numbers[kind]:06}"

    def order_number(self, kind: str) -> str:
        """The next free number of an order type; some were given by hand."""
        while (number := self.number(kind)) and self.get("SalesOrder", kind, number) is not None:
            continue
        return number

    def add(self, entity: str, record: Record) -> Record:
        """Keep a new record under a fresh id. Raises Refusal when its key is taken."""
        key = self.key_of(entity, record)
        if key in self.by_key[entity]:
            message = f"Another process has added the '{entity}' record. Your changes will be lost."
            raise Refusal(message, kind="PXLockViolationException")
        record.setdefault("id", str(uuid.uuid4()))
        if "NoteID" in FIELDS[entity]:
            record["NoteID"] = record["id"]
        self.tables[entity][record["id"]] = record
        self.by_key[entity][key] = record["id"]
        self.touch(entity, record)
        return record

    def touch(self, entity: str, record: Record) -> None:
        """Note that a record changed now."""
        changed = TOPS[entity].changed
        if changed is not None:
            record[changed] = self.now()
        if self.on_change is not None:
            self.on_change(self, entity, record)

    def drop(self, entity: str, record: Record) -> None:
        """Delete a record."""
        del self.tables[entity][record["id"]]
        self.by_key[entity].pop(self.key_of(entity, record), None)

    def key_of(self, entity: str, record: Record) -> tuple[str, ...]:
        """Its key fields, as they are compared."""
        return tuple(str(record.get(name) or "").strip().casefold() for name in TOPS[entity].keys)

    def get(self, entity: str, *keys: str | None) -> Record | None:
        """A record by its key fields."""
        wanted = tuple((key or "").strip().casefold() for key in keys)
        found = self.by_key[entity].get(wanted)
        return self.tables[entity][found] if found is not None else None

    def all(self, entity: str) -> Iterator[Record]:
        """Records of an entity, in the order of their keys."""
        table = self.tables[entity]
        for _, record_id in sorted(self.by_key[entity].items()):
            yield table[record_id]

    def open_shop(self) -> None:
        """What every company has: two warehouses, boxes and ways to ship."""
        for key, text in ((MAIN, "Main warehouse"), (WEST, "West warehouse")):
            locations = [{"id": str(uuid.uuid4()), "LocationID": "STOCK", "Description": "Stock", "Active": True}]
            self.add("Warehouse", {"WarehouseID": key, "Description": text, "Active": True, "Locations": locations})
        for key, text in (("MEDIUM", "Medium box"), ("LARGE", "Large box")):
            self.add("ShippingBox", {"BoxID": key, "Description": text, "ActiveByDefault": key == "MEDIUM"})
        for key, text in (("UPSGROUND", "UPS Ground"), ("FEDEX2DAY", "FedEx 2 Day"), ("LOCAL", "Local carrier")):
            self.add("ShipVia", {"CarrierID": key, "Description": text})


def plain(tenant: Tenant) -> Record:
    """A tenant as values that can be packed."""
    return {
        "name": tenant.name,
        "company": tenant.company,
        "tables": {name: list(table.values()) for name, table in tenant.tables.items()},
        "numbers": tenant.numbers,
        "switches": [tenant.polls, tenant.needs_reason, tenant.needs_control, tenant.places_every],
        "push": [tenant.push.url, tenant.push.secret] if tenant.push else None,
    }


def from_plain(value: Record, clock: Callable[[], datetime]) -> Tenant:
    """The tenant that `plain` gave."""
    tenant = Tenant(value["name"], clock, value["company"])
    for entity, records in value["tables"].items():
        for packed in records:
            record = _revived(entity, packed)
            tenant.tables[entity][record["id"]] = record
            tenant.by_key[entity][tenant.key_of(entity, record)] = record["id"]
    tenant.numbers = value["numbers"]
    tenant.polls, tenant.needs_reason, tenant.needs_control, tenant.places_every = value["switches"]
    if value["push"]:
        tenant.push = Push(*value["push"])
    return tenant


def _revived(entity: str, packed: Record) -> Record:
    """Decimals were packed as text."""
    record = dict(packed)
    for name, value in packed.items():
        kind = FIELDS[entity].get(name)
        if name == "_stock":
            record[name] = {place: Decimal(quantity) for place, quantity in value.items()}
        elif kind is None or value is None:
            continue
        elif kind.is_rows:
            record[name] = [_revived(kind.entity, one) for one in value]
        elif kind.entity:
            record[name] = _revived(kind.entity, value)
        elif kind.letter == "N":
            record[name] = Decimal(value)
    return record
