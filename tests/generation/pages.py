"""What a signed-in person does with the pages of this app, without JavaScript."""

import uuid

from django.http import HttpResponse
from django.test import Client

from apps.generation.models import Job
from tests.generation.conftest import Studio
from tests.page import Page

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LYRICS = "[Verse]\nLast ferry home <b>tonight</b>\n\n[Chorus]\nCopper rain & smoke"


def signed_in(studio: Studio) -> Client:
    client = Client()
    client.force_login(studio.user, backend=BACKEND)
    return client


def send(studio: Studio, **form: object) -> HttpResponse:
    """The form with these fields; the others as a fresh page has them."""
    filled = {"prompt": "slow disco", "words": "own", "count": "1", "nonce": str(uuid.uuid4())} | form
    return signed_in(studio).post(
        "/create/", {name: value for name, value in filled.items() if value is not None}
    )


def refused(studio: Studio, **form: object) -> Page:
    response = send(studio, **form)
    assert response.status_code == 422
    assert not Job.objects.exists()
    return Page(response)


def requested(studio: Studio, **form: object) -> list[Job]:
    response = send(studio, **form)
    assert response.status_code == 302, Page(response).wrongs
    jobs = list(Job.objects.order_by("batch_index"))
    assert response.headers["Location"] in [f"/create/?sent={job.pk}" for job in jobs]
    return jobs
