"""What people typed into a connector's form: kept as typed, judged by the connector's own settings class, refused in sentences."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from msgspec import Struct
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import ConnectorSettings, FieldKind, FieldSpec, fields_of

Raw = dict[str, Any]
"""Values as a form shows them, by field: text, a switch's True or False, a list of choices. Secrets are never among them."""

MINUTES = "%Y-%m-%dT%H:%M"


class Resolved(Struct, frozen=True):
    """The settings that were typed, or why they are none: sentences by field name, "" for the form as a whole."""

    settings: ConnectorSettings | None
    errors: dict[str, list[str]]


def blank(connector: Connector) -> Raw:
    """A form as nobody has touched it: the connector's defaults."""
    return {spec.name: _shown_value(spec, spec.default, "UTC") for spec in visible_fields(connector)}


def stored(connector: Connector, values: Mapping[str, Any], zone: str) -> Raw:
    """A form that shows what is stored; fields added since then show their defaults."""
    return {spec.name: _shown_value(spec, values.get(spec.name, spec.default), zone) for spec in visible_fields(connector)}


def visible_fields(connector: Connector) -> Iterator[FieldSpec]:
    """The fields that may be sent to a page: all but secrets."""
    return (spec for spec in fields_of(connector.settings) if spec.kind is not FieldKind.SECRET)


def _shown_value(spec: FieldSpec, value: Any, zone: str) -> Any:
    match spec.kind:
        case FieldKind.SWITCH:
            return bool(value)
        case FieldKind.CHOICES:
            return [str(one) for one in value or ()]
        case FieldKind.MOMENT:
            return _local(value, zone)
        case _:
            return "" if value is None else str(value)


def _local(value: Any, zone: str) -> str:
    if not value:
        return ""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return str(moment.astimezone(ZoneInfo(zone)).strftime(MINUTES))


def is_asked(connector: Connector, raw: Mapping[str, Any], name: str) -> bool:
    """Whether a field is asked for with these answers to the others."""
    specs = {spec.name: spec for spec in fields_of(connector.settings)}
    condition = specs[name].shown_when
    if condition is None:
        return True
    other, wanted = condition
    if other not in specs or not is_asked(connector, raw, other):
        return False
    answer = raw.get(other, specs[other].default)
    answers = answer if isinstance(answer, list | tuple) else [str(answer).lower() if isinstance(answer, bool) else str(answer)]
    return any(value in wanted for value in answers)


def address_of(connector: Connector, raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The answers that decide where secrets are sent."""
    return tuple(
        str(raw.get(spec.name, "")).strip()
        for spec in visible_fields(connector)
        if spec.is_address and is_asked(connector, raw, spec.name)
    )


def resolve(connector: Connector, raw: Mapping[str, Any], secrets: Mapping[str, str], zone: str) -> Resolved:
    """Judge what was typed. Fields that are not asked for take their defaults, whatever was typed into them before."""
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for spec in fields_of(connector.settings):
        if not is_asked(connector, raw, spec.name):
            continue
        if spec.kind is FieldKind.SECRET:
            if secrets.get(spec.name):
                values[spec.name] = secrets[spec.name]
            continue
        try:
            _take(spec, raw.get(spec.name), zone, values)
        except ValueError:
            errors[spec.name] = [_("Type a date and a time, like 2026-11-21 08:00.")]
    specs = {spec.name: spec for spec in fields_of(connector.settings)}
    try:
        settings = connector.settings.model_validate(values)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            name = str(detail["loc"][0]) if detail["loc"] else ""
            errors.setdefault(name if name in specs else "", []).append(sentence(detail, specs.get(name)))
        return Resolved(None, errors)
    return Resolved(None if errors else settings, errors)


def _take(spec: FieldSpec, value: Any, zone: str, into: dict[str, Any]) -> None:
    """Put one typed value where pydantic reads it. What was left empty is absent where that means the default. Raises ValueError."""
    if value is None:
        return
    match spec.kind:
        case FieldKind.MOMENT:
            into[spec.name] = _moment(str(value), zone)
        case FieldKind.NUMBER | FieldKind.CHOICE if value == "":
            if spec.default == "":
                into[spec.name] = ""
        case FieldKind.TEXT | FieldKind.LONG_TEXT if value == "" and spec.required:
            return
        case _:
            into[spec.name] = value


def _moment(text: str, zone: str) -> datetime | None:
    if not text.strip():
        return None
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def sentence(detail: ErrorDetails, spec: FieldSpec | None) -> str:
    """What pydantic found wrong, for the person who typed it."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            message = str(context.get("sentence", "")) or _("This is needed.")
        case "string_pattern_mismatch":
            example = spec.placeholder if spec else None
            message = (
                _("This does not look as expected. Example: {example}").format(example=example)
                if example
                else _("This does not look as expected. See below what it is.")
            )
        case "string_too_long":
            message = _("At most {n} characters.").format(n=context.get("max_length"))
        case "string_too_short" | "too_short":
            message = _("Choose at least one.") if detail["type"] == "too_short" else _("This is too short.")
        case "greater_than_equal":
            message = _("At least {n}.").format(n=context.get("ge"))
        case "less_than_equal":
            message = _("At most {n}.").format(n=context.get("le"))
        case "int_parsing" | "int_from_float" | "int_type":
            message = _("Type a whole number.")
        case "literal_error" | "enum":
            message = _("Choose one of the list.")
        case _:
            message = str(detail["msg"]).removeprefix("Value error, ")
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "…", "!", "?")) or ": " in message else ".")


__all__ = ["Raw", "Resolved", "address_of", "blank", "is_asked", "resolve", "sentence", "stored", "visible_fields"]
