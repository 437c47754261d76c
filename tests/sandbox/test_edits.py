"""POST /music/edit: its job records, its refusals, and what it costs."""

from typing import Any

import pytest

from apps.sandbox.server import Sandbox
from tests.sandbox.client import API, NIGHT, STUDIO, Client, Receiver

LYRICS = "[Verse 1]\nNeon rain on the avenue\n[Chorus]\nWe rise again"
GOOD: dict[str, dict[str, Any]] = {
    "effect": {"effect": "Gain", "gain_db": -3},
    "extend": {"instruction": "add an outro", "extend_s": 3},
    "replace": {"instruction": "softer piano", "mask_start_s": 0, "mask_end_s": 2},
    "cover": {"instruction": "lo-fi", "strength": 0.7},
    "remix": {"lyrics": LYRICS},
}
TITLES = {
    "effect": "(Gain)", "extend": "(Extended)", "replace": "(Replaced)", "cover": "(Cover)", "remix": "(Remix)"
}  # fmt: skip
NOWHERE = "user:1000-studio@sandbox.example-clip:00000000-0000-4000-8000-000000000000"


@pytest.fixture
def clip(client: Client) -> dict[str, Any]:
    """A take of a song on the first account."""
    return dict(client.song("rock about rain [short]", email=STUDIO)["clips"][0])


@pytest.mark.parametrize("operation", GOOD)
def test_an_edit_is_a_job_with_one_clip(client: Client, clip: dict[str, Any], operation: str) -> None:
    accepted = client.edit(clip["clip"], operation, **GOOD[operation], replyRef="mine")
    assert accepted.status == 201
    assert list(accepted.json) == ["jobid", "email", "operation", "status", "created_at", "request"]
    assert (accepted.json["operation"], accepted.json["status"]) == (operation, "pending")
    sent = {
        "operation": operation,
        "clip": clip["clip"],
        **GOOD[operation],
        "mode": "async",
        "replyRef": "mine",
    }
    assert accepted.json["request"] == sent
    (listed,) = client.get("/jobs").json[STUDIO]["jobs"]
    assert listed == {name: accepted.json[name] for name in ("jobid", "status", "operation", "created_at")}
    (result,) = client.finish(accepted.json["jobid"])["clips"]
    assert list(result) == list(clip)
    assert result["title"] == f"{clip['title']} {TITLES[operation]}"
    assert result["clip"] != clip["clip"]
    assert result["lyrics"] == (LYRICS if operation == "remix" else clip["lyrics"])
    assert client.get("/music", limit=1).json["clips"][0]["clip"] == result["clip"]
    assert client.credits() == 490
    assert client.call("GET", "/_sandbox/charges").json == {"": 1, "mine": 1}
    assert client.call("GET", "/_sandbox/charges?by=operation").json == {"song": 1, operation: 1}


def test_sync_blocks_until_the_clip_is_there(quick: Sandbox) -> None:
    client = Client(quick.url)
    clip = client.song("x [short]")["clips"][0]["clip"]
    answer = client.edit(clip, "cover", mode="sync", title="Mine", seed=123456)
    assert (answer.status, answer.json["status"], answer.json["operation"]) == (200, "completed", "cover")
    (result,) = answer.json["clips"]
    assert (result["title"], result["seed"]) == ("Mine", 123456)
    refused = client.edit(clip, "cover", mode="sync", instruction="x [moderated]")
    assert (refused.status, refused.json["status"]) == (422, "failed")
    assert refused.json["error"] == {
        "code": "moderation_reject", "message": "the model declined to generate audio for this edit"
    }  # fmt: skip


