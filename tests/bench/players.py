"""How fast pages come while as many slow players as the site has threads hold an answer that they haven't read."""

import http.client
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.bench.house import House, until
from tests.bench.visitor import Visitor, median_ms

PLAYERS = 8  # threads in flowweb/gunicorn.py
TIMES = 60
PAGES = {"the library": "/library/", "the panel, whole": "/jobs/panel/?v=0"}

Line = tuple[str, str, str]


def lines(home: House, visitor: Visitor) -> list[Line]:
    alone = {name: median_ms(lambda path=path: visitor.get(path), TIMES) for name, path in PAGES.items()}
    with _playing(visitor, _wav(home)):
        heard = {name: median_ms(lambda path=path: visitor.get(path), TIMES) for name, path in PAGES.items()}
    return [
        (
            f"{name} beside {PLAYERS} slow players, median",
            f"{heard[name]:.1f} ms",
            f"{heard[name] / alone[name]:.1f} × alone",
        )
        for name in PAGES
    ]


def _wav(home: House) -> str:
    """The address of one: the largest of the formats."""
    home.hurry_wavs()
    stored = "SELECT clip_id FROM library_clipfile WHERE kind = 'wav' AND state = 'stored' LIMIT 1"
    assert until(lambda: home.execute(stored), within=60), "no WAV is stored"
    return f"/library/clips/{uuid.UUID(str(home.execute(stored)[0][0]))}/audio.wav"


@contextmanager
def _playing(visitor: Visitor, address: str) -> Iterator[None]:
    """As Chromium plays: an open range, of which only the start is read for now."""
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    with ExitStack() as open_now:
        for _ in range(PLAYERS):
            connection = http.client.HTTPConnection("127.0.0.1", visitor.port, timeout=30)
            open_now.callback(connection.close)
            connection.request("GET", address, headers={"Cookie": cookies, "Range": "bytes=0-"})
            answer = connection.getresponse()
            open_now.callback(answer.close)
            assert answer.status == 206
            answer.read(64 * 1024)
        yield
