"""What every simulator does whatever the platform: it logs, it can be harmed, its levers are guarded, it speaks TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from crossdock.connectors.kit.simulator import Simulator
from crossdock.connectors.kit.simulator.control import TOKEN_HEADER


class Bell(Simulator):
    """A platform that counts its rings."""

    key = "bell"
    name = "Bell"

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.rings = 0

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.get("/rings", self.count), web.post("/ring", self.ring)]

    async def count(self, request: web.Request) -> web.Response:
        return web.json_response({"rings": self.rings, "padding": "x" * 100})

    async def ring(self, request: web.Request) -> web.Response:
        self.rings += 1
        self.is_changed = True
        return web.json_response({"rings": self.rings})

    def dump(self) -> bytes:
        return str(self.rings).encode()

    def restore(self, content: bytes) -> None:
        self.rings = int(content)


@pytest.fixture
async def bell() -> AsyncIterator[Bell]:
    simulator = Bell()
    await simulator.start(tls_port=0)
    yield simulator
    await simulator.stop()


@pytest.fixture
async def web_client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_the_log_tells_reads_from_writes(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    await web_client.get(f"{bell.url}/rings")
    await web_client.post(f"{bell.url}/ring")

    assert [(entry.method, entry.path, entry.status) for entry in bell.log] == [("GET", "/rings", 200), ("POST", "/ring", 200)]
    assert [entry.path for entry in bell.writes()] == ["/ring"]


async def test_a_line_cut_after_the_write_has_written(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    bell.hang_up_after_write()

    with pytest.raises(aiohttp.ClientError):
        await web_client.post(f"{bell.url}/ring")

    assert bell.rings == 1
    assert bell.log[0].status is None
    assert bell.troubles.done["cut_after"] == 1


async def test_a_line_cut_before_the_write_has_not_written(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    bell.hang_up_before_write()

    with pytest.raises(aiohttp.ClientError):
        await web_client.post(f"{bell.url}/ring")

    assert bell.rings == 0


async def test_reads_pass_while_a_cut_waits_for_a_write(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    bell.hang_up_after_write()

    answer = await web_client.get(f"{bell.url}/rings")

    assert answer.status == 200


async def test_an_error_status_comes_as_often_as_asked_and_may_come_after_the_work(
    bell: Bell, web_client: aiohttp.ClientSession
) -> None:
    bell.fail_next(status=429, retry_after=2)
    bell.fail_next(status=503, after_write=True)

    statuses = [(await web_client.post(f"{bell.url}/ring")).status for _ in range(3)]

    assert statuses == [429, 503, 200]
    assert bell.rings == 2


async def test_a_truncated_answer_ends_before_its_promised_length(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    bell.truncate_next()

    answer = await web_client.get(f"{bell.url}/rings")

    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()


@pytest.mark.parametrize("kind", ["deep_json", "huge_number", "nul", "html", "redirect", "not_json"])
async def test_malice_is_answered_instead_of_the_truth(bell: Bell, web_client: aiohttp.ClientSession, kind: str) -> None:
    bell.hostile(kind)

    answer = await web_client.get(f"{bell.url}/rings", allow_redirects=False)

    assert b"rings" not in await answer.read()


async def test_chance_repeats_with_its_seed() -> None:
    runs = []
    for _ in range(2):
        bell = Bell()
        bell.faults(0.5, seed=7)
        runs.append([fault.name if (fault := bell.troubles.next("ring", True)) else None for _ in range(40)])

    assert runs[0] == runs[1]
    assert any(runs[0])
    assert None in runs[0]


async def test_levers_want_the_token_and_a_local_host_name(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    lever = f"{bell.url}/_sandbox/bell/fail_next"
    token = {TOKEN_HEADER: bell.token}

    without = await web_client.post(lever, json={})
    foreign = await web_client.post(lever, json={}, headers={**token, "Host": "shop.example.com"})
    allowed = await web_client.post(lever, json={"n": 2, "status": 500}, headers=token)

    assert [without.status, foreign.status, allowed.status] == [403, 421, 200]
    assert [(fault.left, fault.status) for fault in bell.troubles.waiting] == [(2, 500)]


async def test_a_lever_says_what_does_not_fit(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    token = {TOKEN_HEADER: bell.token}

    wrong_name = await web_client.post(f"{bell.url}/_sandbox/bell/delay", json={"second": 1}, headers=token)
    no_lever = await web_client.post(f"{bell.url}/_sandbox/bell/sing", json={}, headers=token)

    assert wrong_name.status == 400
    assert "second" in (await wrong_name.json())["error"]
    assert no_lever.status == 404


async def test_the_log_can_be_read_from_outside(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    await web_client.post(f"{bell.url}/ring")
    await web_client.get(f"{bell.url}/rings")

    answer = await web_client.get(f"{bell.url}/_sandbox/bell/log?writes=1", headers={TOKEN_HEADER: bell.token})

    assert [entry["path"] for entry in (await answer.json())["log"]] == ["/ring"]


async def test_the_tls_listener_is_trusted_through_its_own_authority_only(bell: Bell, web_client: aiohttp.ClientSession) -> None:
    trusting = await asyncio.to_thread(ssl.create_default_context, cafile=str(bell.ca_file))

    answer = await web_client.get(f"{bell.tls_url}/rings", ssl=trusting)
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await web_client.get(f"{bell.tls_url}/rings")

    assert answer.status == 200


async def test_a_restart_keeps_the_state_where_a_file_was_given(tmp_path: Path, web_client: aiohttp.ClientSession) -> None:
    file = tmp_path / "bell.state"
    first = Bell(state_file=file)
    await first.start()
    await web_client.post(f"{first.url}/ring")
    await first.stop()

    second = Bell(state_file=file)
    await second.start()
    await second.stop()

    assert second.rings == 1
    assert file.stat().st_mode & 0o077 == 0


class Clock(Bell):
    """A bell that rings by itself."""

    ticks = 0.001

    def __init__(self) -> None:
        super().__init__()
        self.rang = asyncio.Event()

    async def tick(self) -> None:
        self.rings += 1
        self.rang.set()


async def test_what_is_due_is_done_while_the_platform_runs_and_not_after() -> None:
    clock = Clock()
    await clock.start()
    await asyncio.wait_for(clock.rang.wait(), 30)

    await clock.stop()
    at_the_end = clock.rings
    await asyncio.sleep(0.01)

    assert clock.rings == at_the_end >= 1