BAD: list[tuple[dict[str, Any], str]] = [
    ({"operation": None}, "operation is required"),
    ({"operation": "split"}, "operation (split) not supported"),
    ({"operation": "extend"}, "instruction required for operation=extend"),
    ({"operation": "replace", "instruction": "x"}, "mask_start_s required for operation=replace"),
    (
        {"operation": "replace", "instruction": "x", "mask_start_s": 0},
        "mask_end_s required for operation=replace",
    ),
    ({"operation": "remix"}, "lyrics required for operation=remix"),
    ({"operation": "effect"}, "effect required for operation=effect"),
    ({"operation": "effect", "effect": "gain", "gain_db": 1}, "effect (gain) not supported"),
    ({"operation": "effect", "effect": "Gain"}, "gain_db required for effect=Gain"),
    ({"operation": "effect", "effect": "Gain", "gain_db": 31}, "gain_db (31)"),
    ({"operation": "effect", "effect": "Gain", "gain_db": "3"}, "gain_db (3) must be a number"),
    ({"operation": "effect", "effect": "Gain", "gain_db": True}, "gain_db (True) must be a number"),
    ({"operation": "effect", "effect": "Gain", "gain_db": float("nan")}, "gain_db (nan) must be a number"),
    ({"operation": "effect", "effect": "Pan", "pan": -1.01}, "pan"),
    ({"operation": "effect", "effect": "Reverb", "mix": 0.4}, "room_size required"),
    ({"operation": "effect", "effect": "Reverb", "mix": 1.1, "room_size": 0}, "mix (1.1)"),
    ({"operation": "effect", "effect": "Equalizer", "bass_db": 13, "mid_db": 0, "treble_db": 0}, "bass_db"),
    ({"operation": "effect", "effect": "Fade", "fade_in_s": 0}, "must be greater than 0"),
    ({"operation": "effect", "effect": "Fade", "fade_out_s": -1}, "fade_out_s"),
    ({"operation": "effect", "effect": "Trim", "start_s": 2, "end_s": 2}, "end_s must be greater"),
    ({"operation": "effect", "effect": "Trim", "start_s": 0, "end_s": 999}, "exceeds the clip's duration"),
    ({"operation": "effect", "effect": "Pan", "pan": 0, "model": "lyria-3.5"}, "model not supported"),
    (
        {"operation": "replace", "instruction": "x", "mask_start_s": 3, "mask_end_s": 2},
        "greater than mask_start_s",
    ),
    ({"operation": "replace", "instruction": "x", "mask_start_s": 3, "mask_end_s": 999}, "exceeds"),
    ({"operation": "extend", "instruction": "x", "extend_s": 0}, "extend_s (0)"),
    ({"operation": "extend", "instruction": "x", "extend_s": 301}, "extend_s (301)"),
    ({"operation": "extend", "instruction": "x", "extend_from_s": 999}, "extend_from_s (999) exceeds"),
    ({"operation": "cover", "strength": 1.5}, "strength (1.5)"),
    ({"operation": "cover", "seed": -1}, "seed (-1)"),
    ({"operation": "cover", "seed": 1.5}, "seed (1.5) must be an integer"),
    ({"operation": "cover", "instruction": ""}, "instruction must be a non-empty string"),
    ({"operation": "cover", "model": "lyria-2"}, "model (lyria-2) not supported"),
    ({"operation": "cover", "email": STUDIO}, "email not supported"),
    ({"operation": "stems", "instruction": "x"}, "instruction not supported"),
    ({"operation": "cover", "clip": ""}, "clip is required"),
    ({"operation": "cover", "clip": NOWHERE.replace("clip", "image")}, "clip not a valid clip ID"),
]


def test_what_the_page_does_not_allow_is_400_and_free(client: Client, clip: dict[str, Any]) -> None:
    for form, words in BAD:
        answer = client.post(f"{API}/music/edit", {"clip": clip["clip"], **form})
        assert (answer.status, answer.json["code"]) == (400, 400), form
        assert words in answer.json["error"], form
    assert client.credits() == 495


def test_zero_is_a_value_and_other_effects_numbers_are_ignored(client: Client, clip: dict[str, Any]) -> None:
    for form in (
        {"operation": "effect", "effect": "Trim", "start_s": 0, "end_s": 3, "gain_db": 99},
        {"operation": "extend", "instruction": "x", "extend_from_s": 0},
        {"operation": "cover", "strength": 0, "seed": 0, "model": "lyria-3.5"},
    ):
        answer = client.post(f"{API}/music/edit", {"clip": clip["clip"], "mode": "async", **form})
        assert answer.status == 201, answer.body


def test_a_form_s_numbers_are_numbers(client: Client, clip: dict[str, Any]) -> None:
    fields = {"operation": "effect", "clip": clip["clip"], "effect": "Pan", "pan": "-0.5", "mode": "async"}
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    answer = client.call(
        "POST",
        f"{API}/music/edit",
        f"{parts}--b--\r\n".encode(),
        Content_Type="multipart/form-data; boundary=b",
    )
    assert answer.status == 201
    assert answer.json["request"]["pan"] == -0.5


