"""POST /files: raw bytes, found out by what they are."""

import io
import resource
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from apps.sandbox.server import Sandbox
from apps.sandbox.uploads import format_of
from tests.sandbox.client import API, NIGHT, STUDIO, Client

MB = 1024 * 1024
DECLARATION = b"<x:xmpmeta><DigitalSourceType>trainedAlgorithmicMedia</DigitalSourceType></x:xmpmeta>"
IMAGE = ["id", "url", "kind", "assetType", "email", "metadata_stripped"]
AUDIO = ["id", "url", "kind", "assetType", "email", "clip_id", "operation_id", "is_flagged", "duration_s"]


def picture(kind: str, declaration: bytes | None = None) -> bytes:
    """A JPEG, PNG or WEBP; JPEG and PNG with metadata in the ways of both."""
    buffer, colours = io.BytesIO(), np.random.default_rng(1).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    image = Image.fromarray(colours)
    if kind == "JPEG" and declaration:
        image.save(buffer, kind, xmp=declaration)
    else:
        image.save(buffer, kind)
    body = buffer.getvalue()
    if kind == "PNG" and declaration:
        content = b"caBX" + b"jumb c2pa"
        chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
        body = body[:33] + chunk + body[33:]
    return body


def wav(client: Client) -> bytes:
    return client.fetched(client.song("x [short]")["clips"][0]["wav_url"]).body


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_images(client: Client, kind: str, suffix: str) -> None:
    body = picture(kind)
    answer = client.upload(body, f"image/{kind.lower()}", email=NIGHT)
    assert answer.status == 200
    assert list(answer.json) == IMAGE
    assert answer.json["id"].startswith(f"user:1000-{NIGHT}-image:")
    assert answer.json["metadata_stripped"] == (kind != "WEBP")
    assert answer.json["url"].endswith(suffix)
    fetched = client.fetched(answer.json["url"])
    assert fetched.headers["Content-Type"] == f"image/{kind.lower()}"
    with Image.open(io.BytesIO(fetched.body)) as one, Image.open(io.BytesIO(body)) as other:
        assert one.tobytes() == other.tobytes()
    assert client.get("/music", email=NIGHT).json["clips"] == []
    assert client.music("x", refImage1=answer.json["id"]).json["email"] == NIGHT


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_ai_metadata(client: Client, kind: str) -> None:
    body, mime = picture(kind, DECLARATION), f"image/{kind.lower()}"
    refused = client.upload(body, mime, stripMetadata="false")
    assert refused.status == 422
    assert "stripMetadata=false" in refused.json["error"]
    stripped = client.upload(body, mime)
    assert stripped.json["metadata_stripped"] is True
    kept = client.fetched(stripped.json["url"]).body
    assert b"trained" not in kept
    assert b"c2pa" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        image.load()
    plain = picture(kind)
    answer = client.upload(plain, mime, stripMetadata="false")
    assert answer.json["metadata_stripped"] is False
    assert client.fetched(answer.json["url"]).body == plain


def test_audio_is_a_clip_that_cannot_be_edited(client: Client) -> None:
    body = wav(client)
    answer = client.upload(body, "audio/wav", email=NIGHT)
    assert list(answer.json) == AUDIO
    assert (answer.json["is_flagged"], client.fetched(answer.json["url"]).body == body) == (False, True)
    assert answer.json["duration_s"] == pytest.approx((len(body) - 44) / 44_100 / 4, abs=0.01)
    (clip,) = client.get("/music", email=NIGHT).json["clips"]
    assert clip["clip"] == f"user:1000-{NIGHT}-clip:{answer.json['clip_id']}"
    assert (clip["lyrics"], clip["image_url"]) == (None, None)
    for operation in ("cover", "stems"):
        refused = client.edit(clip["clip"], operation)
        assert (refused.status, list(refused.json)) == (422, ["error", "code"])
        assert "no conversation_id" in refused.json["error"]
    assert client.get("/music/download", id=clip["clip"]).status == 200
    assert client.music("x", refAudio1=answer.json["id"]).json["email"] == NIGHT
    assert client.credits(NIGHT) == 115


