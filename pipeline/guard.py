"""The one place that says which addresses on the network may be opened.

Only live protocols, and only public addresses unless a setting allows the network. A name is resolved once, every
address of it is checked, and whoever connects uses the checked address: a name that answers otherwise the next time
changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias, TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pipeline.errors import RefusedError, StreamError

Network: TypeAlias = IPv4Network | IPv6Network
_Address: TypeAlias = IPv4Address | IPv6Address
_Answer = TypeVar("_Answer")

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935}  # schemes, and their usual ports
_LONGEST = 4096  # characters; YouTube's are about 1,500
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be opened, and the addresses to connect to."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]

    def reach(self, connect: Callable[[str], _Answer], unreachable: type[Exception]) -> _Answer:
        """What comes of connecting to the first address at which somebody answers.

        Raises:
            unreachable: nobody does, at the last one.
        """
        *others, last = self.addresses
        for address in others:
            with suppress(unreachable):
                return connect(address)
        return connect(last)


def check(url: str, allowed: Sequence[Network] = ()) -> Target:
    """Resolve a URL and make sure that it leads where it may.

    Args:
        url: what somebody typed, or what a server, a redirect or a playlist named.
        allowed: networks that may be reached although they are not public.

    Raises:
        RefusedError: it may not be opened.
        StreamError: its name cannot be resolved just now.
    """
    parts = _split(url)
    host, port = parts.hostname, _port(parts)
    if not host:
        raise RefusedError("the address names no server")
    addresses = _resolve(host, port)
    for address in addresses:
        if not _may_reach(ip_address(address), allowed):
            raise RefusedError(
                f"{host} is in a private network: name the network in HELMET_WATCH_PRIVATE_NETWORKS to allow it"
            )
    return Target(url, parts.scheme.lower(), host, port, tuple(addresses))


def masked(url: str) -> str:
    """A URL as people may see it: without user name, password and other keys, which some have in the path."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        place = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "…"
    secret = "…@" if parts.username or parts.password else ""
    hidden = "/…" if parts.path.strip("/") or parts.query else parts.path
    return urlunsplit((parts.scheme, f"{secret}{place}{port}", hidden, "", ""))


def _split(url: str) -> SplitResult:
    if len(url) > _LONGEST or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise RefusedError("the address is too long or has spaces in it")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise RefusedError("this is no address") from error
    if parts.scheme.lower() not in PORTS:
        raise RefusedError(f"only {', '.join(PORTS)} can be opened")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or PORTS[parts.scheme.lower()]
    except ValueError as error:
        raise RefusedError("this is no address") from error


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise StreamError(f"{host} cannot be found") from error
    return [str(place[0]) for *_, place in found]


def _may_reach(address: _Address, allowed: Sequence[Network]) -> bool:
    inner = _inner(address)
    if inner is not None:
        return _may_reach(inner, allowed)
    if any(address in network for network in allowed):
        return True
    local = isinstance(address, IPv6Address) and address.is_site_local  # which Python calls global
    return address.is_global and not local and not address.is_multicast and not address.is_reserved


def _inner(address: _Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address of a transition mechanism leads to."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
