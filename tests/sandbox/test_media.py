"""GET /music/download and the media links: formats, Range, who may have what."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlsplit

import av
import numpy as np
import pytest
from PIL import Image

from apps.sandbox.server import Sandbox
from tests.sandbox.client import API, Client

pytestmark = pytest.mark.long

Sound = tuple[float, Any]


@pytest.fixture
def song(client: Client) -> dict[str, Any]:
    return client.song("bright pop [short]")


def fetch(client: Client, url: str, **headers: str) -> Any:
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == client.url
    return client.call("GET", f"{parts.path}?{parts.query}", **headers)


def decode(data: bytes) -> Sound:
    """Seconds and both channels one after the other, between -1 and 1."""
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler(format="flt", layout="stereo", rate=44_100)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        samples = np.concatenate([frame.to_ndarray()[0].reshape(-1, 2) for frame in frames])
    return len(samples) / 44_100, samples.T.ravel()


def test_every_format_decodes_lasts_what_it_should_and_is_not_silent(
    client: Client, song: dict[str, Any]
) -> None:
    clip = song["clips"][0]
    answers = {
        "audio/mp4": fetch(client, clip["audio_url"]),
        "audio/wav": fetch(client, clip["wav_url"]),
        "audio/mpeg": client.get("/music/download", id=clip["clip"]),
    }
    for content_type, answer in answers.items():
        assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
        seconds, samples = decode(answer.body)
        assert seconds == pytest.approx(clip["duration_s"], abs=0.06)
        assert 0.08 < float(np.sqrt((samples**2).mean())) < 0.4
        assert float(np.abs(samples).max()) < 1.0
    mp3, m4a = answers["audio/mpeg"], answers["audio/mp4"].body
    assert mp3.headers["Content-Disposition"] == f'attachment; filename="{clip["clip"]}.mp3"'
    assert m4a.index(b"moov") < m4a.index(b"mdat"), "an m4a has to play before it is all there"
    with av.open(io.BytesIO(mp3.body)) as container:
        assert container.streams.audio[0].bit_rate == 192_000


def test_a_completed_jobid_stands_for_its_first_clip(client: Client, song: dict[str, Any]) -> None:
    by_job = client.get("/music/download", id=song["jobid"])
    assert by_job.status == 200
    assert by_job.body == client.get("/music/download", id=song["clips"][0]["clip"]).body


def test_download_refuses_what_the_page_refuses(
    client: Client, remote: Sandbox, song: dict[str, Any]
) -> None:
    clip = song["clips"][0]["clip"]
    assert client.get("/music/download").status == 400
    assert client.get("/music/download", id="x").json["error"] == "Parameter id not a valid clip ID or jobid"
    assert client.get("/music/download", id=clip, format="wav").status == 400
    assert (
        client.get("/music/download", id=clip.replace("clip:", "clip:" + "0" * 36)[: len(clip)]).status == 404
    )
    pending = client.music("x").json["jobid"]
    assert client.get("/music/download", id=pending).status == 409
    assert Client(remote.url, None).get("/music/download", id=clip).status == 401
    assert Client(remote.url, "user:2-sandboxdemo").get("/music/download", id=clip).status == 404
    client.control("accounts", email=song["email"], error="refresh token rejected")
    assert client.get("/music/download", id=clip).status == 596


def test_a_bare_plus_in_the_query_is_a_space(client: Client) -> None:
    clip = client.song("x [short]", email="night+bus@sandbox.example")["clips"][0]["clip"]
    bare = client.call("GET", f"{API}/music/download?id={clip}")
    encoded = client.call("GET", f"{API}/music/download?id={quote(clip, safe='')}")
    assert (bare.status, encoded.status) == (404, 200)


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [("bytes=0-99", 206, 0, 99), ("bytes=1000-", 206, 1000, -1), ("bytes=-10", 206, -10, -1),
     ("bytes=0-999999999", 206, 0, -1), ("bytes=999999999-", 416, 0, 0), ("bytes=-", 200, 0, -1),
     ("bytes=0-1,4-5", 200, 0, -1), ("chunks=0-1", 200, 0, -1)],
)  # fmt: skip
def test_media_take_ranges(
    client: Client, song: dict[str, Any], asked: str, status: int, first: int, last: int
) -> None:
    url = song["clips"][0]["image_url"]
    whole = fetch(client, url).body
    part = fetch(client, url, Range=asked)
    assert part.status == status
    first, last = first % len(whole), last % len(whole)
    if status == 416:
        assert part.headers["Content-Range"] == f"bytes */{len(whole)}"
        return
    assert part.body == whole[first : last + 1]
    if status == 206:
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"


def test_a_range_of_another_version_gets_the_whole_file(client: Client, song: dict[str, Any]) -> None:
    url = song["clips"][0]["image_url"]
    etag = fetch(client, url).headers["ETag"]
    assert fetch(client, url, Range="bytes=0-9", If_Range=etag).status == 206
    assert fetch(client, url, Range="bytes=0-9", If_Range='"old"').status == 200


def test_covers_are_square_jpegs_that_differ(client: Client, song: dict[str, Any]) -> None:
    covers = [fetch(client, clip["image_url"]) for clip in song["clips"]]
    assert covers[0].headers["Content-Type"] == "image/jpeg"
    images = [Image.open(io.BytesIO(cover.body)) for cover in covers]
    assert [(image.format, image.size) for image in images] == [("JPEG", (1024, 1024))] * 2
    one, two = (np.asarray(image.convert("L"), dtype=float) for image in images)
    assert min(one.std(), two.std()) > 8, "a cover is more than one colour"
    assert np.abs(one - two).mean() > 2


def test_audio_links_are_signed_and_die_when_ordered(client: Client, song: dict[str, Any]) -> None:
    url = song["clips"][0]["audio_url"]
    assert fetch(client, url[:-1] + ("0" if url[-1] != "0" else "1")).status == 403
    assert fetch(client, url.partition("?")[0]).status == 403
    expired = client.song("x [short] [link expired]")["clips"][0]
    answers = [fetch(client, expired[name]) for name in ("audio_url", "wav_url", "image_url")]
    assert [answer.status for answer in answers] == [403] * 3
    assert b"<Code>ExpiredToken</Code>" in answers[0].body
    assert client.get("/music/download", id=expired["clip"]).status == 200


def test_no_cover(client: Client) -> None:
    clip = client.song("x [no cover]")["clips"][0]
    assert clip["image_url"] is None
    name = urlsplit(clip["audio_url"]).path.replace(".m4a", ".jpg")
    assert client.call("GET", name).status == 404


def test_media_do_not_exist_before_the_song_does(client: Client, remote: Sandbox) -> None:
    client.music("x")
    (clip,) = remote.state.rows("SELECT uuid FROM clips WHERE take = 0")
    assert client.call("GET", f"/media/{clip['uuid']}.jpg").status == 404
    assert client.call("GET", "/media/../sandbox.sqlite3").status == 404


def test_links_point_to_the_host_that_was_asked(client: Client) -> None:
    port = urlsplit(client.url).port
    record = Client(f"http://localhost:{port}").song("x")
    assert record["clips"][0]["audio_url"].startswith(f"http://localhost:{port}/media/")


def test_many_listeners_get_the_same_bytes(client: Client, song: dict[str, Any]) -> None:
    url = song["clips"][1]["audio_url"]
    with ThreadPoolExecutor(8) as crowd:
        bodies = set(crowd.map(lambda _: fetch(client, url).body, range(8)))
    assert len(bodies) == 1