def test_what_is_not_known_of_audio(client: Client) -> None:
    assert client.upload(b"ID3 and nothing that plays", "audio/mpeg").json["duration_s"] is None
    for scenario, name, value in (("no length", "duration_s", None), ("flagged", "is_flagged", True)):
        client.control("scenario", operation="files", scenario=scenario)
        assert client.upload(wav(client), "audio/wav").json[name] is value


@pytest.mark.parametrize(
    ("body", "mime", "words"),
    [
        (
            b"x",
            "application/octet-stream",
            "Content-Type (application/octet-stream) not supported. Valid values: image",
        ),
        (b"x", "audio/x-wav", "not supported"),
        (b"x", "", "Content-Type (none) not supported"),
        (b"", "image/png", "empty"),
        (b"%PDF-1.4", "image/png", "does not match"),
        (b"\xff\xd8\xff\xe0", "image/png", "does not match the file content (jpeg)"),
        (b"RIFF....WAVE", "image/webp", "wav"),
    ],
)
def test_what_is_400(client: Client, body: bytes, mime: str, words: str) -> None:
    answer = client.upload(body, mime)
    assert answer.status == 400
    assert words in answer.json["error"]


@pytest.mark.parametrize(
    ("head", "found"),
    [(b"RIFF1234WEBP", "webp"), (b"1234ftypM4A ", "mp4"), (b"\xff\xfb\x90", "mp3"), (b"\xff\xf1\x50", "aac"),
     (b"ID3\x04", "mp3"), (b"GIF89a", None), (b"", None)],
)  # fmt: skip
def test_first_bytes(head: bytes, found: str | None) -> None:
    assert format_of(head) == found


def test_sizes_and_memory(client: Client, remote: Sandbox) -> None:
    """40 MB are taken in pieces; a byte more is refused with the limit named."""
    tune = client.get("/music/download", id=client.song("x [short]")["jobid"]).body
    head = (tune * (40 * MB // len(tune) + 1))[: 40 * MB]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert client.upload(head, "audio/mpeg").status == 200
    # The client of this test has 40 MB of its own, and http.client copies none of it.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024
    for body, mime, limit in (
        (head + b"x", "audio/mpeg", "40 MB"),
        (head[: 20 * MB + 1], "image/png", "20 MB"),
    ):
        answer = client.upload(body, mime)
        assert (answer.status, answer.json["code"]) == (413, 413)
        assert limit in answer.json["error"]
    assert not list(remote.world.media_files.folder.glob(".upload*"))


def test_moderation_comes_with_the_evidence(client: Client) -> None:
    client.control("scenario", operation="files", scenario="moderated")
    answer = client.upload(picture("JPEG"), "image/jpeg")
    assert answer.status == 500
    assert list(answer.json) == ["error", "code", "upstream"]
    assert answer.json["error"] == 'Upload failed (HTTP 500): FlowMusic: "Internal Server Error"'
    assert list(answer.json["upstream"]) == ["status", "cause", "cf_ray", "server", "content_type"]


def test_accounts_and_parameters(client: Client) -> None:
    body = picture("PNG")
    assert client.upload(body, "image/png", email="nobody@sandbox.example").status == 404
    assert client.upload(body, "image/png", stripMetadata="no").status == 400
    assert client.upload(body, "image/png", strip="true").status == 400
    client.control("accounts", email=STUDIO, error="refresh token rejected")
    assert client.upload(body, "image/png", email=STUDIO).status == 596
    assert client.upload(body, "image/png").json["email"] == NIGHT
    assert Client(client.url, "user:1-other").upload(body, "image/png").status == 401


def test_references_are_of_one_account(client: Client) -> None:
    one, two = (
        client.upload(picture("PNG"), "image/png", email=email).json["id"] for email in (STUDIO, NIGHT)
    )
    assert client.music("x", refImage1=one, refImage10=two).status == 400
    assert client.music("x", refImage1=one, email=NIGHT).status == 400
    assert client.music("x", refAudio1=one).status == 400
    assert client.music("x", refImage11=one).status == 400
    assert client.music("x", refImage10=one, email=STUDIO).json["email"] == STUDIO


def test_multipart_is_no_file(client: Client) -> None:
    answer = client.call("POST", f"{API}/files", b"--b\r\n", Content_Type="multipart/form-data; boundary=b")
    assert answer.status == 400
    assert client.fetched(f"{client.url}/assets/none.jpg").status == 404
