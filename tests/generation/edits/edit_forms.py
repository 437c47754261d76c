"""A take to edit, and what a person does with the forms of its edits, without JavaScript."""

import uuid
from urllib.error import HTTPError

from django.http import HttpResponse
from django.utils import timezone

from apps.generation.models import Job
from apps.library.models import Clip, Song
from tests.generation.conftest import Studio
from tests.generation.pages import signed_in
from tests.page import Page

# A valid form of each operation, and the parameters that it stands for.
FORMS: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "replace": (
        {"instruction": "softer piano", "mask_start_s": "0", "mask_end_s": "0:02.5"},
        {"instruction": "softer piano", "mask_start_s": 0, "mask_end_s": 2.5},
    ),
    "extend": (
        {"instruction": "an outro", "extend_s": "5", "extend_from_s": ""},
        {"instruction": "an outro", "extend_s": 5},
    ),
    "cover": (
        {"instruction": "lo-fi chillhop", "strength": "0.7", "seed": "0", "model": "lyria-3.5"},
        {"instruction": "lo-fi chillhop", "strength": 0.7, "seed": 0, "model": "lyria-3.5"},
    ),
    "remix": (
        {"lyrics": "[Verse]\r\nNeon rain\r\n", "prompt": "", "title": "Neon"},
        {"lyrics": "[Verse]\nNeon rain", "title": "Neon"},
    ),
    "effect": (
        {"effect": "Gain", "gain_db": "-6", "mix": "0.3", "bass_db": "0", "seed": "7"},
        {"effect": "Gain", "gain_db": -6, "seed": 7},
    ),
    "stems": ({}, {}),
}


def take(studio: Studio, prompt: str = "a slow waltz, 90 bpm [short]", *, saved: bool = False) -> Clip:
    """Take A of a song that was made; `saved` with its audio."""
    (job,) = studio.ask(prompt)
    studio.dispatch()
    studio.finish(job)
    studio.look()
    if saved:
        studio.save_files(job)
    job.refresh_from_db()
    assert job.song
    clip = job.song.takes.order_by("take").first()
    assert clip
    return clip


def row(studio: Studio) -> Clip:
    """A take as far as our own pages go: the remote side knows nothing of it."""
    account = studio.account("studio")
    song = Song.objects.create(team=studio.team, created_at=timezone.now(), prompt="slow disco")
    return Clip.objects.create(
        team=studio.team,
        song=song,
        subscription=account.subscription,
        account=account,
        clip_id=f"user:1000-{account.email}-clip:{uuid.uuid4()}",
        title="Copper Rain",
        duration_s=8.04,
        lyrics="[Verse]\nNeon rain\nWe rise again",
    )


def end(studio: Studio, job: Job) -> None:
    """At the remote side, now; an effect may be done before anybody says so."""
    try:
        studio.finish(job)
    except HTTPError as answer:
        assert answer.code == 409  # noqa: PT017


def address(clip: Clip, operation: str) -> str:
    return f"/library/clips/{clip.pk}/edit/{operation}/"


def send(studio: Studio, clip: Clip, operation: str, **form: str) -> HttpResponse:
    filled = {"nonce": str(uuid.uuid4())} | form
    return signed_in(studio).post(address(clip, operation), filled)


def asked(studio: Studio, clip: Clip, operation: str, **form: str) -> Job:
    response = send(studio, clip, operation, **form)
    assert response.status_code == 302, Page(response).wrongs
    job = Job.objects.get(operation=operation)
    assert response.headers["Location"] == f"{address(clip, operation)}?from={job.pk}"
    return job


def refused(studio: Studio, clip: Clip, operation: str, **form: str) -> Page:
    response = send(studio, clip, operation, **form)
    assert response.status_code == 422
    assert not Job.objects.filter(operation=operation).exists()
    return Page(response)
