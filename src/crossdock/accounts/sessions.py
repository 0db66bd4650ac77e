"""Keeps the list of where a person is signed in: address, browser and last sight of each session."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponse


class SessionsSeen:
    """Middleware: notes a session in the person's list at its first page, and then every five minutes.

    The library's own notes it at every request, which is one durable write for each page and each poll.
    """

    KEY = "noted"
    GRAIN = 300  # seconds

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get(self.KEY, 0) >= self.GRAIN:
                request.session[self.KEY] = now
                UserSession.objects.create_from_request(request)
        return self.get_response(request)
