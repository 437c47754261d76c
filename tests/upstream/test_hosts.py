from __future__ import annotations

import socket
import time

import pytest

from apps.upstream.hosts import HostRefused, Target, check_url, is_public, resolve

SANDBOX = frozenset({"http://127.0.0.1:8001"})


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "not an address",
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "142.250.1.1", "2a00:1450:4001::1", "2606:4700::1111"])
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://storage.example/a.m4a", "only https"),
        ("http://127.0.0.1:8002/", "only https"),
        ("ftp://storage.example/a", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("https:///path", "not a web address"),
        ("storage.example/a", "not a web address"),
        ("https://me:pw@storage.example/", "name or password"),
        ("https://good.example@evil.example/", "name or password"),
        ("https://good.example\\@evil.example/", "backslashes"),
        ("https://storage.example /", "spaces"),
        ("https://storage.example/\r\nX: y", "spaces"),
        ("https://storage.example:0/", "port"),
        ("https://storage.example:99999/", "web address"),
        ("https://[::1/", "web address"),
    ],
)
def test_refused_urls(url: str, why: str) -> None:
    with pytest.raises(HostRefused, match=why):
        check_url(url, SANDBOX)


def test_allowed_urls() -> None:
    assert check_url("HTTPS://Storage.Example/a?b") == Target("https", "storage.example", 443, trusted=False)
    assert check_url("http://127.0.0.1:8001/v1", SANDBOX).trusted
    assert check_url("https://storage.example:8443/").origin == "https://storage.example:8443"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_private_names_are_refused_whatever_their_spelling(host: str) -> None:
    with pytest.raises((HostRefused, OSError)):
        resolve(check_url(f"https://{host}/"), timeout=5)
    with pytest.raises(HostRefused):
        resolve(check_url("https://127.0.0.1/"), timeout=5)


def test_one_private_address_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: answers)
    with pytest.raises(HostRefused, match="not a public"):
        resolve(check_url("https://mixed.example/"), timeout=5)


def test_a_resolver_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: time.sleep(1) or [])
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        resolve(check_url("https://slow.example/"), timeout=0.1)
    assert time.monotonic() - started < 0.8


def test_an_unknown_name() -> None:
    with pytest.raises(OSError, match="name"):
        resolve(check_url("https://nowhere.invalid/"), timeout=5)
