"""How public ids look in an address: 22 letters and digits for a UUID's 128 bits."""

import uuid
from collections.abc import Callable
from functools import lru_cache

from django.urls import register_converter, reverse
from django.urls.converters import get_converters

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 22


@lru_cache(maxsize=4_096)
def short(public_id: uuid.UUID) -> str:
    """The 22 characters of an id."""
    value, text = public_id.int, ""
    while len(text) < LENGTH:
        value, digit = divmod(value, 62)
        text = ALPHABET[digit] + text
    return text


def long(text: str) -> uuid.UUID:
    """The id of 22 characters. Raises ValueError when they are no id of ours."""
    if len(text) != LENGTH:
        raise ValueError("an id has 22 characters")
    value = 0
    for character in text:
        value = value * 62 + ALPHABET.index(character)
    return uuid.UUID(int=value)


_ANY = uuid.UUID(int=2**128 - 1)


def addresses(name: str, **fixed: object) -> Callable[[uuid.UUID], str]:
    """Makes the addresses of many pages called `name` that differ in `public_id` only; `reverse` would look each up anew.

    Raises NoReverseMatch when there is no such page.
    """
    before, _, after = reverse(name, kwargs={**fixed, "public_id": _ANY}).rpartition(short(_ANY))
    return lambda public_id: f"{before}{short(public_id)}{after}"


class PublicId:
    """`<account:account>` and `<short:public_id>` in an address. Takes ids and their short form when an address is made."""

    regex = f"[0-9A-Za-z]{{{LENGTH}}}"

    def to_python(self, value: str) -> uuid.UUID:
        """The id. Raises ValueError, which is a 404, when it is out of range."""
        return long(value)

    def to_url(self, value: uuid.UUID | str) -> str:
        """The short form."""
        return short(value) if isinstance(value, uuid.UUID) else short(long(value))


def register() -> None:
    """Make the converters known, once, before any address is read."""
    for name in ("account", "short"):
        if name not in get_converters():
            register_converter(PublicId, name)
