"""What one call may cost, and what its failure means, on real sockets."""

import asyncio
import gzip
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from crossdock.connectors.kit import http as http_module
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.http import Http, ObserveOnly, retry_after
from crossdock.connectors.kit.limits import LocalLimiter
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.connectors.kit.signing import Signer
from crossdock.connectors.kit.simulator.authority import server_context
from crossdock.connectors.kit.tests.servers import a_server, answering, hanging_up, http_to, in_turn
from crossdock.connectors.kit.tokens import MemoryTokens, Tokens
from crossdock.connectors.kit.transport import Transport


class Settings(ConnectorSettings):
    password: SecretStr


def a_signer(tokens=None):
    def sign(settings, tokens, request):
        return (
            {"authorization": f"Bearer {tokens.access.reveal()}"} if tokens else {"x-key": settings.password.get_secret_value()}
        )

    return Signer(sign, Settings(password="pa/ss+wörd&1"), tokens)


async def test_an_answer_is_read_whole_with_lower_case_headers():
    async with a_server(answering(200, b'{"a":1}', "X-Some-Header: 7")) as server, http_to(server) as (http, exchanges):
        answer = await http.read("POST", "graphql.json", operation="ask", json={"q": "x"})

    assert (answer.status, answer.body, answer.headers["x-some-header"]) == (200, b'{"a":1}', "7")
    assert b"POST /api/graphql.json HTTP/1.1" in server.requests[0]
    assert (exchanges[0].operation, exchanges[0].request, exchanges[0].status) == ("ask", b'{"q":"x"}', 200)


@pytest.mark.parametrize(
    ("talk", "read_error", "write_error"),
    [
        (hanging_up, Unavailable, OutcomeUnknown),
        (answering(503), Unavailable, OutcomeUnknown),
        (answering(429, b"{}", "retry-after: 0.01"), RateLimited, RateLimited),
        (answering(401), AuthenticationFailed, AuthenticationFailed),
        (answering(302, b"", "location: https://elsewhere.example.com/"), InvalidData, InvalidData),
    ],
)
async def test_a_failed_write_may_have_happened_and_a_failed_read_may_be_repeated(talk, read_error, write_error):
    async with a_server(talk) as server, http_to(server) as (http, _):
        with pytest.raises(read_error):
            await http.read("GET", "x", operation="look")
        with pytest.raises(write_error):
            await http.write("POST", "x", operation="change", json={})


async def test_a_connection_that_never_stood_did_nothing():
    async with a_server(answering()) as server:
        pass
    async with http_to(server) as (http, exchanges):
        with pytest.raises(Unavailable):
            await http.write("POST", "x", operation="change", json={})

    assert exchanges[0].status is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_write_on_a_kept_connection_that_dies_is_never_sent_twice(method):
    talk = in_turn(answering(), hanging_up, answering())
    async with a_server(talk) as server, http_to(server) as (http, _):
        await http.read("GET", "x", operation="warm up")

        with pytest.raises(OutcomeUnknown):
            await http.write(method, "x", operation="change", json={})

    assert len(server.requests) == 2


async def test_a_read_on_a_kept_connection_that_died_is_asked_again_at_once():
    talk = in_turn(answering(), hanging_up, answering(200, b"[]"))
    async with a_server(talk) as server, http_to(server) as (http, _):
        await http.read("GET", "x", operation="warm up")

        answer = await http.read("POST", "x", operation="look", json={})

    assert answer.body == b"[]"
    assert len(server.requests) == 3


async def test_a_read_on_a_new_connection_that_dies_is_left_to_whoever_asked():
    async with a_server(hanging_up) as server, http_to(server) as (http, _):
        with pytest.raises(Unavailable):
            await http.read("GET", "x", operation="look")

    assert len(server.requests) == 1


async def test_a_status_that_says_nothing_was_done_leaves_nothing_to_look_up():
    async with a_server(answering(503)) as server, http_to(server) as (http, _):
        with pytest.raises(Unavailable):
            await http.write("POST", "x", operation="change", json={}, undone={503})


async def test_a_write_that_is_led_on_is_not_repeated_elsewhere():
    talk = in_turn(answering(302, b"", "location: /api/y"), answering())
    async with a_server(talk) as server, http_to(server) as (http, _):
        with pytest.raises(InvalidData, match="redirects this call"):
            await http.write("GET", "x", operation="change")

    assert len(server.requests) == 1


