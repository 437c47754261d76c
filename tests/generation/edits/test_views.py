"""Edits from end to end against the sandbox: what is sent, what comes of it, what it costs, and where it is shown."""

import uuid
from typing import Any

import pytest

from apps.accounts.models import ApiToken, FlowAccount, Role, Subscription, Team, User
from apps.generation.dispatch import dispatcher
from apps.generation.models import Job
from apps.library.archiving import archiver
from apps.library.models import Clip, ClipFile, ReferenceFile
from apps.sandbox import jobs as remote_jobs
from tests.generation.conftest import Studio, member, state
from tests.generation.edits.edit_forms import FORMS, address, asked, end, refused, row, send, take
from tests.generation.pages import signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db
SPLIT = {"vocals", "drums", "bass", "other"}


def received(studio: Studio, job: Job) -> dict[str, Any]:
    """The body that the remote side got, without what is ours."""
    job.refresh_from_db()
    found = remote_jobs.get(studio.sandbox.state, job.jobid or "")
    assert found
    return {
        name: value for name, value in found.request.items() if name not in {"mode", "replyRef", "replyUrl"}
    }


def make(studio: Studio, job: Job) -> list[Clip]:
    """Sent, done, collected: the takes of it, with their m4a."""
    if job.is_synchronous:
        assert dispatcher.run(studio.token.subscription_id, synchronous=True) == 1
    else:
        assert studio.dispatch() == 1
        end(studio, job)
        studio.look()
    job.refresh_from_db()
    assert job.song
    made = list(job.song.takes.order_by("take"))
    for kind in ("cover", "m4a"):  # the audio waits for a cover that is coming
        for file in ClipFile.objects.filter(clip__in=made, kind=kind, state="wanted"):
            assert archiver.archive(file.pk)
    return made


def sounds(*clips: Clip) -> set[str]:
    """What is in their m4a."""
    return set(
        ClipFile.objects.filter(clip__in=clips, kind="m4a", state="stored").values_list("sha256", flat=True)
    )


@pytest.mark.long
def test_every_edit_is_made_once_and_shown_as_a_child(studio: Studio) -> None:
    clip = take(studio, saved=True)
    heard = sounds(clip)
    for operation, (form, params) in FORMS.items():
        nonce = str(uuid.uuid4())
        job = asked(studio, clip, operation, nonce=nonce, **form)
        again = send(studio, clip, operation, nonce=nonce, **form)  # the second of a double click
        assert (again.status_code, Job.objects.filter(operation=operation).count()) == (302, 1), operation
        assert job.params == {"clip": clip.clip_id} | params, operation
        assert (job.source, job.account, job.account_is_fixed) == (clip, clip.account, True)
        made = make(studio, job)
        assert studio.sandbox.state.charged_operations()[operation] == 1, operation
        assert job.song
        assert job.song.source == clip
        new = sounds(*made)
        assert len(new) == len(made), operation
        assert not new & heard, operation  # the audio really is another
        heard |= new
        if operation == "stems":
            assert {each.stem_type for each in made} == SPLIT
        else:
            assert received(studio, job) == job.params | {"operation": operation}
            assert len(made) == 1
        page = Page(signed_in(studio).get(made[0].get_absolute_url()))
        assert any(
            link["href"] == clip.get_absolute_url() and str(clip) in link.text for link in page.all("a")
        )


def test_the_library_finds_edits_by_their_kind(studio: Studio) -> None:
    clip = take(studio)
    job = asked(studio, clip, "cover", instruction="bossa nova on nylon strings")
    studio.dispatch()
    end(studio, job)
    studio.look()
    job.refresh_from_db()
    for query in ("kind=cover", "q=nylon"):
        (row,) = Page(signed_in(studio).get(f"/library/?{query}")).all("li", class_="song")
        assert row["data-song"] == str(job.song_id)
        assert f"Cover of {clip}" in " ".join(row.text.split())
        assert row.one("title").text == "Cover"


