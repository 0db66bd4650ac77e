"""Between the network and Django: bodies are read here, under a limit and a deadline, before a thread is taken.

A WSGI server reads a body in the thread that answers, so a dozen slow uploads stop it. This small ASGI application reads them in
the event loop, where waiting costs nothing, and then runs Django's WSGI application in a thread as before.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Announced = Callable[[str, str, Mapping[str, str], bytes], Awaitable[int]]
"""Takes what a platform announces (platform, token, headers by lower-case names, body); the status it is answered with."""
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

KIB, MIB = 1024, 1024 * 1024
BODY_LIMIT = 5 * MIB  # anybody: a webhook is the largest thing strangers send
UPLOAD_LIMIT = 50 * MIB  # who brings a session; Django holds forms to less
BODY_DEADLINE = 30.0  # seconds for a whole body
UPLOAD_DEADLINE = 120.0
IN_MEMORY = 512 * KIB  # beyond it a body waits in an unnamed temporary file
HEADERS_LIMIT = 16 * KIB
ANNOUNCED_AT = re.compile(r"/in/([^/]+)/([^/]+)")
SESSION_COOKIES = (b"__Host-session=", b"session=")


class Shell:
    """An ASGI application that runs a WSGI one in `threads` threads. What platforms announce goes to `announced` instead, if given."""

    def __init__(self, application: Wsgi, threads: int, announced: Announced | None = None) -> None:
        self.application = application
        self.announced = announced
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; 431, 413 and 408 are answered here, without Django."""
        if scope["type"] != "http":
            return
        headers = list(scope["headers"])
        if sum(len(name) + len(value) for name, value in headers) > HEADERS_LIMIT:
            await _refuse(send, 431)
            return
        has_session = any(cookie in value for name, value in headers if name == b"cookie" for cookie in SESSION_COOKIES)
        limit, deadline = (UPLOAD_LIMIT, UPLOAD_DEADLINE) if has_session else (BODY_LIMIT, BODY_DEADLINE)
        declared = next((value for name, value in headers if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > limit:
            await _refuse(send, 413)
            return
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            try:
                async with asyncio.timeout(deadline):
                    size = await _read(receive, body, limit)
            except TimeoutError:
                await _refuse(send, 408)
                return
            if size is None:  # the client went away
                return
            if size > limit:
                await _refuse(send, 413)
                return
            body.seek(0)
            place = ANNOUNCED_AT.fullmatch(scope["path"]) if scope["method"] == "POST" else None
            if self.announced is not None and place is not None:
                await _answer_only(send, await self.announced(place[1], place[2], _plain(headers), body.read()))
                return
            await self._run(_environ(scope, headers, body, size), send)

    async def _run(self, environ: dict[str, Any], send: Send) -> None:
        loop = asyncio.get_running_loop()

        def sent(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(_send(send, message), loop).result()

        await loop.run_in_executor(self.threads, _answer, self.application, environ, sent)


async def _send(send: Send, message: Message) -> None:
    await send(message)


async def _read(receive: Receive, body: IO[bytes], limit: int) -> int | None:
    """Put the body into `body`; its size, which is over `limit` as soon as it is known to be; None when the client left."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return size
        body.write(chunk)
        if not message.get("more_body", False):
            return size


async def _refuse(send: Send, status: int) -> None:
    await _answer_only(send, status, (b"connection", b"close"))


async def _answer_only(send: Send, status: int, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), *headers]})
    await send({"type": "http.response.body", "body": b""})


def _plain(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The last of each header, by its name; a platform sends none twice."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _environ(scope: Message, headers: list[tuple[bytes, bytes]], body: IO[bytes], size: int) -> dict[str, Any]:
    """The request as WSGI says it (PEP 3333): texts hold bytes, one a character."""
    client = scope.get("client") or ("", 0)
    server = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": str(client[0]),
        "CONTENT_LENGTH": str(size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in headers:
        # An underscore would let X_Forwarded_For pass for the X-Forwarded-For that only a proxy of ours may set.
        if b"_" in raw_name or raw_name in {b"content-length", b"transfer-encoding"}:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        key = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ


def _answer(application: Wsgi, environ: dict[str, Any], sent: Callable[[Message], None]) -> None:
    """Run the application in this thread and hand on what it says, a chunk at a time, so that exports stream."""
    started: list[Message] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        started[:] = [{"type": "http.response.start", "status": int(status.split(" ", 1)[0]), "headers": raw}]
        return lambda data: None  # the old way of writing, which Django does not use

    answer = application(environ, start_response)
    try:
        is_told = False
        held: bytes | None = None
        for chunk in answer:
            if not is_told:
                sent(started[0])
                is_told = True
            if held is not None:
                sent({"type": "http.response.body", "body": held, "more_body": True})
            held = chunk
        if not is_told:
            sent(started[0])
        sent({"type": "http.response.body", "body": held or b"", "more_body": False})
    finally:
        close = getattr(answer, "close", None)
        if close:
            close()


def shell() -> Shell:
    """What the web server runs, in each of its processes."""
    from crossdock.site.wsgi import application

    return Shell(application, int(os.environ.get("CROSSDOCK_WEB_THREADS", "8")), _inbox())


def _inbox() -> Announced:
    # Not before Django is set up.
    from crossdock.connections.inbox import Inbox

    return Inbox().take