async def test_a_truncated_body_is_no_answer():
    async def cut(_, writer):
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":')
        writer.close()

    async with a_server(cut) as server, http_to(server) as (http, exchanges):
        with pytest.raises(Unavailable):
            await http.read("GET", "x", operation="look")
        with pytest.raises(OutcomeUnknown):
            await http.write("POST", "x", operation="change", json={})

    assert exchanges[0].response == b'{"half":'


async def test_a_gzip_bomb_ends_at_the_bound_and_not_in_memory(monkeypatch):
    monkeypatch.setattr(http_module, "ANSWER_BYTES", 1 << 20)
    bomb = gzip.compress(b"\0" * (64 << 20), compresslevel=1)
    async with a_server(answering(200, bomb, "content-encoding: gzip")) as server, http_to(server) as (http, _):
        with pytest.raises(InvalidData, match="more than"):
            await http.read("GET", "x", operation="look")
        with pytest.raises(OutcomeUnknown, match="more than"):
            await http.write("POST", "x", operation="change", json={})


async def test_a_silent_server_is_left(monkeypatch):
    from crossdock.connectors.kit import transport

    monkeypatch.setattr(transport, "ANSWER_SILENCE", timedelta(milliseconds=50))

    async def silent(_, writer):
        await asyncio.sleep(0.3)

    async with a_server(silent) as server, http_to(server) as (http, _):
        with pytest.raises(Unavailable, match="took too long"):
            await http.read("GET", "x", operation="look")
        with pytest.raises(OutcomeUnknown):
            await http.write("POST", "x", operation="change", json={})


async def test_a_connection_that_only_observes_sends_no_write():
    async with a_server(answering()) as server, http_to(server, may_write=False) as (http, _):
        with pytest.raises(ObserveOnly):
            await http.write("POST", "x", operation="change", json={})

    assert server.requests == []


async def test_a_refused_token_is_renewed_once_and_the_call_repeated():
    async def sign_in(stale):
        return Tokens(Secret("second-token"))

    tokens = MemoryTokens(Tokens(Secret("first-token")), sign_in)
    talk = in_turn(answering(401), answering(200))
    async with a_server(talk) as server, http_to(server, signer=a_signer(tokens)) as (http, _):
        answer = await http.write("POST", "x", operation="change", json={})

    assert answer.status == 200
    assert [b"second-token" in request for request in server.requests] == [False, True]


async def test_a_platform_that_refuses_new_tokens_too_is_not_asked_for_ever():
    async def sign_in(stale):
        return Tokens(Secret(f"{stale.access.reveal()}-again"))

    tokens = MemoryTokens(Tokens(Secret("token")), sign_in)
    talk = in_turn(answering(401), answering(401), answering(200))
    async with a_server(talk) as server, http_to(server, signer=a_signer(tokens)) as (http, _):
        with pytest.raises(AuthenticationFailed):
            await http.read("GET", "x", operation="look")

    assert len(server.requests) == 2


async def test_two_calls_with_the_same_stale_token_sign_in_once():
    asked = []

    async def sign_in(stale):
        asked.append(stale)
        await asyncio.sleep(0)
        return Tokens(Secret("second-token"))

    async def talk(request, writer):
        await answering(200 if b"second-token" in request else 401)(request, writer)

    tokens = MemoryTokens(Tokens(Secret("first-token")), sign_in)
    async with a_server(talk) as server, http_to(server, signer=a_signer(tokens)) as (http, _):
        await asyncio.gather(*(http.read("GET", "x", operation="look") for _ in range(5)))

    assert len(asked) == 1


async def test_a_token_near_its_end_is_renewed_before_use():
    async def sign_in(stale):
        return Tokens(Secret("second-token"), expires_at=datetime.now(UTC) + timedelta(seconds=30))

    tokens = MemoryTokens(Tokens(Secret("first-token"), expires_at=datetime.now(UTC) + timedelta(minutes=4)), sign_in)
    async with a_server(answering()) as server, http_to(server, signer=a_signer(tokens)) as (http, _):
        await http.read("GET", "x", operation="look")
        await http.read("GET", "x", operation="look")

    assert all(b"second-token" in request for request in server.requests)


