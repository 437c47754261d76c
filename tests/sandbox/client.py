"""A client of its own for the sandbox's tests: plain http.client, so that apps.upstream can't hide a mistake."""

import http.client
import io
import json
import time
import wave
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import numpy as np
from numpy.typing import NDArray

TOKEN = "user:1000-sandboxdemo"
STUDIO, NIGHT = "studio@sandbox.example", "night+bus@sandbox.example"
API = "/v1/flowmusic"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Calls one sandbox with one token; every call has a connection of its own."""

    def __init__(self, url: str, token: str | None = TOKEN) -> None:
        self.url, self.token = url, token

    def call(
        self, method: str, path: str, body: bytes | None = None, timeout: float = 30, **headers: str
    ) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token and path.startswith(API):
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **query: str | int) -> Reply:
        return self.call("GET", API + path + (f"?{urlencode(query)}" if query else ""))

    def post(self, path: str, form: object, *, timeout: float = 30) -> Reply:
        return self.call("POST", path, json.dumps(form).encode(), timeout, Content_Type="application/json")

    def music(self, prompt: str, *, timeout: float = 30, **form: object) -> Reply:
        """Async unless `mode` is given; None leaves it out."""
        body = {"prompt": prompt, "mode": "async"} | form
        return self.post(
            f"{API}/music",
            {name: value for name, value in body.items() if value is not None},
            timeout=timeout,
        )

    def job(self, jobid: str) -> Reply:
        return self.get(f"/jobs/{quote(jobid, safe='')}")

    def cancel(self, jobid: str) -> Reply:
        return self.call("DELETE", f"{API}/jobs/{quote(jobid, safe='')}")

    def control(self, name: str, **form: object) -> Reply:
        return self.post(f"/_sandbox/{name}", form)

    def finish(self, jobid: str) -> dict[str, Any]:
        """Lets a job's time be over, if it isn't already; its record."""
        assert self.control("finish", jobid=jobid).status in (204, 409)
        record: dict[str, Any] = self.job(jobid).json
        return record

    def song(self, prompt: str, **form: object) -> dict[str, Any]:
        """The completed record of a new song."""
        accepted = self.music(prompt, **form)
        assert accepted.status == 201, accepted.body
        return self.finish(accepted.json["jobid"])

    def edit(self, clip: str, operation: str, *, timeout: float = 30, **form: object) -> Reply:
        """Async unless `mode` is given."""
        body = {"operation": operation, "clip": clip, "mode": "async"} | form
        return self.post(f"{API}/music/edit", body, timeout=timeout)

    def edited(self, clip: str, operation: str, **form: object) -> dict[str, Any]:
        """The one clip of a new edit."""
        accepted = self.edit(clip, operation, **form)
        assert accepted.status == 201, accepted.body
        (result,) = self.finish(accepted.json["jobid"])["clips"]
        return dict(result)

    def upload(self, body: bytes, content_type: str, timeout: float = 30, **query: str) -> Reply:
        path = f"{API}/files" + (f"?{urlencode(query)}" if query else "")
        return self.call("POST", path, body, timeout, Content_Type=content_type)

    def fetched(self, url: str) -> Reply:
        """What a public link gives."""
        return Client(self.url, None).call("GET", url.removeprefix(self.url))

    def samples(self, clip: dict[str, Any]) -> NDArray[np.int64]:
        """A clip's WAV, shape (samples, 2)."""
        with wave.open(io.BytesIO(self.fetched(clip["wav_url"]).body)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(np.int64)

    def credits(self, email: str = STUDIO) -> int:
        return int(self.get(f"/accounts/{quote(email, safe='')}").json["credits_remaining"])


class Receiver:
    """Takes webhooks on a real socket; `received` are (time, record)."""

    def __init__(self) -> None:
        received: list[tuple[float, dict[str, Any]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((time.time(), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.received = received
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks/secret?x=1"

    def wait_for(self, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        end = time.monotonic() + seconds
        while len(self.received) < count and time.monotonic() < end:
            time.sleep(0.01)
        return [record for _, record in self.received]
