"""The one way out: every socket a connector opens is made here, after the address was looked at.

The check runs on the address that is about to be connected to, at each connect, so a name that changes its answer gains nothing.
Live connections reach the public internet, and what the operator opened; sandbox connections reach only the loopback listeners that
configuration names.
"""

import asyncio
import contextlib
import ipaddress
import re
import socket as net
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from yarl import URL

from crossdock.connectors.kit.bounds import CONNECT_TIME
from crossdock.connectors.kit.errors import InvalidData, Unavailable

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        # `is_global` of Python 3.11 lets these pass: protocol assignments, a cloud's metadata host, and IPv4 inside IPv6.
        "192.0.0.0/24",
        "168.63.129.16/32",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "::/96",
        "fec0::/10",
    )
)
"""Networks refused besides all that is not global."""

NEVER_OPENED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "::1/128",
        "0.0.0.0/8",
        "::/128",
        "169.254.0.0/16",
        "fe80::/10",
        "168.63.129.16/32",
        "fd00:ec2::/32",
    )
)
"""Loopback, link-local and metadata: not even the operator's list opens them to live connections."""

_HOST = re.compile(r"\A(?=.{1,253}\Z)[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_NUMERIC_LABEL = re.compile(r"\A(0x[0-9a-f]*|[0-9]+)\Z")

_STANDARD_PORTS = {"https": (443,), "sftp": (22,), "ftps": (21, 990), "smtp": (25, 465, 587)}


class Refused(OSError):
    """The door stays shut for this address. The text is for logs; people are told it could not be reached."""


class Opened(Struct, frozen=True):
    """A network the operator opened to live connections; `port` None means any allowed port."""

    network: Network
    port: int | None = None


def _unwrapped(address: IP) -> IP:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


class Door:
    """Decides about addresses and makes sockets, for one realm.

    `listeners` are the (host, port) pairs that sandbox connections may reach. `own_hosts` are our public names: a connection to
    ourselves would let a tenant speak with the hub's own address.
    """

    def __init__(
        self,
        *,
        realm: str = "live",
        opened: tuple[Opened, ...] = (),
        listeners: frozenset[tuple[str, int]] = frozenset(),
        own_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self.realm = realm
        self._opened = opened
        self._listeners = listeners
        self._own_hosts = own_hosts

    def check_url(self, url: URL) -> None:
        """Look at scheme, name and port. Raises InvalidData with a sentence for whoever typed the address."""
        if url.user is not None or url.password is not None:
            raise InvalidData("The address holds a user name or password. Leave them out.")
        schemes = ("https", "http") if self.realm == "sandbox" else ("https",)
        if url.scheme not in schemes:
            raise InvalidData(
                f"The address {url.human_repr()[:200]} does not begin with https://. Credentials are sent encrypted only: enter the "
                "address with https."
            )
        self.check_host(url.raw_host or "", url.port or 0, "https")

    def check_host(self, host: str, port: int, scheme: str) -> None:
        """Look at a name and a port before anything is resolved. Raises InvalidData.

        `scheme` is https, sftp, ftps or smtp: each has its own standard ports; above 1,023 all are allowed.
        """
        if self.realm == "sandbox":
            if (host, port) not in self._listeners:
                raise InvalidData(f"{host}:{port} is no sandbox of this installation.")
            return
        if not (1024 <= port <= 65535 or port in _STANDARD_PORTS[scheme]):
            usual = ", ".join(str(one) for one in _STANDARD_PORTS[scheme])
            raise InvalidData(
                f"Port {port} is not one that {scheme.upper()} services use: those are {usual}, and any from 1024 up."
            )
        if _as_ip(host) is not None:
            return  # looked at when the socket is made
        name = host.casefold()
        if not _HOST.match(name) or _NUMERIC_LABEL.match(name.rsplit(".", 1)[-1]):
            raise InvalidData(f"{host[:100]!r} is not the name of a server.")
        if name in self._own_hosts:
            raise InvalidData("This is the address of Crossdock itself.")

    def check_address(self, address: str, port: int) -> None:
        """Look at a numeric address that is about to be connected to. Raises Refused."""
        ip = _as_ip(address.partition("%")[0])
        if ip is None:
            raise Refused(f"{address!r} is not an address")
        ip = _unwrapped(ip)
        if self.realm == "sandbox":
            if not ip.is_loopback or port not in {number for _, number in self._listeners}:
                raise Refused(f"{ip} port {port} is no sandbox listener")
            return
        if any(ip in network for network in NEVER_OPENED if network.version == ip.version):
            raise Refused(f"{ip} is loopback, link-local or a metadata service")
        for opened in self._opened:
            if opened.network.version == ip.version and ip in opened.network and opened.port in (None, port):
                return
        refused = any(ip in network for network in REFUSED if network.version == ip.version)
        if refused or ip.is_multicast or not ip.is_global:
            raise Refused(f"{ip} is not on the public internet")

    def socket(self, info: tuple[Any, ...]) -> net.socket:
        """Make a socket for an entry of getaddrinfo, as aiohttp's `socket_factory`. Raises Refused."""
        family, kind, proto, _, target = info
        self.check_address(target[0], target[1])
        return net.socket(family=family, type=kind, proto=proto)

    async def connect(self, host: str, port: int, *, scheme: str) -> net.socket:
        """A connected non-blocking socket for protocols that bring their own client (SFTP, FTPS, SMTP).

        Tries the resolved addresses in turn. Raises InvalidData for a bad name or port, Unavailable for all else, in one wording for
        refused and unreachable so that nobody can map our network through the door.
        """
        self.check_host(host, port, scheme)
        loop = asyncio.get_running_loop()
        unreachable = Unavailable(f"{host} could not be reached. Check the name and the port, and whether the server is up.")
        try:
            async with asyncio.timeout(CONNECT_TIME.total_seconds()):
                infos = await loop.getaddrinfo(host, port, type=net.SOCK_STREAM)
                for info in infos:
                    with contextlib.suppress(OSError):
                        sock = self.socket(info)
                        try:
                            sock.setblocking(False)
                            await loop.sock_connect(sock, info[4])
                        except BaseException:
                            sock.close()
                            raise
                        return sock
        except (TimeoutError, OSError, UnicodeError) as error:
            raise unreachable from error
        raise unreachable


def _as_ip(text: str) -> IP | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def opened_networks(text: str) -> tuple[Opened, ...]:
    """Read `CROSSDOCK_ALLOW_NETWORKS`: `10.20.0.0/16:443, [fd12::/16]:22, 192.168.7.0/24`. Raises ValueError naming the part."""
    opened = []
    for part in re.split(r"[,\s]+", text.strip()):
        if not part:
            continue
        found = re.fullmatch(r"\[?([0-9a-fA-F:.]+/\d+)\]?(?::(\d+))?", part)
        if found is None:
            raise ValueError(f"{part!r} is not a network like 10.20.0.0/16:443")
        try:
            network = ipaddress.ip_network(found[1])
        except ValueError as error:
            raise ValueError(f"{part!r} is not a network: {error}") from error
        if any(network.version == never.version and network.overlaps(never) for never in NEVER_OPENED):
            raise ValueError(f"{part!r} covers loopback, link-local or metadata addresses, which are never opened")
        opened.append(Opened(network, int(found[2]) if found[2] else None))
    return tuple(opened)


def door_for(realm: str, environ: Mapping[str, str]) -> Door:
    """The door of a realm as the environment configures it: `CROSSDOCK_ALLOW_NETWORKS`, `CROSSDOCK_PUBLIC_URL` and the listeners
    that `CROSSDOCK_BASE_URL__*` name.
    """
    if realm == "live":
        own = URL(environ.get("CROSSDOCK_PUBLIC_URL", "")).host
        return Door(
            opened=opened_networks(environ.get("CROSSDOCK_ALLOW_NETWORKS", "")),
            own_hosts=frozenset({own.casefold()} if own else ()),
        )
    return Door(realm="sandbox", listeners=sandbox_listeners(environ))


def sandbox_listeners(environ: Mapping[str, str]) -> frozenset[tuple[str, int]]:
    """Hosts and ports named by `CROSSDOCK_BASE_URL__*`. Raises ValueError for one that is not on loopback."""
    listeners = set()
    for name, value in environ.items():
        if not name.startswith("CROSSDOCK_BASE_URL__") or not value:
            continue
        found = re.match(r"\A[a-z]+://(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?", value)
        if found is None:
            raise ValueError(f"{name} is not an address: {value!r}")
        host = found[1].strip("[]")
        ip = _as_ip(host)
        if not (host == "localhost" or (ip is not None and ip.is_loopback)):
            raise ValueError(f"{name} points at {host}, but a sandbox listens on loopback only: use 127.0.0.1")
        scheme = value.partition(":")[0]
        listeners.add((host, int(found[2]) if found[2] else {"http": 80, "https": 443, "sftp": 22}.get(scheme, 0)))
    return frozenset(listeners)
