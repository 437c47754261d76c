"""From the form to the request: sent twice it is one request, and what was not chosen is not sent."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from apps.generation.base_forms import MODELS
from apps.generation.create.forms import GHOSTWRITERS
from apps.generation.models import Job
from tests.generation.conftest import Studio, member, with_token
from tests.generation.pages import LYRICS, refused, requested, send, signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("nonce", [None, "", "7", "x" * 500])
def test_a_page_with_a_broken_nonce_can_be_sent_again(studio: Studio, nonce: str | None) -> None:
    page = refused(studio, prompt="kept words", nonce=nonce)
    assert "Send it once more" in page.notice
    assert page.value("prompt") == "kept words"
    assert len(requested(studio, nonce=page.value("nonce"))) == 1


def test_a_nonce_that_somebody_else_used_makes_nothing_and_can_be_mended(studio: Studio) -> None:
    nonce = str(uuid.uuid4())
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    assert send(mate, prompt="theirs", nonce=nonce).status_code == 302
    response = send(studio, prompt="mine", nonce=nonce)
    page = Page(response)
    assert (page.status, page.value("prompt")) == (422, "mine")
    assert "sent by somebody else" in page.notice
    assert Job.objects.get().asked_by == mate.user
    assert send(studio, prompt="mine", nonce=page.value("nonce")).status_code == 302
    assert Job.objects.filter(asked_by=studio.user).count() == 1


def test_the_same_form_twice_makes_the_same_jobs_charged_once(studio: Studio) -> None:
    nonce = str(uuid.uuid4())
    first = requested(studio, count="3", nonce=nonce)
    assert requested(studio, count="3", nonce=nonce) == first
    studio.dispatch()
    assert sum(studio.charged(job) for job in first) == len(studio.sandbox.state.charges()) == 3


def test_the_same_form_with_other_content_is_another_request_and_not_lost(studio: Studio) -> None:
    """Back in the browser, the prompt changed, sent again."""
    nonce = str(uuid.uuid4())
    requested(studio, prompt="first words", nonce=nonce)
    page = Page(send(studio, prompt="other words", nonce=nonce))
    assert (page.status, page.value("prompt")) == (422, "other words")
    assert "sent before, with other content" in page.notice
    jobs = requested(studio, prompt="other words", nonce=page.value("nonce"))
    assert {job.params["prompt"] for job in jobs} == {"first words", "other words"}


@pytest.mark.django_db(transaction=True)
def test_a_double_click_at_the_same_instant_makes_one_job(studio: Studio) -> None:
    nonce, start = str(uuid.uuid4()), Barrier(4)
    clients = [signed_in(studio) for _ in range(4)]

    def click(client: Client) -> int:
        form = {"prompt": "once", "words": "own", "count": "2", "nonce": nonce}
        start.wait()
        try:
            return client.post("/create/", form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(click, clients)) == [302] * 4
    assert Job.objects.count() == 2


# What is sent.

PROMPT = {"prompt": "slow disco"}


@pytest.mark.parametrize(
    ("form", "params"),
    [
        ({}, PROMPT),
        ({"lyrics": "   "}, PROMPT),
        ({"lyrics": LYRICS}, PROMPT | {"lyrics": LYRICS}),
        # What belongs to a choice that is not the chosen one stays in the page and is not sent.
        ({"lyrics": LYRICS, "ghostwriter": "pro"}, PROMPT | {"lyrics": LYRICS}),
        ({"words": "ghostwriter", "lyrics": LYRICS}, PROMPT),
        ({"words": "ghostwriter", "ghostwriter": "standard"}, PROMPT | {"ghostwriter": "standard"}),
        ({"words": "ghostwriter", "ghostwriter": "pro", "lyrics": LYRICS}, PROMPT | {"ghostwriter": "pro"}),
        ({"words": "instrumental"}, PROMPT | {"instrumental": True}),
        ({"words": "instrumental", "lyrics": LYRICS, "ghostwriter": "pro"}, PROMPT | {"instrumental": True}),
        ({"model": "lyria-3-pro"}, PROMPT | {"model": "lyria-3-pro"}),
        (
            {"model": "lyria-3.5", "words": "instrumental"},
            PROMPT | {"model": "lyria-3.5", "instrumental": True},
        ),
        ({"prompt": "\n slow disco \n"}, PROMPT),
        # By the API's own names alone, as a script of the team's may send them.
        ({"words": None, "instrumental": "on"}, PROMPT | {"instrumental": True}),
        ({"words": None, "lyrics": LYRICS}, PROMPT | {"lyrics": LYRICS}),
        ({"words": None, "ghostwriter": "pro"}, PROMPT | {"ghostwriter": "pro"}),
    ],
)
def test_what_was_not_chosen_is_left_out(
    studio: Studio, form: dict[str, object], params: dict[str, object]
) -> None:
    (job,) = requested(studio, **form)
    assert job.params == params


def test_own_words_and_instrumental_at_once_is_refused(studio: Studio) -> None:
    page = refused(studio, words=None, lyrics=LYRICS, instrumental="on")
    assert page.wrongs == ["instrumental"]


# Every parameter of POST /music that a person chooses: the field, what is filled in, and what the API gets.
# Ours are mode, replyUrl and replyRef; refImage and refAudio need files, which have pages of their own.
CHOSEN = [
    ("email", {"email": "night+bus@sandbox.example"}, "night+bus@sandbox.example"),
    ("prompt", {"prompt": "solo harp, 60 bpm"}, "solo harp, 60 bpm"),
    ("instrumental", {"words": "instrumental"}, True),
    ("lyrics", {"words": "own", "lyrics": LYRICS}, LYRICS),
    *(("ghostwriter", {"words": "ghostwriter", "ghostwriter": name}, name) for name, _ in GHOSTWRITERS[1:]),
    *(("model", {"model": name}, name) for name, _ in MODELS[1:]),
]


@pytest.mark.parametrize(("parameter", "form", "value"), CHOSEN)
def test_every_parameter_reaches_the_api(
    studio: Studio, parameter: str, form: dict[str, object], value: object
) -> None:
    (job,) = requested(studio, **form)
    studio.dispatch()
    (row,) = studio.sandbox.state.rows("SELECT request FROM jobs")
    request = json.loads(row["request"])
    assert request[parameter] == value
    assert request.pop("mode") == "async"
    assert request.pop("replyRef") == job.reference
    assert set(request) == {"prompt", "email", parameter}


def test_a_batch_is_numbered_and_shares_its_nonce(studio: Studio) -> None:
    jobs = requested(studio, count="20")
    assert [(job.batch_index, job.batch_size) for job in jobs] == [(index, 20) for index in range(20)]
    assert len({job.nonce for job in jobs}) == 1
    assert len({job.reference for job in jobs}) == 20
