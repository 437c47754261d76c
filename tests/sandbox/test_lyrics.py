"""POST /music/lyrics: words without a song, normally free."""

from typing import Any

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import API, NIGHT, STUDIO, Client, Reply

SHAPE = ["email", "title", "lyrics", "sound_prompt", "source", "audio_create_song_fired", "credits_burned"]


@pytest.fixture
def client(quick: Sandbox) -> Client:
    return Client(quick.url)


def lyrics(client: Client, prompt: str, **form: Any) -> Reply:
    return client.post(f"{API}/music/lyrics", {"prompt": prompt, **form})


def test_the_page_s_shape(client: Client) -> None:
    answer = lyrics(client, "a nostalgic song about a long road trip home", email=NIGHT)
    assert answer.status == 200
    assert list(answer.json) == SHAPE
    assert answer.json["email"] == NIGHT
    assert answer.json["lyrics"].startswith("[Verse 1]\n")
    assert "bpm" in answer.json["sound_prompt"].lower()
    assert list(answer.json.values())[4:] == ["lyrics-create", False, 0]
    assert client.credits(NIGHT) == 120
    assert client.get("/music", email=NIGHT).json["clips"] == []
    assert (
        lyrics(client, "a nostalgic song about a long road trip home").json["lyrics"] != answer.json["lyrics"]
    )


@pytest.mark.parametrize(
    ("structure", "tags"),
    [
        ("Verse 1 / Chorus / Verse 2 / Chorus / Outro", ["Verse 1", "Chorus", "Verse 2", "Chorus", "Outro"]),
        ("[Intro]\n[Hook]", ["Intro", "Hook"]),
        ("/ - /", ["Verse 1", "Chorus", "Verse 2", "Chorus", "Bridge", "Chorus"]),
    ],
)
def test_structure_is_followed(client: Client, structure: str, tags: list[str]) -> None:
    text = lyrics(client, "rain", structure=structure).json["lyrics"]
    blocks = [block.split("\n") for block in text.split("\n\n")]
    assert [block[0] for block in blocks] == [f"[{tag}]" for tag in tags]
    assert all(len(block) == 5 for block in blocks)


@pytest.mark.parametrize(
    ("form", "words"),
    [({}, "prompt is required"), ({"prompt": "x" * 2001}, "prompt is too long"), ({"prompt": 5}, "prompt must be"),
     ({"prompt": "x", "structure": "x" * 2001}, "structure is too long"), ({"prompt": "x", "mode": "async"}, "mode"),
     ({"prompt": "x", "structure": ""}, "structure must be")],
)  # fmt: skip
def test_what_is_400(client: Client, form: dict[str, Any], words: str) -> None:
    answer = client.post(f"{API}/music/lyrics", form)
    assert answer.status == 400
    assert words in answer.json["error"]


def test_no_lyrics_is_422_with_the_agent_s_words(client: Client) -> None:
    answer = lyrics(client, "x [no lyrics]")
    assert answer.status == 422
    assert list(answer.json) == ["email", "error", "agent_text"]
    assert answer.json["error"]["code"] == "no_lyrics"
    client.control("scenario", operation="lyrics", scenario="moderated")
    assert lyrics(client, "x").json["error"]["code"] == "no_lyrics"


def test_a_song_that_nobody_asked_for(client: Client, quick: Sandbox) -> None:
    answer = lyrics(client, "x [song fired]", email=STUDIO).json
    assert (answer["audio_create_song_fired"], answer["credits_burned"]) == (True, None)
    assert client.credits() == 495
    assert quick.charged_operations() == {"lyrics": 1}
    (job,) = client.call("GET", "/_sandbox/jobs").json
    client.control("finish", jobid=job["jobid"])
    (clip,) = client.get("/music", email=STUDIO).json["clips"]
    assert clip["lyrics"] == answer["lyrics"]
    assert client.job(job["jobid"]).status == 404


def test_from_the_agent_s_text(client: Client) -> None:
    answer = lyrics(client, "x [plain lyrics]").json
    assert (answer["title"], answer["sound_prompt"], answer["source"]) == (None, None, "text-part-fallback")


def test_accounts_and_scenarios(client: Client) -> None:
    assert lyrics(client, "x", email="nobody@sandbox.example").status == 404
    client.control("accounts", email=NIGHT, error="refresh token rejected")
    assert lyrics(client, "x", email=NIGHT).status == 596
    assert lyrics(client, "x").json["email"] == STUDIO
    assert lyrics(client, "x [502]").status == 502
    with pytest.raises(ConnectionError):
        lyrics(client, "x [drop after]")
