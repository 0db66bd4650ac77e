"""A value that must not be shown: it prints as dots and refuses to become text by accident."""

from typing import NoReturn


class Secret:
    """Holds a credential. Only `reveal` gives it; str, format and pickling raise."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for signing and sealing alone."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('••••')"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("a secret is not text; use reveal() where it is signed or sealed")

    __str__ = _refuse
    __format__ = _refuse
    __reduce__ = _refuse
