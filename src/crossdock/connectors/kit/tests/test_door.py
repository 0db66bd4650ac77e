"""What the door lets through, tried on real sockets."""

import asyncio
import ipaddress
import socket

import pytest
from yarl import URL

from crossdock.connectors.kit.door import Door, Opened, Refused, door_for, opened_networks, sandbox_listeners
from crossdock.connectors.kit.errors import InvalidData, Unavailable
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.limits import LocalLimiter
from crossdock.connectors.kit.transport import Trace, Transport

# fmt: off
REFUSED = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254",  # noqa: S104
    "192.168.0.1", "192.168.255.254", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.254", "192.0.0.1",
    "192.0.0.170", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.19.255.254", "198.51.100.7", "203.0.113.7",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::7f00:1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::", "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%lo", "fec0::1", "ff02::1", "100::1", "::10.1.2.3",
]
# fmt: on

PUBLIC = ["93.184.216.34", "1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:93.184.216.34"]


@pytest.mark.parametrize("address", REFUSED)
def test_a_live_connection_does_not_reach_networks_that_are_not_public(address):
    with pytest.raises(Refused):
        Door().check_address(address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_live_connection_reaches_the_public_internet(address):
    Door().check_address(address, 443)


@pytest.mark.parametrize(
    "address",
    [
        "http://store.example.com",
        "ftp://store.example.com",
        "https://store.example.com:22",
        "https://store.example.com:25",
        "https://store.example.com.",
        "https://0x7f000001",
        "https://2130706433",
        "https://store.example.0x1",
        "https://127.1",
        "https://user:word@store.example.com",
        "https://-store.example.com",
        "https://hub.example.com",
    ],
)
def test_an_address_is_refused_before_anything_is_resolved(address):
    door = Door(own_hosts=frozenset({"hub.example.com"}))

    with pytest.raises(InvalidData):
        door.check_url(URL(address))


def test_a_port_that_is_refused_says_which_are_not():
    with pytest.raises(InvalidData, match=r"^Port 9 .*: those are 443, and any from 1024 up\.$"):
        Door().check_url(URL("https://store.example.com:9"))


@pytest.mark.parametrize("address", ["https://store.example.com/x", "https://store.example.com:8443", "https://bücher.example"])
def test_an_ordinary_address_passes(address):
    Door().check_url(URL(address))


def test_a_network_the_operator_opened_is_reached_on_its_port_alone():
    door = Door(opened=opened_networks("10.20.0.0/16:443, [fd12:3456::/32]:22 192.168.7.0/24"))

    door.check_address("10.20.3.4", 443)
    door.check_address("::ffff:10.20.3.4", 443)
    door.check_address("fd12:3456::9", 22)
    door.check_address("192.168.7.1", 8443)
    for address, port in (("10.20.3.4", 8443), ("10.21.0.1", 443), ("fd12:3456::9", 443), ("192.168.8.1", 443)):
        with pytest.raises(Refused):
            door.check_address(address, port)


@pytest.mark.parametrize(
    "text", ["127.0.0.0/8", "0.0.0.0/0", "169.254.169.254/32:80", "::/0", "fe80::/10", "10.0.0.1/8", "intranet"]
)
def test_an_operator_cannot_open_loopback_link_local_or_nonsense(text):
    with pytest.raises(ValueError, match=r"."):
        opened_networks(text)


def test_even_a_network_opened_in_code_does_not_uncover_loopback():
    door = Door(opened=(Opened(ipaddress.ip_network("0.0.0.0/0")),))

    with pytest.raises(Refused):
        door.check_address("127.0.0.1", 8443)


def test_a_sandbox_connection_reaches_only_the_listeners_that_configuration_names():
    door = door_for("sandbox", {"CROSSDOCK_BASE_URL__SHOPIFY": "http://127.0.0.1:9000/{shop}", "OTHER": "http://127.0.0.1:1"})

    door.check_url(URL("http://127.0.0.1:9000/demo"))
    door.check_address("127.0.0.1", 9000)
    for address in ("http://127.0.0.1:9001/", "https://store.example.com/", "http://localhost:9000/"):
        with pytest.raises(InvalidData):
            door.check_url(URL(address))
    for address, port in (("127.0.0.1", 5432), ("93.184.216.34", 9000)):
        with pytest.raises(Refused):
            door.check_address(address, port)


def test_a_sandbox_that_is_not_on_loopback_is_refused_at_once():
    with pytest.raises(ValueError, match="loopback"):
        sandbox_listeners({"CROSSDOCK_BASE_URL__SHOPIFY": "http://10.0.0.5:9000/"})


async def test_a_name_that_resolves_to_loopback_never_gets_a_connection():
    touched = []
    listener = await asyncio.start_server(lambda *_: touched.append(1), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]

    async with Transport(Door()) as transport:
        session = await transport.session()
        # The URL check is passed by on purpose: this is the second wall, which looks at the address at each connect.
        for host in ("localhost", "127.0.0.1", "[::ffff:127.0.0.1]"):
            with pytest.raises(OSError, match="Cannot connect"):
                await session.get(f"http://{host}:{port}/", trace_request_ctx=Trace())

    listener.close()
    await listener.wait_closed()
    assert touched == []


async def test_a_public_name_that_turns_to_loopback_is_caught_at_the_connect(monkeypatch):
    touched = []
    listener = await asyncio.start_server(lambda *_: touched.append(1), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]

    async def rebound(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound)
    async with Transport(Door()) as transport:
        http = Http(
            f"https://store.example.com:{port}",
            platform="Teststore",
            transport=transport,
            record=lambda _: None,
            limiter=LocalLimiter(),
        )
        with pytest.raises(Unavailable, match="could not be reached"):
            await http.write("POST", "x", operation="change", json={})

    listener.close()
    await listener.wait_closed()
    assert touched == []


async def test_protocols_with_their_own_client_get_a_checked_and_connected_socket():
    listener = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    door = Door(realm="sandbox", listeners=frozenset({("127.0.0.1", port)}))

    sock = await door.connect("127.0.0.1", port, scheme="sftp")

    assert sock.getpeername() == ("127.0.0.1", port)
    sock.close()
    listener.close()
    await listener.wait_closed()


async def test_refused_by_us_and_unreachable_read_the_same():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        closed = sock.getsockname()[1]
    messages = []

    for door in (Door(realm="sandbox", listeners=frozenset({("localhost", closed)})), Door()):
        with pytest.raises(Unavailable) as caught:
            await door.connect("localhost", closed, scheme="sftp")
        messages.append(caught.value.message)

    assert messages[0] == messages[1]
