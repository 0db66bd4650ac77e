"""The demo's data: what `crossdock up --demo` finds or makes once the database is there and the sandbox serves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SignIn:
    """How to get in; the password is made up at random for this data folder."""

    email: str
    password: str


def seed() -> SignIn | None:
    """Make what is missing; may run again. None when there is nobody to sign in as."""
    return None
