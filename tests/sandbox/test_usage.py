"""GET /accounts/usage: the figures are those of what was really charged."""

from apps.sandbox.server import Sandbox
from tests.sandbox.client import NIGHT, STUDIO, Client


def test_the_page_s_shape_and_the_songs_that_were_charged(client: Client) -> None:
    for prompt in ("a waltz", "a polka"):
        client.music(prompt, email=STUDIO)
    client.music("elsewhere", email=NIGHT)
    client.music("refused at once [moderated now]", email=STUDIO)
    answer = client.get("/accounts/usage", email=STUDIO)
    assert answer.status == 200
    assert list(answer.json) == ["email", "events", "summary"]
    events, summary = answer.json["events"], answer.json["summary"]
    songs = [each for each in events if each["type"] == "producer-usage"]
    assert [(each["amount"], each["_account_email"]) for each in songs] == [(60, STUDIO)] * 2
    assert len({each["conversation_id"] for each in songs}) == 2
    assert summary["by_type_credits"] == {"producer-usage": 10, "grant": 500}
    assert (summary["total_charged_credits"], summary["total_received_tokens"]) == (10, 6000)
    assert [(each["tokens"], each["credits"]) for each in summary["per_conversation"]] == [(60, 5)] * 2


def test_an_account_has_to_be_named_and_to_be_there(client: Client) -> None:
    assert client.get("/accounts/usage").status == 400
    assert client.get("/accounts/usage", email="nobody@sandbox.example").status == 404
    assert client.get("/accounts/usage", email=NIGHT).json["summary"]["per_conversation"] == []


def test_an_edit_is_charged_to_the_conversation_of_its_song(quick: Sandbox) -> None:
    client = Client(quick.url)
    one, two = (client.song(f"{name} [short]", email=STUDIO)["clips"][0] for name in ("a waltz", "a polka"))
    cover = client.edited(one["clip"], "cover")
    client.edited(cover["clip"], "effect", effect="Pan", pan=1)
    client.edit(one["clip"], "stems")
    record = client.get("/accounts/usage", email=STUDIO).json
    spent = {each["title"]: each["credits"] for each in record["summary"]["per_conversation"]}
    assert spent == {one["title"]: 20, two["title"]: 5}
    assert record["summary"]["by_type_credits"] == {"producer-usage": 20, "riffusion": 5, "grant": 500}
    # One row per day, kind and conversation.
    rows = [(each["type"], each["amount"], each["conversation_title"]) for each in record["events"][:-1]]
    assert sorted(rows) == sorted(
        [
            ("producer-usage", 180, one["title"]),
            ("producer-usage", 60, two["title"]),
            ("riffusion", 60, one["title"]),
        ]
    )
    for each in record["events"]:
        assert each["max_created_at"] >= each["event_at"]
        assert (each["max_created_at"][-1], len(each["max_created_at"])) == ("Z", 27)
        assert not each["event_at"].endswith("Z")
