"""Which parts of canonical records are about a person: marked once, where they are declared; erasing and gathering read the mark."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec
from msgspec import Struct

S = TypeVar("S", bound=Struct)


class Personal:
    """The mark itself: `Annotated[str | None, PERSONAL]`. A marked field has a default, which it gets back when it is erased."""


PERSONAL = Personal()

PersonalText = Annotated[str | None, PERSONAL]
PersonalTexts = Annotated[tuple[str, ...], PERSONAL]
PersonalPairs = Annotated[dict[str, str], PERSONAL]


@cache
def marked(kind: type[Struct]) -> frozenset[str]:
    """Names of the fields of a record that are about a person."""
    hints = get_type_hints(kind, include_extras=True)
    return frozenset(name for name, hint in hints.items() if PERSONAL in getattr(hint, "__metadata__", ()))


def erased(record: S) -> S:
    """The record without what is about a person, in it and in all that it is made of. Erasing twice changes nothing."""
    changes: dict[str, Any] = {}
    for field in msgspec.structs.fields(type(record)):
        value = getattr(record, field.name)
        if field.name in marked(type(record)):
            if field.default_factory is not msgspec.NODEFAULT:
                changes[field.name] = field.default_factory()
            else:
                changes[field.name] = field.default
        elif isinstance(value, Struct):
            changes[field.name] = erased(value)
        elif isinstance(value, tuple):
            changes[field.name] = tuple(erased(one) if isinstance(one, Struct) else one for one in value)
    return msgspec.structs.replace(record, **changes)


def said_of_person(record: Struct) -> set[str]:
    """Every text in the record that is about a person."""
    return set(_texts(record))


def _texts(record: Struct) -> Iterator[str]:
    for field in msgspec.structs.fields(type(record)):
        value = getattr(record, field.name)
        if field.name in marked(type(record)):
            found = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
            yield from (text for text in found if isinstance(text, str) and text.strip())
            continue
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Struct):
                yield from _texts(inner)
