"""What ends by itself and would stay for good unless removed: sessions, and rows of the shared cache, which strangers can add to."""

from django.contrib.sessions.backends.db import SessionStore

from crossdock.site.cache import forget_expired

AT_ONCE = 5_000
"""Rows of the cache removed by one statement."""


def forget_ended() -> None:
    """Remove what has ended. May run twice."""
    SessionStore.clear_expired()
    while forget_expired(AT_ONCE) == AT_ONCE:
        pass
