"""Every operation × a clean error: the right state, the remote side's own words, one POST and no more."""

import pytest

from apps.generation.models import Job
from apps.generation.operations import EDITS, OPERATIONS, SYNCHRONOUS
from tests.generation.conftest import Studio
from tests.generation.dispatch.test_statuses import Row, ask, seen
from tests.generation.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)

SAID = "The studio is closed for repairs"
POSTS = dict.fromkeys(EDITS, "POST /music/edit") | {
    "music": "POST /music",
    "lyrics": "POST /music/lyrics",
    "image": "POST /files/generate",
    "upload": "POST /files",
}
# A JSON 500 of files and files/generate is a refusal (docs/api.md, point 22).
DECLINES = {("image", 500), ("upload", 500)}
CASES = [(operation, status) for operation in OPERATIONS for status in (404, 408, 500, 503)]


def test_every_operation_has_its_post() -> None:
    assert POSTS.keys() == OPERATIONS.keys()


@pytest.mark.parametrize(("operation", "status"), CASES)
def test_a_clean_error_is_quoted_and_sent_once(
    studio: Studio, relay: Relay, operation: str, status: int
) -> None:
    job = ask(studio, Row(operation, status, "", "", "", ""))
    relay.calls.clear()
    relay.say(POSTS[operation], status, {"error": SAID, "code": status})
    for _ in range(3):
        studio.dispatch(synchronous=operation in SYNCHRONOUS)
    refused = "failed" if (operation, status) in DECLINES else "rejected"
    is_refusal = status == 404 or (operation, status) in DECLINES
    job = Job.objects.get(pk=job.pk)
    shown = seen(studio, job)
    said = f"{shown.text} {shown.quote}"
    assert job.state == (refused if is_refusal else "unknown"), said
    assert SAID in said
    assert "got lost" not in said
    assert "connection" not in said
    assert relay.calls.count(POSTS[operation]) == 1
    assert studio.account("studio").block == ""
