"""What fills the song form: presets, songs, earlier requests. All of it through the team."""

import uuid

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Role, Team
from apps.generation.create import history, presets
from apps.generation.models import Job, Preset
from apps.library.models import Song
from tests.generation.conftest import Studio, member, with_token
from tests.generation.pages import LYRICS, signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db

SAVE = "/create/presets/save/"
FORM = {
    "prompt": "slow disco,\nwith rain",
    "words": "own",
    "lyrics": LYRICS,
    "model": "lyria-3.5",
    "count": "3",
}


def save(studio: Studio, **form: object) -> HttpResponse:
    return signed_in(studio).post(SAVE, FORM | form)


def saved(studio: Studio, name: str = "Night bus", **fields: object) -> Preset:
    return presets.save(team=studio.team, by=studio.user, name=name, fields=FORM | fields)


def form_page(studio: Studio, query: str) -> Page:
    return Page(signed_in(studio).get(f"/create/?{query}"))


def elsewhere(studio: Studio) -> Studio:
    home = Team.objects.create(name="Elsewhere")
    return with_token(
        studio.sandbox, home, member(home, "eve@elsewhere.example", Role.OWNER), "user:3000-sandboxdemo"
    )


# Presets.


def test_the_form_is_kept_under_a_name_and_fills_a_form_again(studio: Studio) -> None:
    page = Page(save(studio))  # without a name yet
    assert page.value("name") == "slow disco, with rain"
    carried = {each["name"]: each["value"] or "" for each in page.all("input", type="hidden")}
    response = signed_in(studio).post(SAVE, carried | {"name": "  Night \u202e bus "})
    (preset,) = Preset.objects.all()
    assert (preset.name, preset.made_by) == ("Night bus", studio.user)
    assert response.headers["Location"] == f"/create/?preset={preset.pk}"
    again = form_page(studio, f"preset={preset.pk}")
    assert {name: again.value(name) for name in FORM} == FORM
    assert again.one("form", id_="song")["data-source"] == "preset “Night bus”"
    assert f"/create/?preset={preset.pk}" in [each["href"] for each in form_page(studio, "").all("a")]


def test_a_name_that_is_taken_is_told_with_the_choice_to_replace(studio: Studio) -> None:
    first = saved(studio)
    response = save(studio, name="NIGHT bus", prompt="loud polka")
    assert response.status_code == 422
    page = Page(response)
    assert "There is a preset of this name" in page.wrong("name")
    assert page.one("button", name="replace").text.strip() == "Replace “NIGHT bus”"
    assert page.value("prompt") == "loud polka"
    assert Preset.objects.get().fields["prompt"] == FORM["prompt"]
    # Another name, written in before the button that names the first one was pressed.
    third = saved(studio, name="Third")
    assert save(studio, name="third", prompt="loud polka", replace="NIGHT bus").status_code == 422
    third.refresh_from_db()
    assert third.fields["prompt"] == FORM["prompt"]
    assert save(studio, name="NIGHT bus", prompt="loud polka", replace="NIGHT bus").status_code == 302
    first.refresh_from_db()
    assert (first.name, first.fields["prompt"]) == ("NIGHT bus", "loud polka")
    other = elsewhere(studio)
    assert save(other, name="Night bus").status_code == 302


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": ""}, "Give it a name."),
        ({"name": "\u202e\u200b"}, "Give it a name."),
        ({"name": "x" * 61}, "That is 61 characters; a name can have up to 60."),
        ({"name": "x", "prompt": "x" * 10_001}, "The prompt has 10001 characters"),
        ({"name": "x", "count": "many"}, "Songs: say how many"),
        ({"name": "x", "prompt": "", "lyrics": "", "model": ""}, "nothing in the form yet"),
    ],
)
def test_what_can_not_be_kept_is_told(studio: Studio, form: dict[str, str], words: str) -> None:
    response = save(studio, **form)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Preset.objects.exists()


def test_a_song_is_kept_and_the_way_leads_back_to_it_but_not_off_the_site(studio: Studio) -> None:
    song = made(studio, {"prompt": "slow waltz", "instrumental": True})
    client = signed_in(studio)
    back = client.post(SAVE, {"song": song.pk, "name": "Waltz", "next": "/library/?q=waltz"})
    assert back.headers["Location"] == "/library/?q=waltz"
    assert Preset.objects.get().fields == {"prompt": "slow waltz", "words": "instrumental"}
    away = client.post(SAVE, {"song": song.pk, "name": "Other", "next": "https://evil.example/"})
    assert away.headers["Location"].startswith("/create/?preset=")
    nowhere = client.post(SAVE, {"song": song.pk, "name": "A word", "next": "nowhere"})
    assert nowhere.status_code == 302, "an address, never the name of a page"
    stranger = signed_in(elsewhere(studio))
    assert stranger.post(SAVE, {"song": song.pk, "name": "x"}).status_code == 404


