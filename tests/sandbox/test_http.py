"""Requests that are not what they should be, and the methods around GET and POST."""

import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.sandbox.client import API, TOKEN, Client

JSON = "application/json"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [(JSON, b"{"), (JSON, b""), (JSON, b"[]"), (JSON, b'"x"'), (JSON, b"\xff"), (JSON, b'{"prompt": "\\ud800"}'),
     (JSON, b"[" * 100_000), ("text/plain", b"{}"), ("multipart/form-data; boundary=b", b"nothing"),
     ("multipart/form-data", b"--b"), ("", b"{}")],
)  # fmt: skip
def test_bodies_that_cannot_be_read_are_400(client: Client, content_type: str, body: bytes) -> None:
    answer = client.call("POST", f"{API}/music", body, Content_Type=content_type)
    assert (answer.status, answer.json["code"]) == (400, 400)


def test_a_body_that_is_too_long_is_413(client: Client) -> None:
    answer = client.call("POST", f"{API}/music", b" " * (1024 * 1024 + 1), Content_Type=JSON)
    assert (answer.status, answer.json["code"]) == (413, 413)
    assert answer.headers["Connection"] == "close"


def test_a_body_of_unknown_length_is_411(client: Client) -> None:
    answer = client.call("POST", f"{API}/music", b"2\r\n{}\r\n0\r\n\r\n", Transfer_Encoding="chunked")
    assert answer.status == 411


def test_the_token_is_asked_for_before_anything_else(client: Client) -> None:
    client.token = "user:1000-wrong"
    assert client.call("POST", f"{API}/music", b"{", Content_Type=JSON).status == 401


@pytest.mark.parametrize(
    "path", ["/nothing", f"{API}/", f"{API}/songs", f"{API}/jobs/a/b", "//x", "/v1/flowmusic"]
)
def test_unknown_routes_are_404_as_json(client: Client, path: str) -> None:
    answer = client.call("GET", path)
    assert (answer.status, answer.json["code"]) == (404, 404)


def test_a_method_that_a_route_has_not_is_405(client: Client) -> None:
    answer = client.call("PUT", f"{API}/music", b"{}")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


def test_options_tell_the_methods(client: Client) -> None:
    answer = client.call("OPTIONS", f"{API}/jobs/x")
    assert (answer.status, answer.headers["Allow"]) == (204, "DELETE, GET, HEAD, OPTIONS")


def test_head_is_get_without_the_body(client: Client) -> None:
    got = client.get("/accounts")
    head = client.call("HEAD", f"{API}/accounts")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_a_connection_serves_many_requests(client: Client) -> None:
    connection = http.client.HTTPConnection(urlsplit(client.url).netloc, timeout=5)
    for method, path, status in (
        ("GET", f"{API}/jobs", 200), ("POST", "/nothing", 404), ("PUT", f"{API}/jobs", 405), ("GET", f"{API}/jobs", 200)
    ):  # fmt: skip
        connection.request(
            method, path, b"{}" if method != "GET" else None, {"Authorization": f"Bearer {TOKEN}"}
        )
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, True)
    connection.close()


def test_a_client_that_leaves_in_the_middle_of_a_body_is_not_charged(client: Client) -> None:
    address = urlsplit(client.url)
    body = json.dumps({"prompt": "x", "mode": "async"}).encode()
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as connection:
        connection.sendall(
            f"POST {API}/music HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: {JSON}\r\nContent-Length: {len(body) + 10}\r\n\r\n".encode()
            + body
        )
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert client.credits() == 500


def test_a_strange_host_does_not_get_into_the_links(client: Client) -> None:
    answer = client.call(
        "POST", f"{API}/music", b'{"prompt": "x", "mode": "async"}', Content_Type=JSON, Host="evil/path?"
    )
    assert answer.status == 201
    record = client.finish(answer.json["jobid"])
    assert record["clips"][0]["audio_url"].startswith(client.url)
