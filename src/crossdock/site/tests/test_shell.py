"""What reads bodies: nothing slow or large reaches a thread, and all else reaches Django as it was sent."""

import asyncio

import pytest

from crossdock.site import shell
from crossdock.site.shell import Shell


def echo(environ, start_response):
    """Says what it got."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Path", environ["PATH_INFO"])])
    yield f"{environ['REQUEST_METHOD']} {environ.get('HTTP_X_FORWARDED_FOR')} {environ.get('HTTP_COOKIE')} ".encode()
    yield body


async def ask(application, *, chunks=(b"",), headers=(), path="/", stall=False, announced=None, method="POST"):
    """One request; what was sent back, as (status, headers, body)."""
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if not stall:
        waiting[-1]["more_body"] = False
    said = []

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message):
        said.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"a=1",
        "headers": list(headers),
        "client": ("192.0.2.9", 1),
    }
    await Shell(application, threads=2, announced=announced)(scope, receive, send)
    return said[0]["status"], dict(said[0]["headers"]), b"".join(message.get("body", b"") for message in said[1:])


async def test_a_body_in_pieces_arrives_whole():
    status, headers, body = await ask(echo, chunks=[b"one ", b"two ", b"x" * shell.IN_MEMORY], path="/café")

    assert (status, headers[b"x-path"].decode()) == (200, "/café")
    assert body == b"POST None None one two " + b"x" * shell.IN_MEMORY


@pytest.mark.parametrize("declared", [b"99999999", b"-1", b"1e3"])
async def test_a_body_declared_too_large_is_refused_before_it_is_read(declared):
    status, headers, _ = await ask(echo, headers=[(b"content-length", declared)], stall=True)

    assert (status, headers[b"connection"]) == (413, b"close")


async def test_a_body_that_grows_too_large_is_refused():
    assert (await ask(echo, chunks=[b"x" * shell.MIB] * 6))[0] == 413


async def test_who_has_a_session_may_upload_more():
    assert (await ask(echo, chunks=[b"x" * shell.MIB] * 6, headers=[(b"cookie", b"__Host-session=abc")]))[0] == 200


async def test_a_body_that_does_not_come_is_ended(monkeypatch):
    monkeypatch.setattr(shell, "BODY_DEADLINE", 0.05)

    assert (await ask(echo, chunks=[b"slow"], stall=True))[0] == 408


async def test_headers_without_end_are_refused():
    assert (await ask(echo, headers=[(b"x-long", b"x" * 20_000)]))[0] == 431


async def test_a_header_with_an_underscore_passes_for_no_other():
    _, _, body = await ask(echo, headers=[(b"x_forwarded_for", b"203.0.113.1"), (b"cookie", b"a=1"), (b"cookie", b"b=2")])

    assert body.startswith(b"POST None a=1; b=2")


async def test_slow_bodies_occupy_no_thread(monkeypatch):
    monkeypatch.setattr(shell, "BODY_DEADLINE", 5.0)
    slow = [asyncio.create_task(ask(echo, chunks=[b"slow"], stall=True)) for _ in range(50)]
    await asyncio.sleep(0)

    status, _, _ = await asyncio.wait_for(ask(echo), 2.0)

    assert status == 200
    for task in slow:
        task.cancel()


async def test_the_applications_end_is_called_even_when_it_fails():
    closed = []

    class Failing:
        def __iter__(self):
            raise ZeroDivisionError

        def close(self):
            closed.append(True)

    with pytest.raises(ZeroDivisionError):
        await ask(lambda environ, start_response: Failing())

    assert closed == [True]


class Noted:
    """Takes announcements, and keeps what it was given."""

    def __init__(self, status=200):
        self.status = status
        self.given = []

    async def __call__(self, *what):
        self.given.append(what)
        return self.status


async def test_what_a_platform_announces_never_reaches_django():
    noted = Noted(status=401)

    status, headers, body = await ask(
        echo, chunks=[b"{", b"}"], headers=[(b"X-Signature", b"abc")], path="/in/shopify/token", announced=noted
    )

    assert (status, body) == (401, b"")
    assert headers[b"content-length"] == b"0"
    assert noted.given == [("shopify", "token", {"x-signature": "abc"}, b"{}")]


@pytest.mark.parametrize(
    ("path", "method"), [("/in/shopify", "POST"), ("/in/shopify/token/more", "POST"), ("/in/shopify/token", "GET"), ("/", "POST")]
)
async def test_all_other_addresses_are_django_s(path, method):
    noted = Noted()

    status, headers, _ = await ask(echo, path=path, method=method, announced=noted)

    assert (status, headers[b"x-path"].decode()) == (200, path)
    assert noted.given == []
