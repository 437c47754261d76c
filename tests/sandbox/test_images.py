"""POST /files/generate: a picture that follows a prompt."""

import http.client
import io
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from apps.sandbox import covers
from apps.sandbox.server import Sandbox
from tests.sandbox.client import API, NIGHT, STUDIO, Client, Reply


@pytest.fixture
def client(quick: Sandbox) -> Client:
    return Client(quick.url)


def image(client: Client, prompt: str, **form: object) -> Reply:
    return client.post(f"{API}/files/generate", {"prompt": prompt, **form})


def test_the_page_s_shape_and_a_real_picture(client: Client, quick: Sandbox) -> None:
    answer = image(client, "abstract neon city skyline at night", email=NIGHT)
    assert answer.status == 200
    assert list(answer.json) == ["id", "url", "kind", "assetType", "email", "width", "height", "model"]
    assert answer.json["id"].startswith(f"user:1000-{NIGHT}-image:")
    assert answer.json["model"] == "google-generative-ai"
    fetched = client.fetched(answer.json["url"])
    assert (fetched.status, fetched.headers["Content-Type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(fetched.body)) as picture:
        assert picture.size == (answer.json["width"], answer.json["height"])
        assert len(picture.getcolors(1 << 20) or ()) > 1000
    assert client.credits(NIGHT) == 119
    assert quick.charged_operations() == {"image": 1}
    assert client.music("x", refImage1=answer.json["id"]).json["email"] == NIGHT


def test_a_prompt_that_flow_music_declines(client: Client) -> None:
    for prompt in ("x [moderated]", "x [moderated now]"):
        answer = image(client, prompt)
        message = 'FlowMusic image generation failed (500): "Internal Server Error"'
        assert (answer.status, answer.json) == (500, {"error": message, "code": 500})
    assert (client.credits(), client.credits(NIGHT)) == (500, 120)


def test_refusals(client: Client) -> None:
    assert image(client, "").json["error"] == "Parameter prompt is required"
    assert image(client, "x" * 2001).status == 400
    assert image(client, "x", width=512).status == 400
    assert image(client, "x", email="nobody@sandbox.example").status == 404
    client.control("accounts", email=STUDIO, credits=0)
    assert image(client, "x", email=STUDIO).status == 402
    client.control("accounts", email=STUDIO, error="refresh token rejected")
    assert image(client, "x", email=STUDIO).status == 596


def test_a_lost_answer_is_charged(client: Client, quick: Sandbox) -> None:
    client.control("scenario", operation="image", scenario="truncated")
    with pytest.raises(http.client.IncompleteRead):
        image(client, "x")
    assert quick.charged_operations() == {"image": 1}


def test_a_colour_in_the_prompt_is_seen(tmp_path: Path) -> None:
    levels = {}
    for colour in ("red", "green", "blue"):
        covers.paint(f"a {colour} city", "0", tmp_path / f"{colour}.jpg")
        with Image.open(tmp_path / f"{colour}.jpg") as picture:
            levels[colour] = ImageStat.Stat(picture).mean
    assert levels["red"][0] > levels["green"][0]
    assert levels["blue"][2] > levels["red"][2]