EFFECTS: dict[str, dict[str, float]] = {
    "Trim": {"start_s": 0, "end_s": 2.4},
    "Fade": {"fade_in_s": 0, "fade_out_s": 1.5},
    "Gain": {"gain_db": -30},
    "Reverb": {"mix": 0, "room_size": 1},
    "Pan": {"pan": -0.5},
    "Equalizer": {"bass_db": 12, "mid_db": 0, "treble_db": -12},
}


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_sends_its_own_numbers(studio: Studio, effect: str) -> None:
    """Also when the fields of all the others are filled: without scripts they all stand on the page."""
    clip = row(studio)
    page = Page(signed_in(studio).get(address(clip, "effect")))
    others = {name: page.value(name) for values in EFFECTS.values() for name in values}
    typed = {name: f"{value:g}" for name, value in EFFECTS[effect].items()}
    job = asked(studio, clip, "effect", effect=effect, **(others | typed))
    assert job.params == {"clip": clip.clip_id, "effect": effect} | EFFECTS[effect]
    assert all(type(job.params[name]) in (int, float) for name in typed)


WRONG = {
    "no instruction": (
        "replace",
        {"instruction": " ", "mask_start_s": "0", "mask_end_s": "1"},
        "instruction",
    ),
    "no section": ("replace", {"instruction": "x", "mask_start_s": "", "mask_end_s": "1"}, "mask_start_s"),
    "backwards": ("replace", {"instruction": "x", "mask_start_s": "2", "mask_end_s": "0:02.0"}, "mask_end_s"),
    "past the end": (
        "replace",
        {"instruction": "x", "mask_start_s": "0", "mask_end_s": "9:59.9"},
        "mask_end_s",
    ),
    "no time": ("replace", {"instruction": "x", "mask_start_s": "1:72", "mask_end_s": "2"}, "mask_start_s"),
    "below nothing": (
        "replace",
        {"instruction": "x", "mask_start_s": "-1", "mask_end_s": "2"},
        "mask_start_s",
    ),
    "nothing to add": ("extend", {"instruction": "x", "extend_s": "0"}, "extend_s"),
    "too much to add": ("extend", {"instruction": "x", "extend_s": "301"}, "extend_s"),
    "from after the end": ("extend", {"instruction": "x", "extend_from_s": "600"}, "extend_from_s"),
    "endless": ("extend", {"instruction": "x", "extend_s": "inf"}, "extend_s"),
    "too strong": ("cover", {"strength": "1.01"}, "strength"),
    "a seed below 0": ("cover", {"seed": "-1"}, "seed"),
    "half a seed": ("cover", {"seed": "1.5"}, "seed"),
    "a strange model": ("cover", {"model": "lyria-9"}, "model"),
    "no words": ("remix", {"lyrics": "\r\n "}, "lyrics"),
    "too many words": ("remix", {"lyrics": "la " * 3334}, "lyrics"),
    "a long title": ("remix", {"lyrics": "la", "title": "x" * 301}, "title"),
    "no effect": ("effect", {"effect": ""}, "effect"),
    "a small letter": ("effect", {"effect": "reverb"}, "effect"),
    "half a reverb": ("effect", {"effect": "Reverb", "mix": "0.2", "room_size": ""}, "room_size"),
    "too loud": ("effect", {"effect": "Gain", "gain_db": "30.5"}, "gain_db"),
    "no fade": ("effect", {"effect": "Fade", "fade_in_s": "0", "fade_out_s": "0"}, "fade_out_s"),
    "trimmed to nothing": ("effect", {"effect": "Trim", "start_s": "1", "end_s": "1"}, "end_s"),
    "trimmed past the end": ("effect", {"effect": "Trim", "start_s": "0", "end_s": "600"}, "end_s"),
}