def test_renaming_deleting_and_undoing(studio: Studio) -> None:
    client, preset = signed_in(studio), saved(studio)
    saved(studio, "Day")
    assert client.post(f"/create/presets/{preset.pk}/rename/", {"name": "Dusk"}).status_code == 302
    taken = client.post(f"/create/presets/{preset.pk}/rename/", {"name": "day"})
    assert taken.status_code == 422
    assert "Another preset has this name." in Page(taken).one(id_=f"wrong-{preset.pk}").text
    page = Page(client.post(f"/create/presets/{preset.pk}/delete/", follow=True))
    assert form_page(studio, f"preset={preset.pk}").status == 404
    undo = page.one("form", action="/library/undo/")
    client.post("/library/undo/", {"token": undo.one(name="token")["value"]})
    assert Preset.objects.live().get(pk=preset.pk).name == "Dusk"


def test_a_deleted_one_gives_its_name_free_and_is_erased_after_a_day(studio: Studio) -> None:
    client, preset = signed_in(studio), saved(studio)
    page = Page(client.post(f"/create/presets/{preset.pk}/delete/", follow=True))
    newer = saved(studio)
    token = page.one("form", action="/library/undo/").one(name="token")["value"]
    client.post("/library/undo/", {"token": token})
    assert list(Preset.objects.live()) == [newer]
    Preset.objects.filter(pk=preset.pk).update(deleted_at=timezone.now() - presets.BROUGHT_BACK_FOR)
    presets.delete(newer, by=newer.made_by)
    assert not Preset.objects.filter(pk=preset.pk).exists()


# Songs and earlier requests.


def made(studio: Studio, params: dict[str, object], **job: object) -> Song:
    song = Song.objects.create(
        team=studio.team,
        asked_by=studio.user,
        prompt=str(params["prompt"]),
        params=params,
        created_at=timezone.now(),
    )
    (asked,) = studio.ask()
    Job.objects.filter(pk=asked.pk).update(song=song, params=params, **job)
    return song


def test_more_like_this_has_all_settings_and_the_prompt_alone_when_asked(studio: Studio) -> None:
    account = studio.account("night")
    song = made(
        studio,
        {"prompt": "slow disco", "lyrics": LYRICS, "model": "lyria-3.5"},
        account=account,
        account_is_fixed=True,
    )
    page = form_page(studio, f"song={song.pk}")
    shown = {
        "prompt": "slow disco",
        "words": "own",
        "lyrics": LYRICS,
        "model": "lyria-3.5",
        "email": account.email,
    }
    assert {name: page.value(name) for name in shown} == shown
    bare = form_page(studio, f"song={song.pk}&only=prompt")
    assert {name: bare.value(name) for name in shown} == dict.fromkeys(shown, "") | {
        "prompt": "slow disco",
        "words": "own",
    }


def test_whose_token_paid_stays_that_person_s(studio: Studio) -> None:
    second = with_token(studio.sandbox, studio.team, studio.user, "user:2000-sandboxdemo").token
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    song = made(studio, {"prompt": "x"}, token=second)
    assert form_page(studio, f"song={song.pk}").value("token") == str(second.pk)
    assert str(second.pk) not in signed_in(mate).get(f"/create/?song={song.pk}").content.decode()


@pytest.mark.parametrize("name", ["song", "preset", "from"])
def test_nothing_of_another_team_fills_a_form(studio: Studio, name: str) -> None:
    song, preset = made(studio, {"prompt": "ours"}), saved(studio)
    ours = {"song": song.pk, "preset": preset.pk, "from": Job.objects.get().pk}[name]
    stranger = signed_in(elsewhere(studio))
    for asked in (ours, uuid.uuid4(), "nonsense", ""):
        assert stranger.get(f"/create/?{name}={asked}").status_code == 404, asked


def test_each_request_is_listed_once_the_newest_first_own_ones_apart(studio: Studio) -> None:
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    for prompt in ("first", "second", "first"):
        studio.ask(prompt, count=2)
    mate.ask("theirs")
    elsewhere(studio).ask("a stranger's")
    assert [each.text for each in history.of_person(studio.team, studio.user)] == ["first", "second"]
    assert [(each.text, each.who) for each in history.of_others(studio.team, studio.user)] == [
        ("theirs", "jonas")
    ]
    newest = history.of_person(studio.team, studio.user)[0]
    assert form_page(studio, f"from={newest.job}").value("prompt") == "first"
    client = signed_in(studio)
    for query, texts in {"": 3, "q=FIRST": 1, "q=slow+first": 0, "who=mine": 2}.items():
        page = Page(client.get(f"/create/prompts/?{query}"))
        assert len([each for each in page.all("a") if (each["class"] or "") == "past"]) == texts, query


def test_the_form_costs_as_many_queries_with_many_presets_and_requests(studio: Studio) -> None:
    client = signed_in(studio)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/create/")
        return len(asked)

    studio.ask("one")
    saved(studio, "one")
    before = queries()
    for number in range(5):
        studio.ask(f"prompt {number}")
        saved(studio, f"preset {number}")
    assert queries() == before