def test_clips_that_are_not_there(client: Client, clip: dict[str, Any], remote: Sandbox) -> None:
    gone = {"error": "source clip not found on FlowMusic", "code": 404}
    assert client.edit(NOWHERE, "cover").json == gone
    foreign = NOWHERE.replace(STUDIO, "nobody@sandbox.example")
    assert client.edit(foreign, "cover").json["error"] == "Account nobody@sandbox.example not configured"
    pending = client.music("still being made", email=NIGHT)
    uuid = remote.state.rows("SELECT uuid FROM clips WHERE jobid = ?", pending.json["jobid"])[0]["uuid"]
    assert client.edit(f"user:1000-{NIGHT}-clip:{uuid}", "cover").json == gone
    # The same subscription's number on another's clip opens nothing.
    stranger = Client(remote.url, "user:7-sandboxdemo")
    assert stranger.edit(clip["clip"], "cover").json == gone


@pytest.mark.parametrize("operation", ["cover", "stems"])
def test_refusals_in_the_words_of_edits(client: Client, clip: dict[str, Any], operation: str) -> None:
    client.control("accounts", email=STUDIO, credits=4)
    assert (answer := client.edit(clip["clip"], operation)).status == 402
    assert answer.json["error"] == 'recipes/create failed (402): {"detail":"User has insufficient credits"}'
    client.control("accounts", email=STUDIO, credits=400, maxJobs=1)
    client.music("in the only slot", email=STUDIO)
    assert (answer := client.edit(clip["clip"], operation)).status == 429
    assert answer.json["error"] == 'producer/tool-call failed (429): {"detail":"Too Many Requests"}'
    client.control("accounts", email=STUDIO, error="refresh token rejected")
    assert (answer := client.edit(clip["clip"], operation)).status == 596
    assert answer.json["error"] == f"Account {STUDIO} in error state: refresh token rejected"
    client.control("accounts", email=STUDIO, remove=True)
    assert client.edit(clip["clip"], operation).status == 404


@pytest.mark.parametrize(
    ("scenario", "status", "words"),
    [("out of credits", 402, "recipes/create failed (402)"), ("busy", 429, "producer/tool-call failed (429)"),
     ("422", 422, "conversation_id"), ("moderated now", 422, None), ("account error", 596, STUDIO), ("401", 401, "Un"),
     ("no subscription", 402, "no subscription"), ("500", 500, "Internal"), ("502", 502, None)],
)  # fmt: skip
@pytest.mark.parametrize("how", ["tag", "order"])
def test_scenarios(
    client: Client, clip: dict[str, Any], scenario: str, status: int, words: str | None, how: str
) -> None:
    """By a tag in a text, or by an order for this kind of edit alone."""
    client.control("scenario", operation="cover", scenario=scenario) if how == "order" else None
    assert client.edit(clip["clip"], "effect", effect="Pan", pan=1).status == 201
    title = f"x [{scenario}]" if how == "tag" else "x"
    answer = client.edit(clip["clip"], "cover", title=title)
    assert answer.status == status
    assert words is None or words in answer.json["error"]
    assert client.credits() == 490
    assert client.edit(clip["clip"], "cover").status == 201


def test_lost_answers_are_charged_once(client: Client, clip: dict[str, Any], remote: Sandbox) -> None:
    with pytest.raises(ConnectionError):
        client.edit(clip["clip"], "cover", instruction="x [drop after]", replyRef="lost")
    assert client.edit(clip["clip"], "cover", instruction="x [502 after]", replyRef="lost too").status == 502
    assert (remote.charged("lost"), remote.charged("lost too"), client.credits()) == (1, 1, 485)


def test_webhook_and_cancel(client: Client, clip: dict[str, Any], receiver: Receiver) -> None:
    jobid = client.edit(clip["clip"], "cover", replyUrl=receiver.url).json["jobid"]
    assert client.cancel(jobid).status == 204
    (record,) = receiver.wait_for(1)
    assert record == client.job(jobid).json
    assert (record["operation"], record["error"]["code"]) == ("cover", "user_cancelled")
    assert client.credits() == 490
    # It is made all the same when its time has come; see test_jobs for songs.
    assert client.get("/jobs").json == {}


def test_moderated_when_its_time_is_over(client: Client, clip: dict[str, Any]) -> None:
    jobid = client.edit(clip["clip"], "remix", lyrics="[Verse]\nx\n[moderated]").json["jobid"]
    record = client.finish(jobid)
    assert (record["status"], record["error"]["code"]) == ("failed", "moderation_reject")
    assert "this edit" in record["error"]["message"]
    assert client.get("/music").json["clips"][0]["title"] == clip["title"]