async def test_no_secret_is_written_down_in_any_form():
    import base64

    secret = "pa/ss+wörd&1"
    body = b" ".join(
        [
            secret.encode(),
            base64.b64encode(b"client-id:" + secret.encode()),
            base64.b64encode(b"id:" + secret.encode()),
            b"pa%2Fss%2Bw%C3%B6rd%261",
            b"pa/ss+w\\u00f6rd&1",
        ]
    )
    async with (
        a_server(answering(200, body, "x-key: " + "leak", "set-cookie: " + "crumb=1")) as server,
        http_to(server, signer=a_signer()) as (http, exchanges),
    ):
        await http.read("GET", "x", operation="look", params={"key": secret})

    written = repr(exchanges)
    for form in (secret, "w%C3%B6rd", "w\\\\u00f6rd", "leak", "crumb=1", base64.b64encode(b"id:" + secret.encode()).decode()[4:]):
        assert form not in written
    assert exchanges[0].response.count(b"[secret]") == 5


async def test_what_a_platform_says_of_our_secret_is_told_without_it():
    body = b'{"message": "pa/ss+w\\u00f6rd&1 is wrong"}'
    async with a_server(answering(401, body)) as server, http_to(server, signer=a_signer()) as (http, _):
        with pytest.raises(AuthenticationFailed) as caught:
            await http.read("GET", "x", operation="look")

    assert "[secret] is wrong" in caught.value.message
    assert caught.value.evidence["answer"] == '{"message": "[secret] is wrong"}'


async def test_of_a_sign_in_nothing_that_was_said_is_written_down():
    async with a_server(answering(200, b"token=1")) as server, http_to(server, is_recorded=False) as (http, exchanges):
        await http.read("POST", "x", operation="sign in", body=b"password=1")

    assert [(one.request, one.response) for one in exchanges] == [(b"[not kept: sign-in]", b"[not kept: sign-in]")]


async def test_redirects_are_followed_at_the_same_origin_only_and_not_for_ever():
    talk = in_turn(answering(302, b"", "location: /api/y"), answering(200, b"[1]"))
    async with a_server(talk) as server, http_to(server) as (http, _):
        assert (await http.read("GET", "x", operation="look")).body == b"[1]"
    async with a_server(answering(302, b"", "location: /api/x")) as server, http_to(server) as (http, _):
        with pytest.raises(InvalidData, match="without end"):
            await http.read("GET", "x", operation="look")


async def test_an_address_of_another_origin_is_not_visited():
    async with a_server(answering()) as server, http_to(server, signer=a_signer()) as (http, _):
        with pytest.raises(InvalidData):
            await http.read("GET", "https://elsewhere.example.com/next", operation="next page")

    assert server.requests == []


async def test_a_further_address_is_asked_for_at_the_door_like_any_other():
    async with a_server(answering()) as server, a_server(answering()) as other:
        address = f"http://127.0.0.1:{other.port}"
        async with http_to(server, origins=[address]) as (http, exchanges):
            with pytest.raises(InvalidData):
                await http.read("GET", f"{address}/token", operation="sign in")

    assert exchanges == []


async def test_whoever_leads_elsewhere_is_named_beside_the_address_that_was_typed():
    talk = answering(301, b"", "location: https://www.shop.example.com/rest/V1/orders")
    async with a_server(talk) as server, http_to(server, signer=a_signer(), address_field="store_url") as (http, _):
        with pytest.raises(InvalidData, match=r"leads us on to https://www\.shop\.example\.com, .* enter it instead") as caught:
            await http.read("GET", "x", operation="look")

    assert caught.value.field == "store_url"
    assert len(server.requests) == 1


@pytest.mark.parametrize(("typed", "field"), [({"address_field": "store_url"}, "store_url"), ({}, None)])
async def test_nothing_that_answers_is_said_beside_the_address_where_somebody_typed_one(typed, field):
    async with a_server(answering()) as server:
        pass
    async with http_to(server, **typed) as (http, _):
        with pytest.raises(Unavailable, match=r"could not be reached at 127\.0\.0\.1\.") as caught:
            await http.read("GET", "x", operation="look")

    assert caught.value.field == field
    assert ("Check the address" in caught.value.message) == bool(typed)


