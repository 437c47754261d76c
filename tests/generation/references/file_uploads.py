"""Files as people send them, and what a member does with the page of references."""

import uuid
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from apps.generation.dispatch import dispatcher
from apps.library.models import ReferenceFile
from tests.generation.conftest import Studio
from tests.generation.pages import signed_in

EMAIL, NIGHT = "studio@sandbox.example", "night+bus@sandbox.example"
UPLOAD = "/library/files/upload/"


def by_script(client: Client, content: bytes, name: str = "cover.png", **fields: str) -> HttpResponse:
    """As static/js/forms/reference-files.js sends one: the file is the body."""
    asked = {"email": EMAIL, "stripMetadata": "true", "nonce": str(uuid.uuid4()), "name": name} | fields
    headers = {"X-Fields": urlencode(asked)}
    return client.post(UPLOAD, data=content, content_type="application/octet-stream", headers=headers)


def by_form(client: Client, *files: tuple[str, bytes], **fields: str) -> HttpResponse:
    """As a browser without scripts sends them."""
    sent = [SimpleUploadedFile(name, content, "application/x-whatever") for name, content in files]
    asked = {"email": EMAIL, "stripMetadata": "true", "nonce": str(uuid.uuid4()), "file": sent} | fields
    return client.post(UPLOAD, {name: value for name, value in asked.items() if value is not None})


def sent(studio: Studio, content: bytes, name: str = "cover.png", **fields: str) -> ReferenceFile:
    answer = by_script(signed_in(studio), content, name, **fields)
    assert answer.json()["ok"], answer.json()
    return ReferenceFile.objects.get(name=name, account__email=fields.get("email", EMAIL))


def deliver(studio: Studio) -> int:
    """What the slow worker does."""
    return dispatcher.run(studio.token.subscription_id, synchronous=True)
