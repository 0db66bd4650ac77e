"""From bytes to typed payloads, within bounds: what cannot be read becomes InvalidData, whatever the decoder called it."""

from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec

from crossdock.connectors.kit.bounds import NUMBER_DIGITS, NUMBER_PLACES, ORDER_ATTRIBUTES, ORDER_LINES, TEXT_CHARACTERS
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import Order

T = TypeVar("T")


_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    if type_ not in _DECODERS:
        _DECODERS[type_] = msgspec.json.Decoder(type_)
    return _DECODERS[type_]


def decode(body: bytes | msgspec.Raw, type_: type[T], *, what: str) -> T:
    """Read JSON as a type. `what` names it in the sentence: "The store's list of orders".

    Raises InvalidData with the path at fault as its field. Deep nesting ends in RecursionError inside msgspec, also within ignored
    and raw parts, and is answered the same way.
    """
    try:
        value: T = _decoder(type_).decode(body)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$.") or None
        raise InvalidData(f"{what} cannot be read: {reason}{f' at {field}' if field else ''}.", field=field) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidData(f"{what} is not JSON: {error}.") from error
    except RecursionError as error:
        raise InvalidData(f"{what} is nested too deeply.") from error
    return value


def amount(value: str | Decimal | int | None, *, field: str) -> Decimal | None:
    """A finite decimal of at most 18 digits and 6 places; None stays None. Raises InvalidData."""
    if value is None:
        return None
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError) as error:
        raise InvalidData(f"{field} is not a number: {str(value)[:40]!r}.", field=field) from error
    if not number.is_finite():
        raise InvalidData(f"{field} is not a finite number.", field=field)
    if not number:
        return Decimal(0)
    _, digits, exponent = number.as_tuple()
    # The exponent first: 1E+999999999 has one digit, and turning it into an integer would take all memory there is.
    if not isinstance(exponent, int) or exponent > NUMBER_DIGITS or len(digits) + max(exponent, 0) > NUMBER_DIGITS:
        raise InvalidData(f"{field} has more than {NUMBER_DIGITS} digits.", field=field)
    if exponent < -NUMBER_PLACES:
        needless = next((count for count, digit in enumerate(reversed(digits)) if digit), len(digits))
        if exponent + needless < -NUMBER_PLACES:
            raise InvalidData(f"{field} has more than {NUMBER_PLACES} decimal places.", field=field)
    return number


def within_bounds(order: Order, raw: bytes) -> Order:
    """The order, when it has no more lines, attributes and text than we take. Raises InvalidData naming what is too much.

    One NUL in a text would fail the statement that stores the whole page, so it rejects its own order here.
    """
    if len(order.lines) > ORDER_LINES:
        raise InvalidData(f"The order has {len(order.lines):,} lines; at most {ORDER_LINES:,} are taken.", field="lines")
    attributes = len(order.attributes) + sum(len(line.options) for line in order.lines)
    if attributes > ORDER_ATTRIBUTES:
        raise InvalidData(f"The order has {attributes:,} attributes; at most {ORDER_ATTRIBUTES} are taken.", field="attributes")
    # A text can only be too long, or hold a NUL, when the payload says so: the walk is kept for those few.
    if len(raw) > TEXT_CHARACTERS or b"\\u0000" in raw or b"\x00" in raw:
        _check_texts(msgspec.to_builtins(order), "order")
    return order


def _check_texts(value: Any, path: str) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidData(f"{path} contains a NUL character.", field=path)
        if len(value) > TEXT_CHARACTERS:
            raise InvalidData(f"{path} is longer than {TEXT_CHARACTERS:,} characters.", field=path)
    elif isinstance(value, dict):
        for key, part in value.items():
            _check_texts(key, path)
            _check_texts(part, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            _check_texts(part, f"{path}[{index}]")