async def test_a_certificate_that_nobody_vouches_for_is_told_with_the_remedy_and_gets_no_credentials(tmp_path):
    authority = tmp_path / "authority.pem"
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    listener = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=server_context(authority))
    port = listener.sockets[0].getsockname()[1]
    door = Door(realm="sandbox", listeners=frozenset({("127.0.0.1", port)}))
    async with Transport(door) as transport:
        http = Http(
            f"https://127.0.0.1:{port}",
            platform="Teststore",
            transport=transport,
            record=lambda _: None,
            limiter=LocalLimiter(),
            signer=a_signer(),
            address_field="store_url",
        )
        with pytest.raises(Unavailable) as caught:
            await http.read("GET", "x", operation="look")
    listener.close()
    await listener.wait_closed()

    assert caught.value.field == "store_url"
    assert "cannot be traced to an authority" in caught.value.message
    assert "install it with its whole chain, then test again." in caught.value.message
    assert b"".join(heard) == b""


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("self-signed certificate", "was signed by the server itself"),
        ("certificate has expired", "has expired, so no credentials are sent there. Have the server's operator renew it"),
        ("Hostname mismatch, certificate is not valid for 'shop.example.com'.", "belongs to another name"),
        ("something new", "is not one that browsers trust"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said_with_what_to_do(said, words):
    error = SimpleNamespace(certificate_error=SimpleNamespace(verify_message=said))

    assert words in http_module._untrusted("shop.example.com", error)  # type: ignore[arg-type]  # only this is looked at


@pytest.mark.parametrize("address", ["http://shop.example.com", "https://user:secret@shop.example.com", "https://12345"])
async def test_an_address_that_is_none_is_refused_beside_its_field_before_anything_is_sent(address):
    async with Transport(Door()) as transport:
        with pytest.raises(InvalidData) as caught:
            Http(
                address,
                platform="Teststore",
                transport=transport,
                record=lambda _: None,
                limiter=LocalLimiter(),
                address_field="store_url",
            )

    assert caught.value.field == "store_url"


async def test_pacing_follows_what_the_platform_says():
    limiter = LocalLimiter()
    limiter.learn(available=0, maximum=1000, restore_per_second=20_000)
    before = asyncio.get_running_loop().time()

    await limiter.acquire(1000)

    assert asyncio.get_running_loop().time() - before >= 0.04


async def test_a_long_wait_is_given_back_instead_of_slept_through():
    limiter = LocalLimiter()
    limiter.learn(available=0, maximum=1000, restore_per_second=10)

    with pytest.raises(RateLimited) as caught:
        await limiter.acquire(1000)

    assert timedelta(seconds=99) < caught.value.retry_after < timedelta(seconds=101)


async def test_a_429_closes_the_way_for_everybody():
    limiter = LocalLimiter()
    async with a_server(answering(429, b"", "retry-after: 30")) as server, http_to(server, limiter=limiter) as (http, _):
        for _ in range(2):
            with pytest.raises(RateLimited):
                await http.read("GET", "x", operation="look")

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("2", 2), ("0", 0), ("2.0", 2), ("-5", 0), ("999999", 3600), ("nan", None), ("soon", None)]
)
def test_retry_after_is_read_in_every_spelling(text, seconds):
    assert retry_after({"retry-after": text}) == (None if seconds is None else timedelta(seconds=seconds))


async def test_a_platform_that_states_the_wait_in_its_own_header_is_understood():
    def asked(headers):
        return timedelta(milliseconds=float(headers["x-reset-ms"]))

    async with (
        a_server(answering(429, b"{}", "x-reset-ms: 2500")) as server,
        http_to(server, pause_asked=asked) as (http, _),
    ):
        with pytest.raises(RateLimited) as caught:
            await http.read("GET", "x", operation="look")

    assert caught.value.retry_after == timedelta(seconds=2.5)


async def test_a_further_address_of_the_platform_is_asked_where_it_is_declared():
    async with a_server(answering()) as server, a_server(answering(200, b"[]")) as other:
        door = Door(realm="sandbox", listeners=frozenset({("127.0.0.1", server.port), ("127.0.0.1", other.port)}))
        address = f"http://127.0.0.1:{other.port}"
        async with Transport(door) as transport:
            means = {"platform": "X", "transport": transport, "record": lambda _: None, "limiter": LocalLimiter()}
            declared = Http(f"http://127.0.0.1:{server.port}/api", **means, origins=(address,))
            answer = await declared.read("GET", f"{address}/token", operation="sign in")
            with pytest.raises(InvalidData, match="another address"):
                await Http(f"http://127.0.0.1:{server.port}", **means).read("GET", f"{address}/token", operation="sign in")

    assert answer.body == b"[]"
