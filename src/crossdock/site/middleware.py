"""Headers that no view should have to think of."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


class SafeHeaders:
    """Keeps signed-in pages out of every cache, and every answer out of other sites."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        # `request.user` is asked only where a session was looked at: an anonymous page costs no query.
        session = getattr(request, "session", None)
        if session is not None and session.accessed:
            response.headers["Cache-Control"] = "no-store"
        return response


class IdleSessions:
    """Ends a session that nobody used for `SESSION_IDLE`; its absolute end is the cookie's and the row's own."""

    KEY = "seen"
    GRAIN = 300  # seconds: a session is written at most this often

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get(self.KEY, now)
            if now - seen > settings.SESSION_IDLE.total_seconds():
                logout(request)
            elif self.KEY not in request.session or now - seen > self.GRAIN:
                request.session[self.KEY] = now
        return self.get_response(request)
