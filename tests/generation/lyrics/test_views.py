"""The writing desk: words that are asked for, edited, compared, carried over to the song form."""

import re
import uuid

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import Role, Team
from apps.generation.dispatch import dispatcher, results
from apps.generation.models import Job, State
from apps.library.models import LyricDraft, LyricVersion
from apps.upstream.records import LyricsRecord
from tests.generation.conftest import Studio, member, state
from tests.generation.pages import BACKEND, signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db

IDEA = "a long road trip home"


def send(studio: Studio, address: str = "/create/lyrics/", **form: object) -> HttpResponse:
    filled = {"prompt": IDEA, "nonce": str(uuid.uuid4())} | form
    return signed_in(studio).post(
        address, {name: value for name, value in filled.items() if value is not None}
    )


def write(studio: Studio) -> int:
    """What the slow worker does."""
    return dispatcher.run(studio.token.subscription_id, synchronous=True)


def written(studio: Studio, **form: object) -> LyricDraft:
    assert send(studio, **form).status_code == 302
    assert write(studio) == 1
    return LyricDraft.objects.get()


def page(studio: Studio, draft: LyricDraft, query: str = "") -> Page:
    return Page(signed_in(studio).get(f"/create/lyrics/{draft.pk}/{query}"))


def edit(studio: Studio, draft: LyricDraft, lyrics: str, query: str = "", **form: object) -> HttpResponse:
    newest = draft.versions.first()
    assert newest
    filled = {"version": newest.number, "newest": newest.number, "title": newest.title} | form
    filled |= {"lyrics": lyrics, "sound_prompt": filled.get("sound_prompt", newest.sound_prompt)}
    return signed_in(studio).post(f"/create/lyrics/{draft.pk}/{query}", filled)


def test_an_idea_becomes_a_sheet_with_its_first_version(studio: Studio) -> None:
    response = send(studio, structure="Verse 1 / Chorus", email=studio.account("studio").email)
    draft = LyricDraft.objects.get()
    assert response.headers["Location"] == f"/create/lyrics/{draft.pk}/"
    assert "on their way" in page(studio, draft).text
    job = Job.objects.get()
    assert job.params == {"prompt": IDEA, "structure": "Verse 1 / Chorus"}
    assert write(studio) == 1
    assert state(job) == State.COMPLETED
    version = LyricVersion.objects.get()
    assert (version.number, version.origin, version.was_charged) == (1, "made", False)
    shown = page(studio, draft)
    assert shown.one("textarea", name_="lyrics").text.strip() == version.lyrics.strip()
    assert shown.one("textarea", name_="sound_prompt").text == version.sound_prompt
    assert studio.sandbox.charged(job.reference) == 0
    assert version.title in Page(signed_in(studio).get("/create/lyrics/")).text


def test_a_double_click_asks_once_and_other_words_are_not_lost(studio: Studio) -> None:
    nonce = str(uuid.uuid4())
    addresses = {send(studio, nonce=nonce).headers["Location"] for _ in range(2)}
    assert len(addresses) == Job.objects.count() == LyricDraft.objects.count() == 1
    changed = Page(send(studio, nonce=nonce, prompt="something else"))
    assert changed.status == 422
    assert changed.one("textarea", name_="prompt").text == "something else"
    assert Job.objects.count() == 1


def test_every_edit_is_a_version_and_each_can_be_gone_back_to(studio: Studio) -> None:
    draft = written(studio)
    first = draft.versions.get()
    assert edit(studio, draft, "[Verse]\nMy own line").status_code == 302
    edit(studio, draft, "[Verse]\nMy own line")  # says the same
    assert draft.versions.count() == 2
    old = page(studio, draft, "?version=1")
    assert old.one("textarea", name_="lyrics").text.strip() == first.lyrics.strip()
    assert "Restore version 1" in old.text
    edit(studio, draft, first.lyrics, version=1)
    assert [version.lyrics for version in draft.versions.all()] == [
        first.lyrics,
        "[Verse]\nMy own line",
        first.lyrics,
    ]
    changes = page(studio, draft, "?version=2&with=1")
    assert "My own line" in [each.text for each in changes.all("ins")]
    assert changes.all("del")


