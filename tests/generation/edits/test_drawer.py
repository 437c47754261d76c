"""The drawer of a tool: it stays as it was sent, HTMX gets it alone, and closing it leaves the rest of the page."""

import uuid

import pytest
from django.utils import timezone

from apps.generation.models import Job
from tests.generation.conftest import Studio, member
from tests.generation.edits.edit_forms import address, asked, row, send
from tests.generation.pages import signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db


def test_what_was_typed_stays_when_the_same_form_is_sent_again_with_other_words(studio: Studio) -> None:
    clip, nonce = row(studio), str(uuid.uuid4())
    asked(studio, clip, "cover", nonce=nonce, instruction="lo-fi")
    page = Page(send(studio, clip, "cover", nonce=nonce, instruction="bossa nova"))
    assert page.status == 422
    assert "sent before" in page.notice
    assert page.value("instruction") == "bossa nova"
    assert Job.objects.filter(operation="cover").count() == 1
    assert send(studio, clip, "cover", nonce=page.value("nonce"), instruction="bossa nova").status_code == 302


def test_the_form_stays_as_it_was_sent_and_can_be_sent_again(studio: Studio) -> None:
    """Deliberately, with the nonce that came back: the second of a double click has the first one."""
    clip, form = (
        row(studio),
        {"instruction": "lo-fi chillhop", "strength": "0.7", "title": "Slow", "seed": "7"},
    )
    first = asked(studio, clip, "cover", **form)
    page = Page(signed_in(studio).get(f"{address(clip, 'cover')}?from={first.pk}"))
    assert {name: page.value(name) for name in form} == form
    assert f"/jobs/{first.pk}/" in [each["href"] for each in page.one(id="tool").all("a")]
    assert "Cover again" in page.one("button", class_="btn btn-pay btn-wide").text
    nonces = [page.value("nonce")] * 2
    for nonce in nonces:
        assert send(studio, clip, "cover", nonce=nonce, **form).status_code == 302
    assert Job.objects.filter(operation="cover").count() == 2


def test_htmx_gets_the_form_as_it_was_sent_and_news_of_the_job(studio: Studio) -> None:
    clip = row(studio)
    form = {"instruction": "lo-fi", "nonce": str(uuid.uuid4())}
    response = signed_in(studio).post(
        address(clip, "cover"), form, headers={"HX-Request": "true"}, follow=True
    )
    page = Page(response)
    assert b"<html" not in response.content
    assert page.value("instruction") == "lo-fi"
    assert page.value("nonce") != form["nonce"]
    assert "Queued: Cover, Copper Rain." in response.text


def test_settings_of_someone_elses_job_or_of_one_that_is_over_are_not_said_to_be_queued(
    studio: Studio,
) -> None:
    clip = row(studio)
    job = asked(studio, clip, "cover", instruction="lo-fi")
    link = f"{address(clip, 'cover')}?from={job.pk}"
    assert "Queued" in Page(signed_in(studio).get(link)).one(id="tool").text
    mate = member(studio.team, "jonas@nightbus.example")
    Job.objects.update(asked_by=mate)
    assert "Queued" not in Page(signed_in(studio).get(link)).one(id="tool").text
    Job.objects.update(asked_by=studio.user, state="failed", finished_at=timezone.now())
    assert "Queued" not in Page(signed_in(studio).get(link)).one(id="tool").text


def test_htmx_gets_what_changes_when_a_tool_is_closed(studio: Studio) -> None:
    clip = row(studio)
    response = signed_in(studio).get(clip.get_absolute_url(), headers={"HX-Request": "true"})
    page = Page(response)
    assert b"<html" not in response.content
    assert "hidden" in page.one(id="tool").attributes
    assert page.one(id="wave-foot")["hx-swap-oob"] == "true"
    assert [each for each in page.all("a") if each["aria-current"]] == []
    assert "HX-Request" in response.headers["Vary"]


def test_htmx_gets_the_tool_and_the_row_of_tools(studio: Studio) -> None:
    clip = row(studio)
    response = signed_in(studio).get(address(clip, "cover"), headers={"HX-Request": "true"})
    page = Page(response)
    assert page.one(id="tool")["data-tool"] == "cover"
    (current,) = [each for each in page.all("a") if each["aria-current"]]
    assert current["href"] == address(clip, "cover")
    assert page.one(id="wave-foot")["hx-swap-oob"] == "true"
    assert "HX-Request" in response.headers["Vary"]
