"""HTTP for connectors: signed, rooted at one origin, throttled, recorded, bounded."""

import json as jsonlib
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import aiohttp
import msgspec
from msgspec import Struct
from yarl import URL

from crossdock.connectors.kit.auth import Masker
from crossdock.connectors.kit.bounds import ANSWER_BYTES, REDIRECTS
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.limits import Limiter
from crossdock.connectors.kit.signing import Request, Signer
from crossdock.connectors.kit.transport import HungUp, Trace, Transport

SHOWN_HEADERS = frozenset(
    {
        "accept",
        "cache-control",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "etag",
        "idempotency-key",
        "last-modified",
        "link",
        "location",
        "retry-after",
        "user-agent",
        "x-request-id",
    }
)
"""Headers that are written down, with those that name the API's version (`…-api-version`); all others may carry secrets. `location`
and `link` still pass the masking by value.
"""


class Exchange(Struct, frozen=True):
    """One request and its answer as sent, with secrets removed. `status` is None when no answer came."""

    at: datetime
    operation: str
    method: str
    url: str
    status: int | None
    ms: int
    request: bytes
    response: bytes
    is_write: bool
    request_headers: Mapping[str, str] = {}
    response_headers: Mapping[str, str] = {}


class Answer(Struct, frozen=True):
    """An HTTP answer, its body read whole and within bounds. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Record = Callable[[Exchange], None]


class ObserveOnly(RuntimeError):
    """A write was tried through a connection that only observes. Always a bug of ours; nothing was sent."""


class Http:
    """What a client is given to talk through. Paths are relative to the platform's address; an absolute URL of the same origin passes.

    `platform` is the name used in sentences. `is_recorded` is off for sign-in, whose bodies are secrets as a whole.
    `before_write` is called right before a change is sent, and stops it by raising: whoever lost the right to make it meanwhile.
    `origins` are further addresses that an absolute URL may go to. `pause_asked` reads a 429's wait from its headers. `address_field`
    is the setting that holds the address, where somebody typed it: what is wrong with the address is then said beside it.
    """

    def __init__(
        self,
        base_url: str,
        *,
        platform: str,
        transport: Transport,
        record: Record,
        limiter: Limiter,
        signer: Signer | None = None,
        may_write: bool = True,
        before_write: Callable[[], None] | None = None,
        is_recorded: bool = True,
        origins: Collection[str] = (),
        pause_asked: Callable[[Mapping[str, str]], timedelta | None] | None = None,
        address_field: str | None = None,
    ) -> None:
        self.base = URL(base_url.rstrip("/") + "/")
        self.platform = platform
        self.limiter = limiter
        self._transport = transport
        self._record = record
        self._signer = signer
        self._may_write = may_write
        self._before_write = before_write
        self._is_recorded = is_recorded
        self._origins = frozenset({self.base.origin(), *(URL(origin).origin() for origin in origins)})
        self._pause_asked = pause_asked or retry_after
        self._masker = Masker(())
        self._address_field = address_field
        try:
            transport.door.check_url(self.base)
        except InvalidData as error:
            raise InvalidData(error.message, field=address_field, evidence=error.evidence) from error

    async def read(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        json: Any = None,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        cost: float = 1,
    ) -> Answer:
        """Ask for something. `operation` names the call in the archive.

        Returns any answer that is not 401, 429, 5xx or a redirect: their meaning is the connector's. Raises Unavailable,
        RateLimited, AuthenticationFailed, InvalidData.
        """
        request = self._request(method, path, json, body, params, headers)
        return await self._exchange(request, operation=operation, cost=cost, is_write=False, undone=())

    async def write(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        json: Any = None,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        cost: float = 1,
        undone: Collection[int] = (),
    ) -> Answer:
        """Change something, once: it is never repeated here, except after a 401, which did nothing.

        As `read`, but a connection that dies after the request was sent, and any 5xx, is OutcomeUnknown. `undone` are statuses of
        which the platform documents that nothing was done: those are Unavailable. Raises ObserveOnly before anything is sent where
        the connection only observes.
        """
        if not self._may_write:
            raise ObserveOnly(f"{operation} would change something at {self.platform}, and this connection only observes")
        request = self._request(method, path, json, body, params, headers)
        return await self._exchange(request, operation=operation, cost=cost, is_write=True, undone=undone)

    def masked(self, text: str) -> str:
        """A text of the platform without this session's secrets, for messages and evidence."""
        return self._masker.text(text)

    def _request(
        self,
        method: str,
        path: str,
        json: Any,
        body: bytes | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> Request:
        url = self._rooted(path)
        if params:
            url = url.update_query(dict(params))
        sent = {"accept": "application/json", "user-agent": "Crossdock", **(headers or {})}
        if json is not None:
            body = msgspec.json.encode(json)
            sent.setdefault("content-type", "application/json")
        return Request(method.upper(), url, sent, body)

    def _rooted(self, path: str) -> URL:
        url = URL(path) if "://" in path else URL(str(self.base) + path.lstrip("/"))
        if url.origin() not in self._origins:
            raise InvalidData(f"{self.platform} sent us to another address, {url.host}, and we do not go there.")
        self._transport.door.check_url(url)
        return url

    async def _exchange(
        self, request: Request, *, operation: str, cost: float, is_write: bool, undone: Collection[int]
    ) -> Answer:
        was_renewed = False
        was_repeated = False
        redirects = 0
        while True:
            await self.limiter.acquire(cost)
            signed, stale = await self._signed(request)
            try:
                answer = await self._once(signed, operation=operation, is_write=is_write)
            except _DiedOnOldConnection as error:
                # A kept connection that the other side had closed meanwhile: a read is simply asked again, once, on a new one.
                if was_repeated:
                    self._no_answer(error.__cause__ or error, is_write=False, was_sent=True)
                was_repeated = True
                continue
            if answer.status == 401 and self._signer is not None and not was_renewed and await self._signer.renew(stale):
                was_renewed = True
                continue
            if answer.status in (301, 302, 303, 307, 308) and request.method == "GET" and not is_write:
                redirects += 1
                if redirects > REDIRECTS:
                    raise InvalidData(f"{self.platform} redirects without end.")
                target = request.url.join(URL(answer.headers.get("location", "")))
                if target.origin() not in self._origins:
                    raise self._led_away(target)
                request = Request(request.method, self._rooted(str(target)), request.headers, None)
                continue
            self._judge(answer, is_write=is_write, undone=undone)
            return answer

    async def _signed(self, request: Request) -> tuple[Request, Any]:
        if self._signer is None:
            return request, None
        signed, tokens, secrets = await self._signer.sign(request)
        if secrets is not None:
            self._masker = Masker(secrets)
        return signed, tokens

    async def _once(self, request: Request, *, operation: str, is_write: bool) -> Answer:
        if is_write and self._before_write is not None:
            self._before_write()
        started, at = time.perf_counter(), datetime.now(UTC)
        trace = Trace()
        answer: Answer | None = None
        partial = bytearray()
        try:
            answer = await self._ask(request, trace, partial)
            return answer
        except (aiohttp.ClientError, HungUp, TimeoutError, OSError) as error:
            if trace.was_reused and not trace.has_answer and not is_write and isinstance(error, HungUp):
                raise _DiedOnOldConnection from error
            self._no_answer(error, is_write=is_write, was_sent=trace.is_connected)
        except _TooLarge as error:
            message = f"{self.platform} answered with more than {ANSWER_BYTES >> 20} MiB."
            raise (OutcomeUnknown(message) if is_write else InvalidData(message)) from error
        finally:
            self._write_down(
                request,
                answer or (Answer(trace.status, trace.headers, bytes(partial[:65_536])) if trace.has_answer else None),
                at=at,
                ms=round((time.perf_counter() - started) * 1000),
                operation=operation,
                is_write=is_write,
            )

    async def _ask(self, request: Request, trace: Trace, partial: bytearray) -> Answer:
        session = await self._transport.session()
        async with session.request(
            request.method,
            request.url,
            data=request.body,
            headers=request.headers,
            allow_redirects=False,
            trace_request_ctx=trace,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            trace.status, trace.headers = response.status, headers
            async for chunk in response.content.iter_any():
                partial += chunk
                if len(partial) > ANSWER_BYTES:
                    response.close()
                    raise _TooLarge
            return Answer(response.status, headers, bytes(partial))

    def _no_answer(self, error: BaseException, *, is_write: bool, was_sent: bool) -> NoReturn:
        evidence = {"error": self.masked(f"{type(error).__name__}: {error}"[:300])}
        if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
            raise Unavailable(_untrusted(str(self.base.host), error), field=self._address_field, evidence=evidence) from error
        if is_write and was_sent:
            raise OutcomeUnknown(
                f"{self.platform} did not answer after the request was sent. It is looked up before it is sent again.",
                evidence=evidence,
            ) from error
        if was_sent:
            slow = isinstance(error, TimeoutError)
            message = f"{self.platform} {'took too long to answer' if slow else 'broke off before its answer was complete'}."
            raise Unavailable(message, evidence=evidence) from error
        # One wording for refused by us, refused by them and unknown: else the message would map our network.
        remedy = (
            "Check the address for typing errors, and that it can be reached from the internet; if both are so, try again later."
            if self._address_field
            else "This is rarely about your settings: try again in some minutes."
        )
        message = f"{self.platform} could not be reached at {self.base.host}. {remedy}"
        raise Unavailable(message, field=self._address_field, evidence=evidence) from error

    def _led_away(self, target: URL) -> InvalidData:
        where = target.with_path("/").human_repr().rstrip("/")[:200] if target.host else "another address"
        remedy = f"If that is your own address, enter it instead{'' if self._address_field else ' where you can'}"
        return InvalidData(
            f"{self.platform} leads us on to {where}, and credentials are sent nowhere else. {remedy}.", field=self._address_field
        )

    def _judge(self, answer: Answer, *, is_write: bool, undone: Collection[int]) -> None:
        status = answer.status
        evidence = {"status": str(status), "answer": self.masked(answer.body[:500].decode("utf-8", "replace"))}
        if status == 401:
            raise AuthenticationFailed(
                f"{self.platform} refuses the credentials{self.masked(said(answer))}. Enter them again, or authorize again.",
                evidence=evidence,
            )
        if status == 429:
            asked = self._pause_asked(answer.headers)
            wait = timedelta(seconds=10) if asked is None else asked
            self.limiter.pause(datetime.now(UTC) + wait)
            raise RateLimited(f"{self.platform} asks us to slow down.", retry_after=wait, evidence=evidence)
        if status >= 500:
            if is_write and status not in undone:
                raise OutcomeUnknown(
                    f"{self.platform} answered {status} to a change. It is looked up before it is sent again.", evidence=evidence
                )
            raise Unavailable(f"{self.platform} answered {status}. It is tried again later.", evidence=evidence)
        if 300 <= status < 400:
            raise InvalidData(
                f"{self.platform} redirects this call to another address. Check the address of the store.",
                field=self._address_field,
                evidence=evidence,
            )

    def _write_down(
        self, request: Request, answer: Answer | None, *, at: datetime, ms: int, operation: str, is_write: bool
    ) -> None:
        mask = self._masker
        hidden = b"[not kept: sign-in]"
        self._record(
            Exchange(
                at=at,
                operation=operation,
                method=request.method,
                url=mask.text(str(request.url)),
                status=answer.status if answer else None,
                ms=ms,
                request=mask(request.body or b"") if self._is_recorded else hidden,
                response=(mask(answer.body) if self._is_recorded else hidden) if answer else b"",
                is_write=is_write,
                request_headers=self._shown(request.headers),
                response_headers=self._shown(answer.headers if answer else {}),
            )
        )

    def _shown(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        return {name: self._masker.text(value) for name, value in headers.items() if _is_shown(name.lower())}


def _is_shown(name: str) -> bool:
    return name in SHOWN_HEADERS or name.endswith("-api-version")


def _untrusted(host: str, error: BaseException) -> str:
    """What is wrong with a certificate, and what to do about it."""
    said = str(getattr(getattr(error, "certificate_error", None), "verify_message", "")).casefold()
    reason, remedy = next(
        (told for words, told in _CERTIFICATES if words in said),
        ("is not one that browsers trust", "Have the server's operator install one of a public authority"),
    )
    return f"The TLS certificate of {host} {reason}, so no credentials are sent there. {remedy}, then test again."


_CERTIFICATES = (
    ("self-signed", ("was signed by the server itself", "Have the server's operator install one of a public authority")),
    ("self signed", ("was signed by the server itself", "Have the server's operator install one of a public authority")),
    ("expired", ("has expired", "Have the server's operator renew it")),
    ("hostname mismatch", ("belongs to another name", "Check the address for typing errors, or have it put in the certificate")),
    ("ip address mismatch", ("belongs to another name", "Enter the server's name instead of its number")),
    (
        "unable to get local issuer",
        ("cannot be traced to an authority that browsers trust", "Have the server's operator install it with its whole chain"),
    ),
)
"""Words of OpenSSL, and (what is wrong, what to do) for people."""


class _TooLarge(Exception):
    pass


class _DiedOnOldConnection(Exception):
    pass


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read `Retry-After`, as seconds (also "2.0") or as an HTTP date; None without one. At most an hour, never negative."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    if seconds != seconds:  # "nan" is a float too
        return None
    return timedelta(seconds=min(max(seconds, 0.0), 3600.0))


def said(answer: Answer) -> str:
    """The platform's own words, quoted for a sentence: `: "The token expired"`; empty when it said nothing readable."""
    try:
        value = jsonlib.loads(answer.body[:4096])
    except (ValueError, RecursionError):
        return ""
    if isinstance(value, dict):
        for name in ("errors", "error_description", "error", "message", "title"):
            found = value.get(name)
            if isinstance(found, str) and found.strip():
                return f": “{found.strip()[:300]}”"
    return ""


__all__ = ["SHOWN_HEADERS", "Answer", "Exchange", "Http", "ObserveOnly", "Record", "Request", "retry_after", "said"]