def test_what_somebody_else_saved_meanwhile_stays(studio: Studio) -> None:
    draft = written(studio)
    edit(studio, draft, "mine")
    edit(studio, draft, "from the version before", version=1, newest=1)
    assert list(draft.versions.values_list("lyrics", flat=True))[:2] == ["from the version before", "mine"]


def test_a_song_of_it_carries_the_words_and_the_sound_as_they_stand(studio: Studio) -> None:
    draft = written(studio)
    response = edit(studio, draft, "[Chorus]\nAll new", "?song=1", sound_prompt="slow waltz")
    form = Page(signed_in(studio).get(response.headers["Location"]))
    assert form.one("textarea", name_="lyrics").text.strip() == "[Chorus]\nAll new"
    assert form.one("textarea", name_="prompt").text == "slow waltz"
    assert draft.versions.count() == 2


def test_no_words_came_the_agent_is_quoted_and_a_changed_idea_helps(studio: Studio) -> None:
    draft = written(studio, prompt="nothing to say [no lyrics]")
    job = Job.objects.get()
    assert state(job) == State.FAILED
    shown = page(studio, draft)
    assert "Change the idea" in shown.text
    assert "talk about the mood first" in shown.text
    assert send(studio, f"/create/lyrics/{draft.pk}/rewrite/", prompt="a better idea").status_code == 302
    assert write(studio) == 1
    draft.refresh_from_db()
    assert (draft.versions.count(), draft.idea) == (1, "a better idea")
    assert page(studio, draft).one("textarea", name_="lyrics").text.strip()


def test_it_says_so_when_words_were_not_free(studio: Studio) -> None:
    draft = written(studio, prompt="fire away [song fired]")
    assert draft.versions.get().was_charged
    shown = page(studio, draft).text
    assert "normally free" in shown
    assert "started a song as well" in shown
    card = Page(signed_in(studio).get(f"/jobs/{Job.objects.get().pk}/"))
    assert "says that these were not" in card.text


@pytest.mark.parametrize(
    ("fired", "burned", "said"),
    [
        (False, 0, ""),
        (True, None, "cost credits"),
        (True, 0, "cost credits"),
        (False, 3, "cost credits"),
        (False, None, "cost not known"),
    ],
)
def test_only_an_answer_that_says_free_was_free(fired: bool, burned: int | None, said: str) -> None:
    """And only one that says so has cost something."""
    version = LyricVersion(origin="made", song_fired=fired, credits_burned=burned)
    assert (version.was_charged, version.cost_text) == (bool(said), said)
    answer = LyricsRecord.parse(
        {"lyrics": "Home", "audio_create_song_fired": fired, "credits_burned": burned}
    )
    assert (answer.was_free, answer.was_paid) == (not said, said == "cost credits")


def test_words_whose_cost_is_not_known_are_not_called_paid(studio: Studio) -> None:
    draft = written(studio, prompt="fire away")
    job = Job.objects.get()
    LyricVersion.objects.update(credits_burned=None)
    job.evidence |= {results.NOT_FREE: True, results.PAID: False}
    job.save(update_fields=["evidence"])
    assert "does not say whether these were" in Page(signed_in(studio).get(f"/jobs/{job.pk}/")).text
    listed = Page(signed_in(studio).get("/create/lyrics/"))
    for shown in (listed, page(studio, draft)):
        assert "cost not known" in shown.text
        assert "cost credits" not in shown.text


