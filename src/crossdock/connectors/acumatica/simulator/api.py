"""The contract-based API on records: lists, single ones, inserting and updating, deleting, inquiries, actions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from crossdock.connectors.acumatica.simulator import selling, shipping, stocking
from crossdock.connectors.acumatica.simulator.filtering import BadFilter, parsed
from crossdock.connectors.acumatica.simulator.schema import FIELDS, TOPS
from crossdock.connectors.acumatica.simulator.showing import Refused, shown, taken
from crossdock.connectors.acumatica.simulator.state import Record, Refusal, Tenant

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

NOT_FOUND = "No entity satisfies the condition."


class Asked(Struct, frozen=True):
    """The query of a call."""

    filter: str = ""
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    top: int | None = None
    skip: int = 0


def asked(query: Mapping[str, str]) -> Asked:
    """The query read. Raises Refusal for numbers that are none."""

    def words(name: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in query.get(name, "").split(",") if word.strip())

    try:
        top = int(query["$top"]) if "$top" in query else None
        skip = int(query.get("$skip", "0"))
    except ValueError as error:
        raise Refusal("The request is invalid.", status=400) from error
    return Asked(query.get("$filter", ""), words("$select"), words("$expand"), top, skip)


def check(entity: str, question: Asked, missing: Mapping[str, frozenset[str]]) -> None:
    """Refuse what cannot be expanded, selected or filtered by; `missing` are fields the version does not have. Raises Refusal."""
    for path in question.expand:
        _walk(entity, path, missing, to_entity=True)
    for path in question.select:
        if path not in ("files", "id", "custom"):
            _walk(entity, path, missing, to_entity=False)
    for name in missing.get(entity, ()):
        if re.search(rf"\b{name}\b", question.filter):
            raise Refusal(f"The field {name} does not exist.", status=400, kind="PXODataException")


def without(entity: str, record: Record, missing: Mapping[str, frozenset[str]]) -> Record:
    """A record as it is shown by a version that does not have some fields."""
    out: Record = {}
    for name, value in record.items():
        kind = FIELDS[entity].get(name)
        if name in missing.get(entity, ()):
            continue
        if kind is not None and kind.is_rows:
            out[name] = [without(kind.entity, row, missing) for row in value]
        elif kind is not None and kind.entity and isinstance(value, dict):
            out[name] = without(kind.entity, value, missing)
        else:
            out[name] = value
    return out


def _walk(entity: str, path: str, missing: Mapping[str, frozenset[str]], *, to_entity: bool) -> None:
    names = path.split("/")
    for place, name in enumerate(names):
        kind = FIELDS[entity].get(name) if name not in missing.get(entity, ()) else None
        if kind is None or ((place < len(names) - 1 or to_entity) and not kind.entity):
            raise Refusal(f"The {path} path does not exist in the {entity} entity.", status=500)
        entity = kind.entity or entity


def listed(tenant: Tenant, entity: str, question: Asked) -> list[Record]:
    """Records that fit, in the order of their keys. Raises Refusal."""
    if TOPS[entity].is_inquiry:
        raise Refusal(
            "Optimization cannot be performed.The following fields cause the error: "
            f"{', '.join(name for name, kind in FIELDS[entity].items() if kind.is_rows)}: View Results has BQL delegate",
            kind="PXOptimizationException",
        )
    try:
        test = parsed(question.filter, entity) if question.filter.strip() else lambda record: True
    except BadFilter as error:
        raise Refusal(str(error), status=400, kind="PXODataException") from error
    rows = [record for record in tenant.all(entity) if test(record)]
    rows = rows[question.skip :]
    return rows[: question.top] if question.top is not None else rows


def found(tenant: Tenant, entity: str, keys: list[str]) -> Record:
    """One record by its id or its key fields. Raises Refusal."""
    if len(keys) == 1 and _GUID.fullmatch(keys[0]):
        record = tenant.tables[entity].get(keys[0].lower())
    else:
        record = tenant.get(entity, *(keys if len(keys) > 1 else keys[0].split("|")))
    if record is None:
        raise Refusal(NOT_FOUND, status=500 if tenant.missing_is_500 else 404, kind="PXNoEntityException")
    return record


def put(tenant: Tenant, entity: str, body: Any, *, inserts_only: bool, updates_only: bool) -> Record:
    """Insert or update a record, or answer an inquiry. Raises Refusal, and Refused for a body against the contract."""
    given = taken(entity, body)
    if entity == "InventorySummaryInquiry":
        return stocking.summary(tenant, given)
    if entity == "StorageDetailsInquiry":
        return stocking.storage(tenant, given)
    standing = _standing(tenant, entity, given)
    if inserts_only and standing is not None:
        raise Refusal(f"The {entity} record exists already.", status=412)
    if updates_only and standing is None:
        raise Refusal(f"There is no such {entity} record.", status=412)
    if entity == "Shipment":
        return shipping.insert(tenant, given) if standing is None else shipping.update(tenant, standing, given)
    if entity == "InventoryAdjustment" and standing is None:
        return stocking.adjust(tenant, given)
    if entity == "SalesOrder" and standing is None:
        return _new_order(tenant, given)
    if standing is None:
        return tenant.add(entity, {name: value for name, value in given.items() if name != "id"})
    standing.update(
        {name: value for name, value in given.items() if not FIELDS[entity].get(name) or not FIELDS[entity][name].entity}
    )
    if entity == "SalesOrder":
        selling.settle(tenant, standing)
    else:
        tenant.touch(entity, standing)
    return standing


def delete(tenant: Tenant, entity: str, keys: list[str]) -> None:
    """Delete a record. Raises Refusal."""
    record = found(tenant, entity, keys)
    if entity == "Shipment":
        shipping.delete(tenant, record)
        return
    if entity == "InventoryAdjustment" and record["Status"] == "Released":
        raise Refusal("The document cannot be deleted in the Released status.")
    tenant.drop(entity, record)


def act(tenant: Tenant, entity: str, action: str, body: Any) -> Record:
    """Run an action; the record it ran on. Raises Refusal."""
    if not isinstance(body, dict) or "entity" not in body:
        raise Refused("The request is invalid: an entity was expected.")
    given = taken(entity, body["entity"])
    record = _standing(tenant, entity, given)
    if record is None:
        raise Refusal(NOT_FOUND, kind="PXNoEntityException")
    if tenant.fails_with:
        raise Refusal(tenant.fails_with)
    parameters = body.get("parameters") or {}
    if action == "ConfirmShipment":
        shipping.confirm(tenant, record)
    elif action == "CorrectShipment":
        shipping.correct(tenant, record)
    elif action == "PrepareInvoice":
        shipping.invoice(tenant, record)
    elif action == "ReleaseAdjustment":
        stocking.release(tenant, record)
    elif action == "CancelSalesOrder":
        selling.cancel(tenant, record)
    elif action == "ReopenSalesOrder":
        selling.reopen(tenant, record)
    elif action == "SalesOrderCreateShipment":
        shipping.create_for(tenant, record, (parameters.get("WarehouseID") or {}).get("value"))
    elif action == "SalesOrderCreateReceipt":
        record["_status"] = "Completed"
        selling.settle(tenant, record)
    return record


def page(entity: str, rows: list[Record], question: Asked) -> list[Record]:
    """Records as a list shows them."""
    return [
        shown(entity, record, expand=question.expand, select=question.select, row=number) for number, record in enumerate(rows, 1)
    ]


def _standing(tenant: Tenant, entity: str, given: Record) -> Record | None:
    if given.get("id"):
        record = tenant.tables[entity].get(str(given["id"]).lower())
        if record is None:
            raise Refusal(NOT_FOUND, status=404, kind="PXNoEntityException")
        return record
    keys = TOPS[entity].keys
    if not keys or any(not given.get(name) for name in keys):
        return None
    return tenant.get(entity, *(given[name] for name in keys))


def _new_order(tenant: Tenant, given: Record) -> Record:
    if not given.get("CustomerID"):
        raise Refusal(
            "Inserting 'Sales Order' record raised at least one error. Please review the errors.",
            errors={"CustomerID": "'Customer' cannot be empty."},
        )
    lines = [
        selling.new_line(
            tenant,
            number,
            {
                "sku": row.get("InventoryID"),
                "title": row.get("LineDescription"),
                "quantity": row.get("OrderQty") or 1,
                "price": row.get("UnitPrice") or 0,
                "uom": row.get("UOM"),
                "warehouse": row.get("WarehouseID"),
            },
        )
        for number, row in enumerate(given.get("Details") or [], start=1)
    ]
    kind = given.get("OrderType") or "SO"
    order: Record = {
        **{name: value for name, value in given.items() if name != "id"},
        "OrderType": kind,
        "OrderNbr": given.get("OrderNbr") or tenant.order_number(kind),
        "Details": lines,
        "CurrencyID": given.get("CurrencyID") or "USD",
        "BaseCurrencyID": "USD",
        "Date": given.get("Date") or tenant.today(),
        "CreatedDate": tenant.now(),
        "Hold": bool(given.get("Hold")),
        "Totals": {"id": str(uuid.uuid4())},
        "ShippingSettings": {"id": str(uuid.uuid4()), **(given.get("ShippingSettings") or {})},
        "FinancialSettings": {"id": str(uuid.uuid4())},
    }
    tenant.add("SalesOrder", order)
    selling.total(order)
    selling.settle(tenant, order)
    return order
