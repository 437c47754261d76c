"""A signed-in browser on a kept-alive connection, and several of them at once."""

import http.client
import re
import statistics
import time
import urllib.parse
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

AT_ONCE = 4
KEPT_ALIVE = 10.0  # less than gunicorn's own; after that a fresh connection


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Visitor:
    """Keeps cookies and one connection, as browsers do."""

    def __init__(self, port: int, cookies: Mapping[str, str] | None = None) -> None:
        self.port, self.cookies = port, dict(cookies or {})
        self.version = "0"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._used_at = 0.0

    def ask(self, method: str, path: str, form: Mapping[str, object] | None = None, **headers: str) -> Answer:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
        body = None
        if form is not None:
            body = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")})
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        if time.monotonic() - self._used_at > KEPT_ALIVE:
            self._connection.close()
        self._connection.request(method, path, body, sent)
        response = self._connection.getresponse()
        self._used_at = time.monotonic()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        for header in response.headers.get_all("Set-Cookie") or []:
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def sign_in(self, link: str) -> None:
        path = urllib.parse.urlsplit(link).path
        self.get(path)
        assert self.ask("POST", path, {}).status == 302, "the sign-in link works"
        self.get("/auth/password/set/")
        password = {"password1": "last ferry home", "password2": "last ferry home"}
        assert self.ask("POST", "/auth/password/set/", password).status == 302, "the first password is set"

    def submit(self, prompt: str) -> None:
        """The song form, with a nonce of its own as every fresh page has one."""
        form = {"prompt": prompt, "words": "instrumental", "count": 1, "nonce": uuid.uuid4()}
        answer = self.ask("POST", "/create/", form)
        assert answer.status == 302, answer.status
        assert answer.headers["Location"].startswith("/create/?sent="), answer.headers["Location"]

    def read_panel(self, *, whole: bool = False) -> int:
        """What a page asks every few seconds, with the version that it has: 200 or 204."""
        answer = self.get(f"/jobs/panel/?v={0 if whole else self.version}")
        if found := re.search(rb'data-version="([\w-]+)"', answer.body):
            self.version = found[1].decode()
        return answer.status


def median_ms(action: Callable[[], object], times: int) -> float:
    """Of one visitor who waits for each answer."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        took.append(time.perf_counter() - started)
    return statistics.median(took) * 1000


def per_second(visitor: Visitor, visit: Callable[[Visitor], bool], *, seconds: float) -> float:
    """Visits a second that counted, of several visitors at once."""
    ends = time.monotonic() + seconds

    def count(_: int) -> int:
        mine = Visitor(visitor.port, visitor.cookies)
        done = 0
        while time.monotonic() < ends:
            done += visit(mine)
        return done

    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        total = sum(pool.map(count, range(AT_ONCE)))
    return total / (time.monotonic() - started)
