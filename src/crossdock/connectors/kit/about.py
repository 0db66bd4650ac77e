"""Which items a call is about, by their keys, for whoever records it. Empty for calls about none in particular."""

from contextvars import ContextVar

ABOUT: ContextVar[tuple[str, ...]] = ContextVar("about", default=())
