"""Every documented status of every operation that is a job: the right state, plain words, a next step.

Meanings are those of the pages post-flowmusic-music, -music-edit, -music-lyrics, -files and -files-generate. Of the
reads and of the calls about accounts tests/upstream/test_statuses.py says what each means; what people see of
them is in tests/accounts/views/test_account_connection.py, tests/accounts/test_usage_sync.py and
tests/library/importing/test_runner.py.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.accounts.models import Membership
from apps.generation.job_pages import panel
from apps.generation.job_pages.card_writer import card
from apps.generation.job_pages.cards import Card
from apps.generation.models import Job
from apps.generation.operations import EDITS, SYNCHRONOUS
from apps.library.models import LyricDraft, ReferenceFile
from tests.generation.conftest import Studio
from tests.generation.references.file_uploads import sent
from tests.library.sounds import picture
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)

EDIT: dict[str, dict[str, Any]] = {
    "effect": {"effect": "Gain", "gain_db": -6},
    "extend": {"instruction": "an outro", "extend_s": 30},
    "replace": {"instruction": "strings", "mask_start_s": 0, "mask_end_s": 4},
    "cover": {"instruction": "bossa nova"},
    "remix": {"lyrics": "[Verse]\nOther words"},
    "stems": {},
}
TOKEN, RENEW, TOP_UP, RECONNECT, ACCOUNTS = (
    "Enter the new token",
    "See tokens",
    "Top up",
    "Reconnect",
    "See accounts",
)
NOTHING = "othing was spent"


@dataclass(frozen=True)
class Row:
    """`scenario` is ordered at the remote side; without one the parameters themselves are refused."""

    operation: str
    status: int
    scenario: str
    state: str
    words: str
    step: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.operation}-{self.status}-{self.scenario}".replace(" ", "_")


def shared(operation: str, *, free: bool = False) -> list[Row]:
    """What means the same whatever was asked."""
    rows = [
        Row(operation, 401, "401", "queued", "no longer accepts this token", TOKEN),
        Row(
            operation,
            596,
            "account error",
            "queued",
            "wants studio@sandbox.example to sign in again",
            RECONNECT,
        ),
    ]
    if not free:
        rows += [
            Row(operation, 402, "out of credits", "queued", "has no credits left", TOP_UP),
            Row(operation, 402, "no subscription", "queued", "subscription of this token has ended", RENEW),
            Row(operation, 429, "busy", "queued", "Trying again in", "Remove from queue"),
        ]
    return rows


def edits(operation: str) -> list[Row]:
    begun = (
        Row(operation, 200, "", "collecting", "Saving 0 of 8 files. ", "")
        if operation == "stems"
        else Row(operation, 201, "", "running", "studio@", "Cancel…")
    )
    refused = Row(operation, 400, "", "rejected", NOTHING, "Edit settings", {"seed": -1})
    # What is shared goes the same way for each that is watched; stems are the one that blocks.
    return [begun, refused, *(shared(operation) if operation in {"cover", "stems"} else [])]


ROWS = [
    Row("music", 201, "", "running", "studio@", "Cancel…"),
    Row("music", 400, "", "rejected", NOTHING, "Edit prompt", {"model": "another"}),
    Row("music", 422, "moderated now", "failed", "Leave out names", "Edit prompt"),
    Row("music", 429, "busy all", "queued", "Trying again in", "Remove from queue"),
    *shared("music"),
    *(row for operation in EDITS for row in edits(operation)),
    Row("cover", 422, "moderated now", "failed", "Leave out names", "Edit settings"),
    Row("lyrics", 200, "", "completed", "written", "View"),
    Row("lyrics", 400, "", "rejected", NOTHING, "Edit prompt", {"prompt": "x" * 2001}),
    Row("lyrics", 422, "no lyrics", "failed", "wrote no lyrics", "Edit prompt"),
    *shared("lyrics", free=True),
    Row("upload", 200, "", "completed", "sent", "View"),
    Row("upload", 422, "422", "rejected", "metadata", "Open file"),
    Row("upload", 500, "moderated now", "failed", "Flow Music", "Retry…"),
    *shared("upload", free=True),
    Row("image", 200, "", "completed", "created", "View"),
    Row("image", 400, "", "rejected", NOTHING, "Edit prompt", {"prompt": "x" * 2001}),
    Row("image", 500, "moderated now", "failed", "Flow Music", "Edit prompt"),
    *shared("image", free=True),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_each_status_means(studio: Studio, row: Row) -> None:
    job = ask(studio, row)
    if row.scenario:
        name = {"upload": "files"}.get(row.operation, row.operation)
        order(studio.sandbox.url, "scenario", operation=name, scenario=row.scenario, times=1)
    studio.dispatch(synchronous=row.operation in SYNCHRONOUS)
    shown = seen(studio, job)
    said = " ".join([shown.text, shown.subtitle, shown.quote])
    assert (shown.state, row.words in said) == (row.state, True), said
    assert row.step in [action.label for action in shown.actions] or not row.step, shown.actions


def ask(studio: Studio, row: Row) -> Job:
    if row.operation in EDITS:
        return studio.ask_for(row.operation, source=studio.take(), **EDIT[row.operation] | row.params)
    if row.operation == "upload":
        return sent(studio, picture()).jobs.get()
    about: dict[str, Any] = {}
    if row.operation == "lyrics":
        about = {"lyric_draft": LyricDraft.objects.create(team=studio.team, made_by=studio.user)}
    elif row.operation == "image":
        about = {"file": an_empty_frame(studio)}
    job = studio.ask_for(row.operation, **about, **{"prompt": "a slow waltz"} | row.params)
    Job.objects.filter(pk=job.pk).update(account=studio.account("studio"), account_is_fixed=True)
    return job


def an_empty_frame(studio: Studio) -> ReferenceFile:
    """The row that a picture is asked for with."""
    return ReferenceFile.objects.create(
        team=studio.team,
        subscription=studio.subscription,
        kind=ReferenceFile.Kind.IMAGE,
        origin=ReferenceFile.Origin.MADE,
    )


def seen(studio: Studio, job: Job) -> Card:
    membership = Membership.objects.get(team=studio.team, user=studio.user)
    return card(panel.with_card_relations(Job.objects.all()).get(pk=job.pk), panel.surroundings(membership))


def test_a_take_that_is_gone_is_not_edited_again(studio: Studio) -> None:
    """404 of an edit, about the take; about the account it waits until that is connected again."""
    take = studio.take()
    take.clip_id = take.clip_id[:-12] + "0" * 12
    job = studio.ask_for("cover", source=take)
    studio.dispatch()
    shown = seen(studio, job)
    assert (shown.state, "does not have this take any more" in shown.text) == ("rejected", True)


def test_an_account_that_is_gone_holds_an_edit_back(studio: Studio) -> None:
    job = studio.ask_for("cover", source=studio.take())
    order(studio.sandbox.url, "accounts", email=studio.account("studio").email, remove=True)
    studio.dispatch()
    shown = seen(studio, job)
    assert (shown.state, shown.kind) == ("queued", "blocked")
    assert "is not connected" in shown.text
    assert ACCOUNTS in [action.label for action in shown.actions]