def test_a_lost_answer_is_asked_for_again_by_a_person_only(studio: Studio) -> None:
    send(studio, prompt=f"{IDEA} [drop after]")
    draft, job = LyricDraft.objects.get(), Job.objects.get()
    write(studio)
    assert state(job) == State.UNKNOWN
    for _ in range(2):
        studio.tick()
        assert write(studio) == 0
    shown = page(studio, draft)
    assert "got lost" in shown.text
    assert "normally free" in shown.text
    retry = Page(signed_in(studio).get(f"/jobs/{job.pk}/retry/"))
    assert "btn-pay" not in {name for each in retry.all("button") for name in (each["class"] or "").split()}
    job.refresh_from_db()
    assert (job.attempts, Job.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"prompt": " "}, "Say what the song is about"),
        ({"prompt": "x" * 2001}, "up to 2,000"),
        ({"structure": "x" * 2001}, "up to 2,000"),
        ({"email": "nobody@elsewhere.example"}, "under none of your API tokens"),
        ({"nonce": "no nonce"}, "Send it once more"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    studio: Studio, form: dict[str, str], said: str
) -> None:
    answer = Page(send(studio, **({"structure": "Verse / Chorus"} | form)))
    assert answer.status == 422
    assert said in answer.text
    typed = {"prompt": IDEA, "structure": "Verse / Chorus"} | form
    for name in ("prompt", "structure"):
        assert answer.one("textarea", name_=name).text == typed[name]
    assert not Job.objects.exists()


def test_an_edit_that_is_too_long_is_shown_again(studio: Studio) -> None:
    draft = written(studio)
    answer = Page(edit(studio, draft, "x" * 10_001))
    assert answer.status == 422
    assert len(answer.one("textarea", name_="lyrics").text.strip()) == 10_001
    assert draft.versions.count() == 1


def test_who_may_read_and_who_may_write(studio: Studio) -> None:
    draft = written(studio)
    people = {
        "teammate": (member(studio.team, "jonas@nightbus.example"), 200, 302),
        "viewer": (member(studio.team, "vera@nightbus.example", Role.VIEWER), 200, 403),
        "stranger": (member(Team.objects.create(name="Elsewhere"), "eve@elsewhere.example"), 404, 404),
    }
    words = {"version": 1, "newest": 1, "title": "T", "lyrics": "L", "sound_prompt": ""}
    for name, (user, seen, saved) in people.items():
        browser = Client()
        browser.force_login(user, backend=BACKEND)
        assert browser.get(f"/create/lyrics/{draft.pk}/").status_code == seen, name
        assert browser.post(f"/create/lyrics/{draft.pk}/", words).status_code == saved, name
        carried, by_old_link = (
            browser.get(f"/create/?{key}={draft.pk}").status_code for key in ("draft", "sheet")
        )
        assert carried == by_old_link
        assert carried == {"teammate": 302, "viewer": 403, "stranger": 404}[name]  # 302: without a token
        listed = Page(browser.get("/create/lyrics/"))
        assert bool(listed.all(data_lyric_draft=str(draft.pk))) is (seen == 200), name
    assert draft.versions.count() == 2


def test_a_deleted_sheet_can_be_brought_back(studio: Studio) -> None:
    draft, browser = written(studio), signed_in(studio)
    answer = browser.post(f"/create/lyrics/{draft.pk}/delete/", follow=True)
    assert browser.get(f"/create/lyrics/{draft.pk}/").status_code == 404
    token = re.search(r'name="token" value="([^"]+)"', answer.content.decode())
    assert token
    browser.post("/library/undo/", {"token": token[1]})
    assert browser.get(f"/create/lyrics/{draft.pk}/").status_code == 200


def test_what_was_deleted_just_before_an_update_can_be_restored(studio: Studio) -> None:
    """Its message carries the names of before."""
    draft, browser = written(studio), signed_in(studio)
    browser.post(f"/create/lyrics/{draft.pk}/delete/")
    whose = [str(studio.team.pk), studio.user.pk]
    token = signing.dumps(
        [whose, "delete-sheet", {"sheet": str(draft.pk)}], salt="library.undo", compress=True
    )
    browser.post("/library/undo/", {"token": token})
    assert browser.get(f"/create/lyrics/{draft.pk}/").status_code == 200
