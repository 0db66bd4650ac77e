"""The whole product served to a browser: the fixture `site`, and how a page of it is entered and kept as a picture."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application
from django.test import Client

from crossdock.accounts.models import Person
from crossdock.accounts.testing import PASSWORD


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """Serve what the settings say, in threads of this process; the address it is at."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site(db_ready: Any) -> Iterator[str]:
    """The address of the whole product."""
    with served() as address:
        yield address


def enter(page: Any, site: str, client: Client) -> None:
    """Let the page go on in the session of a test's client, without the form."""
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])


def sign_in(page: Any, person: Person) -> None:
    """Fill in the form that the page shows, and send it."""
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def look(page: Any, name: str) -> None:
    """Keep a picture of the page in CROSSDOCK_PICTURES, where somebody wants to look at it."""
    if folder := os.environ.get("CROSSDOCK_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
