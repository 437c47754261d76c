"""The host guard: which addresses flowweb may open a connection to.

Links to audio and covers come from a remote side, so they must not lead into the network that flowweb runs
in. Only https to public addresses is called, except for origins that the operator's own settings name (a
sandbox on loopback). The address that was checked is the one that is connected to: a name that resolves
differently a moment later gains nothing.
"""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_PORTS = {"http": 80, "https": 443}

# What `is_global` of some Python versions lets through, and public-looking addresses with a private meaning.
_NOT_PUBLIC_V4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "168.63.129.16/32",  # Azure's platform service
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "240.0.0.0/4",
    )
)
# Of IPv6 only global unicast is public, less what wraps an IPv4 address or is set aside.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(net)
    for net in (
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)


class HostRefused(Exception):
    """The guard's refusal; its text says why, without the query of the address."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads. `trusted`: the operator named this origin, so its address is not judged."""

    scheme: str
    host: str
    port: int
    trusted: bool

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Address:
    """One resolved and permitted address, as `socket.connect` wants it."""

    family: int
    sockaddr: Any


def check_url(url: str, allowed_origins: frozenset[str] = frozenset()) -> Target:
    """The target of `url`.

    Raises HostRefused for other schemes, plain http, userinfo and malformed addresses.
    """
    scheme, host, port = _split(url)
    trusted = any(_split(origin) == (scheme, host, port) for origin in allowed_origins)
    if scheme == "http" and not trusted:
        raise HostRefused("only https is called")
    return Target(scheme=scheme, host=host, port=port, trusted=trusted)


def _split(url: str) -> tuple[str, str, int]:
    """Read by the parser that the request uses too: two parsers that disagree are a way around a guard."""
    if _FORBIDDEN.search(url):
        raise HostRefused("the address has spaces or backslashes in it")
    try:
        parts = parse_url(url)
    except (LocationParseError, ValueError):
        parts = None
    if parts is None or parts.scheme not in _PORTS or not parts.host:
        raise HostRefused("this is not a web address")
    if parts.auth is not None:
        raise HostRefused("the address has a name or password in it")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    if not 0 < port < 65536:
        raise HostRefused("the port is not one")
    return parts.scheme, parts.host.lower(), port


def resolve(target: Target, *, timeout: float) -> list[Address]:
    """The addresses of `target`, all of them permitted.

    Raises HostRefused if even one is not public (a name that mixes them is not to be trusted), OSError if
    the name has no address, TimeoutError after `timeout` seconds: the system's own resolver would block for
    as long as it likes.
    """
    found: list[Address] = []
    for family, _type, _proto, _name, sockaddr in _look_up(target.host.strip("[]"), target.port, timeout):
        if not target.trusted and not is_public(str(sockaddr[0])):
            raise HostRefused("the address is not a public one")
        found.append(Address(family=int(family), sockaddr=sockaddr))
    if not found:
        raise OSError("the name has no address")
    return found


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return _is_public_v4(address) if isinstance(address, IPv4Address) else _is_public_v6(address)


def _is_public_v4(address: IPv4Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_link_local:
        return False
    return not any(address in net for net in _NOT_PUBLIC_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    return address in _GLOBAL_UNICAST and not any(address in net for net in _NOT_PUBLIC_V6)


def _look_up(host: str, port: int, timeout: float) -> list[Any]:
    """getaddrinfo in a thread of its own, because it takes no timeout."""
    found: list[Any] = []
    failure: list[OSError] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as exc:
            failure.append(exc if isinstance(exc, OSError) else OSError("the name is malformed"))

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(timeout)
    if asking.is_alive():
        raise TimeoutError("the name was not found in time")
    if failure:
        raise socket.gaierror("the name was not found")
    return found
