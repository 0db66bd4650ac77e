"""Records as the API shows and takes them: every field wrapped, only what is expanded and selected, errors beside the values."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from crossdock.connectors.acumatica.simulator.schema import FIELDS

Record = dict[str, Any]

_encoder = msgspec.json.Encoder(decimal_format="number")


class Refused(Exception):
    """A body that breaks the contract; the message is ASP.NET's."""


def as_json(value: Any) -> bytes:
    """JSON with decimals as numbers, as Acumatica writes them."""
    return _encoder.encode(value)


def shown(entity: str, record: Record, *, expand: Iterable[str] = (), select: Iterable[str] = (), row: int = 1) -> Record:
    """A record with its values wrapped. Detail rows that are not expanded are empty, linked entities absent."""
    paths, chosen = tuple(expand), tuple(select)
    out: Record = {
        "id": record.setdefault("id", str(uuid.uuid4())),
        "rowNumber": row,
        "note": {"value": record.get("note") or ""},
    }
    top = {name.split("/")[0] for name in chosen}
    for name, kind in FIELDS[entity].items():
        if chosen and name not in top:
            continue
        if not kind.entity:
            out[name] = wrapped(record.get(name))
            continue
        below = tuple(path[len(name) + 1 :] for path in paths if path.startswith(f"{name}/"))
        inner = tuple(path[len(name) + 1 :] for path in chosen if path.startswith(f"{name}/"))
        if name not in paths and not below:
            if kind.is_rows:
                out[name] = []
        elif kind.is_rows:
            rows = record.get(name) or []
            out[name] = [
                shown(kind.entity, one, expand=below, select=inner, row=number) for number, one in enumerate(rows, start=1)
            ]
        elif record.get(name) is not None:
            out[name] = shown(kind.entity, record[name], expand=below, select=inner)
    out["custom"] = {}
    return out


def wrapped(value: Any) -> Record:
    """A value as it is shown: `{}` for none."""
    if value is None:
        return {}
    if isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat()
        head, dot, tail = text.partition(".")
        if dot:
            digits = tail[: -len("+00:00")].rstrip("0")
            text = f"{head}.{digits}+00:00" if digits else f"{head}+00:00"
        return {"value": text}
    return {"value": value}


def taken(entity: str, given: Any, path: str = "") -> Record:
    """A body as plain values by field, detail rows as lists; `id`, `delete` and `note` are kept. Raises Refused."""
    if not isinstance(given, dict):
        raise Refused(f"The request is invalid: an object was expected{f' at {path}' if path else ''}.")
    found: Record = {}
    for name, value in given.items():
        if name in ("id", "delete"):
            found[name] = value
            continue
        if name == "note":
            found[name] = value.get("value") if isinstance(value, dict) else value
            continue
        if name in ("rowNumber", "custom", "files", "error", "_links"):
            continue
        kind = FIELDS[entity].get(name)
        where = f"{path}.{name}" if path else name
        if kind is None:
            raise Refused(f"The request is invalid: the field {where} does not exist in the contract.")
        if kind.is_rows:
            if not isinstance(value, list):
                raise Refused(f"The request is invalid: {where} is a list.")
            found[name] = [taken(kind.entity, one, f"{where}[{place}]") for place, one in enumerate(value)]
        elif kind.entity:
            found[name] = taken(kind.entity, value, where)
        else:
            if not isinstance(value, dict) or not set(value) <= {"value", "error"}:
                raise Refused(f"The request is invalid: {where} has to be wrapped in an object with a value.")
            found[name] = _read(kind.letter, value.get("value"), where)
    return found


def _read(letter: str, value: Any, where: str) -> Any:
    if value is None:
        return None
    try:
        if letter == "N":
            if isinstance(value, bool):
                raise TypeError
            return Decimal(str(value))
        if letter == "I":
            return int(value)
        if letter == "D":
            moment = datetime.fromisoformat(str(value))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if letter == "F":
            if not isinstance(value, bool):
                raise TypeError
            return value
        if not isinstance(value, str):
            raise TypeError
        return value
    except (TypeError, ValueError, InvalidOperation) as error:
        raise Refused(f"The request is invalid: {where} has a value of another type.") from error


def with_errors(given: Record, errors: dict[str, str], top: str) -> Record:
    """The echo of a 422: the body as it was given, with errors beside the values they are about.

    Paths are as in Details[0].ShippedQty.
    """
    out: Record = copy.deepcopy(given)
    out["error"] = top
    for path, text in errors.items():
        place: Any = out
        steps = path.replace("]", "").replace("[", ".").split(".")
        for step in steps[:-1]:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        place.setdefault(steps[-1], {})["error"] = text
    return out
