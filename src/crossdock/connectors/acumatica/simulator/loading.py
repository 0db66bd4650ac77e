"""Payloads of the platform put into a tenant: single records, lists, push notifications and recorded exchanges alike.

A record is known by its fields: a sales order has OrderType, OrderNbr and a status. Fields that the payload does not have stay empty.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.connectors.acumatica.simulator.schema import FIELDS
from crossdock.connectors.acumatica.simulator.showing import Refused, taken
from crossdock.connectors.acumatica.simulator.state import MAIN, Record, Tenant
from crossdock.connectors.kit.simulator import Unreadable

_KINDS = (
    ("SalesOrder", ("OrderType", "OrderNbr", "Status"), "sales order"),
    ("Shipment", ("ShipmentNbr", "Status", "Type"), "shipment"),
    ("StockItem", ("InventoryID", "ItemStatus"), "stock item"),
)
_SIGNS = ("/entity/", "{{EndpointURL}}", "/identity/connect/token")
_QUOTED = re.compile(r"^(?P<indent>\s*)string: '", re.MULTILINE)


class Found(Struct, frozen=True):
    """A record in a payload: its entity, what it is called, and the record as received."""

    entity: str
    kind: str
    value: Record


class LoadReport(Struct, frozen=True):
    """What was loaded: ids of orders with the fields they lack, what was refused, and how many of what else there were."""

    orders: tuple[tuple[str, frozenset[str]], ...]
    refused: tuple[tuple[str | None, str | None, str], ...]
    others: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "orders": [order_id for order_id, _ in self.orders],
            "refused": [{"external_id": key, "field": name, "reason": reason} for key, name, reason in self.refused],
            "others": self.others,
        }


def everything_in(content: bytes) -> list[Found]:
    """Records in a payload, in order. Raises Unreadable with one line for what is no payload of this platform."""
    text = content.decode("utf-8", "replace").strip()
    if not text:
        raise Unreadable("The file is empty.")
    values = list(_values(text))
    if not values:
        raise Unreadable("The file is neither JSON nor a recorded exchange.")
    found = [one for value in values for one in _walk(value)]
    if found:
        return found
    if _is_platforms(text):
        return []
    raise Unreadable("The file has no sales order, shipment or stock item of Acumatica in it.")


def load_into(tenant: Tenant, content: bytes) -> LoadReport:
    """Put what is found into a tenant. Raises Unreadable."""
    return put_in(tenant, everything_in(content))


def put_in(tenant: Tenant, found: list[Found]) -> LoadReport:
    """Put records into a tenant as they are, under their own ids and keys."""
    orders: list[tuple[str, frozenset[str]]] = []
    refused: list[tuple[str | None, str | None, str]] = []
    others: Counter[str] = Counter()
    for one in found:
        record_id = str(one.value.get("id") or uuid.uuid4()).lower()
        try:
            record = taken(one.entity, _known(one.entity, one.value))
        except Refused as error:
            refused.append((record_id, None, str(error)))
            continue
        record["id"] = record_id
        _put(tenant, one.entity, record)
        if one.entity == "SalesOrder":
            orders.append((record_id, frozenset(name for name in FIELDS["SalesOrder"] if name not in one.value)))
        else:
            others[one.kind] += 1
    return LoadReport(tuple(orders), tuple(refused), dict(others))


def _put(tenant: Tenant, entity: str, record: Record) -> None:
    if entity == "SalesOrder":
        record.setdefault("Details", [])
        for name in ("ShippingSettings", "FinancialSettings", "Totals"):
            record.setdefault(name, {})
        for number, line in enumerate(record["Details"], start=1):
            ordered = line.setdefault("OrderQty", Decimal(0))
            for name, value in (
                ("id", str(uuid.uuid4())),
                ("LineNbr", number),
                ("QtyOnShipments", Decimal(0)),
                ("OpenQty", ordered),
                ("UnitPrice", Decimal(0)),
                ("Amount", Decimal(0)),
                ("Completed", False),
                ("WarehouseID", MAIN),
                ("Allocations", []),
            ):
                line.setdefault(name, value)
            _complete("SalesOrderDetail", line)
    if entity == "Shipment":
        record.setdefault("Details", [])
        record.setdefault("Packages", [])
    if entity == "StockItem":
        record.setdefault("_stock", {})
    _complete(entity, record)
    tenant.tables[entity][record["id"]] = record
    tenant.by_key[entity][tenant.key_of(entity, record)] = record["id"]


def _complete(entity: str, record: Record) -> None:
    """Name every field, empty where the payload did not have it."""
    for name, kind in FIELDS[entity].items():
        record.setdefault(name, [] if kind.is_rows else None)


def _known(entity: str, value: Record) -> Record:
    """The part of a record that is served here; texts of guids and such stay texts."""
    known: Record = {}
    for name, one in value.items():
        kind = FIELDS[entity].get(name)
        if name in ("id", "note"):
            known[name] = one
        elif kind is None:
            continue
        elif kind.is_rows:
            known[name] = [_known(kind.entity, row) for row in one or [] if isinstance(row, dict)]
        elif kind.entity:
            if isinstance(one, dict):
                known[name] = _known(kind.entity, one)
        else:
            known[name] = {"value": one.get("value")} if isinstance(one, dict) else {"value": one}
    return known


def _values(text: str) -> Iterator[Any]:
    """JSON values in a text: the text itself, else the bodies of a recorded cassette."""
    try:
        yield json.loads(text)
        return
    except (ValueError, RecursionError):
        pass
    for body in _bodies(text):
        try:
            yield json.loads(body)
        except (ValueError, RecursionError):
            continue


def _bodies(text: str) -> Iterator[str]:
    """The quoted `string:` values of a cassette: quotes are doubled, a long one is folded over lines."""
    for found in _QUOTED.finditer(text):
        place = found.end()
        end = place
        while end < len(text):
            if text[end] == "'":
                if text[end : end + 2] == "''":
                    end += 2
                    continue
                break
            end += 1
        yield re.sub(r"\s*\n\s*", " ", text[place:end]).replace("''", "'")


def _walk(value: Any) -> Iterator[Found]:
    if isinstance(value, dict):
        kind = _kind_of(value)
        if kind is not None:
            yield Found(kind[0], kind[1], value)
            return
        for part in value.values():
            yield from _walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part)
    elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            yield from _walk(json.loads(value))
        except (ValueError, RecursionError):
            return


def _kind_of(value: Record) -> tuple[str, str] | None:
    for entity, needed, kind in _KINDS:
        if all(isinstance(value.get(name), dict) and value[name].get("value") is not None for name in needed):
            return entity, kind
    return None


def _is_platforms(text: str) -> bool:
    """Whether a text without records is of this platform all the same: a notification, a sign-in, a collection of requests."""
    return any(word in text for word in _SIGNS) or ('"Inserted"' in text and '"Query"' in text)