@pytest.mark.parametrize(("operation", "form", "field"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_beside_its_field(
    studio: Studio, operation: str, form: dict[str, str], field: str
) -> None:
    page = refused(studio, row(studio), operation, **form)
    assert page.wrongs == [field]
    assert page.one(id=f"id_{field}_error").text.strip()
    if field not in {"effect", "model"}:  # what can only be chosen
        assert page.value(field).strip() == form[field].replace("\r\n", "\n").strip()


def test_the_forms_say_price_account_and_whose_token(studio: Studio) -> None:
    clip = row(studio)
    client = signed_in(studio)
    for operation in FORMS:
        page = Page(client.get(address(clip, operation)))
        pay = page.one("button", class_="btn btn-pay btn-wide")
        assert "about 5 credits" in pay.text
        tool = page.one(id="tool")
        assert "Your API token pays" in tool.text
        assert clip.account
        assert any(each["title"] == clip.account.email for each in tool.all("span"))
    assert client.get(address(clip, "reverse")).status_code == 404


def test_a_poor_account_is_said_before_the_click(studio: Studio) -> None:
    clip = row(studio)
    FlowAccount.objects.update(credits=3)
    page = Page(signed_in(studio).get(address(clip, "cover")))
    pay = page.one("button", class_="btn btn-pay btn-wide")
    assert "disabled" in pay.attributes
    assert "2 credits short" in pay.text


def obstacle(studio: Studio, clip: Clip, operation: str = "cover") -> str:
    """What the page says before anyone tries; a form that is sent all the same makes nothing."""
    page = Page(signed_in(studio).get(address(clip, operation)))
    assert page.all("form", id="edit") == []
    before = Job.objects.count()
    sent = Page(send(studio, clip, operation, instruction="lo-fi"))
    assert (sent.status, sent.notice, Job.objects.count()) == (409, page.notice, before)
    if operation == "cover":
        assert sent.value("instruction") == "lo-fi"  # what was typed is never lost
    return page.notice


def test_what_stands_in_the_way_is_said_before_anyone_tries(studio: Studio) -> None:
    clip = row(studio)
    Clip.objects.filter(pk=clip.pk).update(deleted_at=clip.created_at)
    assert "in the trash" in obstacle(studio, clip)
    Clip.objects.filter(pk=clip.pk).update(deleted_at=None, account=None)
    assert "no API token reaches" in obstacle(studio, clip)
    Clip.objects.filter(pk=clip.pk).update(account=clip.account, uneditable="It was uploaded.")
    assert obstacle(studio, clip) == "It was uploaded."
    Clip.objects.filter(pk=clip.pk).update(uneditable="")
    FlowAccount.objects.filter(pk=clip.account_id).update(block="gone")
    assert "not connected" in obstacle(studio, clip)
    FlowAccount.objects.filter(pk=clip.account_id).update(block="")
    ApiToken.objects.update(refused_at=clip.created_at)
    assert "Enter the new token" in obstacle(studio, clip)
    ApiToken.objects.update(refused_at=None)
    ReferenceFile.objects.create(
        team=studio.team, subscription=studio.subscription, kind="audio", clip_id=clip.clip_id
    )
    assert "uploaded" in obstacle(studio, clip)
    assert "uploaded" in Page(signed_in(studio).get(clip.get_absolute_url())).one(id="wave-foot").text


def test_a_split_take_leads_to_its_stems(studio: Studio) -> None:
    clip = take(studio)
    job = asked(studio, clip, "stems")
    assert "already been requested" in obstacle(studio, clip, "stems")
    assert dispatcher.run(studio.token.subscription_id, synchronous=True) == 1
    assert state(job) == "collecting"
    assert "already been split into stems" in obstacle(studio, clip, "stems")
    Clip.objects.filter(song__operation="stems").update(deleted_at=clip.created_at)
    assert "in the trash" in obstacle(studio, clip, "stems")
    assert studio.sandbox.state.charged_operations()["stems"] == 1


def test_who_may_edit(studio: Studio) -> None:
    """A team-mate without a token of the account hears whose it is; a viewer may not; a stranger finds nothing."""
    clip = row(studio)

    def as_(person: User) -> Studio:
        return Studio(studio.sandbox, studio.team, person, studio.token)

    mate = as_(member(studio.team, "jonas@nightbus.example"))
    assert "add the sandbox’s token" in obstacle(mate, clip)
    Subscription.objects.update(endpoint="https://api.useapi.net/v1/flowmusic")
    assert f"for which only {studio.user.short_name} has a token here" in obstacle(mate, clip)
    ApiToken.objects.all().delete()
    assert "nobody in Night Bus has a working token for it" in obstacle(mate, clip)
    viewer = as_(member(studio.team, "vera@nightbus.example", Role.VIEWER))
    assert signed_in(viewer).get(address(clip, "cover")).status_code == 403
    assert send(viewer, clip, "cover").status_code == 403
    assert Page(signed_in(viewer).get(clip.get_absolute_url())).all("nav", class_="tools") == []
    stranger = as_(member(Team.objects.create(name="Elsewhere"), "theo@elsewhere.example", Role.OWNER))
    assert signed_in(stranger).get(address(clip, "cover")).status_code == 404
    assert send(stranger, clip, "cover").status_code == 404


def test_an_uploaded_take_is_known_from_its_refusal(studio: Studio) -> None:
    clip = take(studio)
    job = asked(studio, clip, "cover", instruction="lo-fi [422]")
    studio.dispatch()
    assert state(job) == "rejected"
    assert "uploaded" in job.error_text
    assert "Nothing was spent" in job.error_text
    clip.refresh_from_db()
    assert obstacle(studio, clip) == clip.uneditable
    assert studio.sandbox.state.charged_operations().get("cover", 0) == 0


def test_a_failed_edit_leads_back_to_its_form_with_everything_in_it(studio: Studio) -> None:
    clip = take(studio)
    job = asked(
        studio, clip, "extend", instruction="an outro [moderated]", extend_s="12", extend_from_s="0", seed="0"
    )
    studio.dispatch()
    end(studio, job)
    studio.look()
    assert state(job) == "failed"
    client = signed_in(studio)
    links = [each["href"] or "" for each in Page(client.get(f"/jobs/{job.pk}/")).all("a")]
    assert f"{address(clip, 'extend')}?from={job.pk}" in links
    assert (
        client.get(f"/create/?from={job.pk}").headers["Location"]
        == f"{address(clip, 'extend')}?from={job.pk}"
    )
    page = Page(client.get(f"{address(clip, 'extend')}?from={job.pk}"))
    typed = {name: page.value(name) for name in ("instruction", "extend_s", "extend_from_s", "seed")}
    assert typed == {
        "instruction": "an outro [moderated]",
        "extend_s": "12",
        "extend_from_s": "0:00.0",
        "seed": "0",
    }
    assert client.get(f"{address(clip, 'cover')}?from={job.pk}").status_code == 404


def test_a_remix_shows_what_changes_and_sends_nothing(studio: Studio) -> None:
    clip = row(studio)
    form = {"lyrics": "[Verse]\nNeon snow\nWe rise again", "changes": "1", "prompt": "synthwave"}
    page = Page(send(studio, clip, "remix", **form))
    assert [each.text for each in page.all("del")] == ["Neon rain"]
    assert [each.text for each in page.all("ins")] == ["Neon snow"]
    assert page.value("lyrics") == form["lyrics"]
    assert page.value("prompt") == "synthwave"
    part = signed_in(studio).post(address(clip, "remix"), form, headers={"HX-Request": "true"})
    assert [each.text for each in Page(part).all("ins")] == ["Neon snow"]
    assert b"<html" not in part.content
    long = form | {"lyrics": "la\n" * 4000}
    refused = Page(send(studio, clip, "remix", **long))
    assert (refused.status, refused.all("ins")) == (422, [])
    assert not Job.objects.exists()


def test_a_remix_shows_what_changes_by_words_that_were_brought_along(studio: Studio) -> None:
    """Else somebody pays for words without having seen what is other."""
    clip = row(studio)
    words = "[Verse]\nNeon snow\nWe rise again"
    assert Page(signed_in(studio).get(address(clip, "remix"))).all("ins") == []
    refused = Page(send(studio, clip, "remix", lyrics=words, seed="many"))
    assert (refused.status, [each.text for each in refused.all("ins")]) == (422, ["Neon snow"])
    job = asked(studio, clip, "remix", lyrics=words)
    page = Page(signed_in(studio).get(f"{address(clip, 'remix')}?from={job.pk}"))
    assert [each.text for each in page.all("ins")] == ["Neon snow"]
