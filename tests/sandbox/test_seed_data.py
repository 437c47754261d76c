"""What gives an account a past: clips that nobody asked for here, and weeks of usage."""

from datetime import UTC, datetime
from typing import Any

from apps.sandbox.server import Sandbox
from tests.sandbox.client import NIGHT, STUDIO, Client

ITEM = ["clip", "title", "lyrics", "duration_s", "image_url"]


def walk(client: Client, email: str) -> list[dict[str, Any]]:
    """All clips of an account, newest first."""
    clips: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = client.get("/music", email=email, limit=100, offset=offset).json
        clips += page["clips"]
        offset = page["next"]
    return clips


def test_many_clips(client: Client) -> None:
    song = client.song("x [short]", email=STUDIO)["clips"]
    assert client.control("clips", email=STUDIO, count=1234).status == 204
    client.control("clips", email=NIGHT)
    clips = walk(client, STUDIO)
    assert len({each["clip"] for each in clips}) == 1236
    assert [each["title"] for each in clips[:2]] == ["Seeded 1234", "Seeded 1233"]
    assert [each["clip"] for each in clips[-2:]] == [each["clip"] for each in song]
    assert all(list(each) == ITEM for each in clips)
    assert client.get("/music/download", id=clips[0]["clip"]).status == 200
    assert client.edit(clips[0]["clip"], "cover").status == 201
    assert client.credits() == 490
    assert len(client.call("GET", "/_sandbox/jobs").json) == 2


def test_clips_that_come_while_somebody_pages_shift_the_rest(client: Client) -> None:
    client.control("clips", email=STUDIO, count=30)
    first = client.get("/music", email=STUDIO, limit=10).json
    client.control("clips", email=STUDIO, count=2, title="New")
    second = client.get("/music", email=STUDIO, limit=10, offset=first["next"]).json
    assert [each["clip"] for each in second["clips"][:2]] == [each["clip"] for each in first["clips"][-2:]]
    assert client.get("/music", email=STUDIO, limit=1).json["clips"][0]["title"] == "New 32"


def test_weeks_of_usage(client: Client) -> None:
    before = client.get("/accounts/usage", email=STUDIO).json
    assert client.control("history", email=STUDIO, days=28, titles=["Same", "Same", "Other"]).status == 204
    record = client.get("/accounts/usage", email=STUDIO).json
    days = {each["event_at"] for each in record["events"] if each["type"] == "daily-free"}
    assert len(days) == 28
    assert f"{datetime.now(UTC):%Y-%m-%d}T00:00:00" not in days
    summary = record["summary"]
    kinds = summary["by_type_tokens"]
    assert set(kinds) >= {"daily-free", "producer-usage", "riffusion", "grant"}
    assert summary["by_type_credits"] == {kind: tokens / 12 for kind, tokens in kinds.items()}
    spent = kinds["producer-usage"] + kinds["riffusion"]
    assert summary["total_charged_credits"] == spent / 12
    assert summary["total_received_tokens"] == kinds["daily-free"] + kinds["grant"]
    assert sum(each["tokens"] for each in summary["per_conversation"]) == spent
    assert len({each["conversation_id"] for each in summary["per_conversation"]}) > 2
    assert {each["title"] for each in summary["per_conversation"]} == {"Same", "Other"}
    assert client.credits() == 500
    assert before["summary"]["total_charged_credits"] == 0
    assert client.call("GET", "/_sandbox/charges?by=operation").json == {}


def test_what_cannot_be_seeded(client: Client) -> None:
    for name, form in (
        ("clips", {"count": 0}), ("clips", {"count": True}), ("history", {"days": 401}), ("history", {"titles": []})
    ):  # fmt: skip
        assert client.control(name, email=STUDIO, **form).status == 400
    assert client.control("clips", email="nobody@sandbox.example").status == 404
    assert client.control("clips", kind="odd").status == 400


def test_seeds_are_forgotten(client: Client, remote: Sandbox) -> None:
    client.control("clips", email=STUDIO, count=3)
    client.control("history", email=STUDIO)
    remote.reset()
    assert walk(client, STUDIO) == []
    assert client.get("/accounts/usage", email=STUDIO).json["summary"]["total_charged_credits"] == 0
