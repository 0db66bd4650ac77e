"""Which item a call is about, for whoever records it. Set where one call serves one item; empty for calls about many."""

from contextvars import ContextVar

ABOUT: ContextVar[str | None] = ContextVar("about", default=None)
