"""What is done at the writing desk: words are asked for, edited, put away and brought back.

A sheet is never changed in place: whatever is saved is a version of its own, so that nothing that was written is lost.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.accounts.models import ApiToken, AuditEntry, FlowAccount, Team, User
from apps.generation.jobs.requests import FormAlreadyUsed, JobRequest
from apps.generation.models import Job
from apps.generation.models.jobs import LIVE
from apps.library.curation import undo
from apps.library.input_names import InvalidInput
from apps.library.models import LyricDraft, LyricVersion

BROUGHT_BACK_FOR = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class LyricsRequest:
    """One call for words, by one person; `nonce` is its form's."""

    by: User
    token: ApiToken
    account: FlowAccount | None
    params: dict[str, Any]
    nonce: uuid.UUID


def begin(team: Team, request: LyricsRequest) -> LyricDraft:
    """A sheet on which words are asked for. The same form twice is the same sheet. Raises FormAlreadyUsed."""
    idea = request.params
    values = {"idea": idea["prompt"], "structure": idea.get("structure", ""), "made_by": request.by}
    try:
        with transaction.atomic():
            sheet, _ = LyricDraft.objects.get_or_create(pk=request.nonce, team=team, defaults=values)
            _ask(sheet, request)
    except IntegrityError:
        raise FormAlreadyUsed("This form was sent by somebody else.") from None
    return sheet


def ask_again(sheet: LyricDraft, request: LyricsRequest) -> None:
    """More words on the same sheet, perhaps from a changed idea. Raises FormAlreadyUsed."""
    with transaction.atomic():
        _ask(sheet, request)
        sheet.idea, sheet.structure = request.params["prompt"], request.params.get("structure", "")
        sheet.save(update_fields=["idea", "structure", "changed_at"])


def _ask(sheet: LyricDraft, request: LyricsRequest) -> None:
    JobRequest(
        team=sheet.team,
        by=request.by,
        token=request.token,
        account=request.account,
        operation="lyrics",
        params=request.params,
        count=1,
        nonce=request.nonce,
        sheet=sheet,
    ).ask()


def save(sheet: LyricDraft, *, by: User, title: str, lyrics: str, sound_prompt: str) -> LyricVersion:
    """What stands in the editor as the newest version; the newest itself if it says the same already."""
    with transaction.atomic():
        LyricDraft.objects.select_for_update().get(pk=sheet.pk)  # one number for each version
        newest = sheet.versions.first()
        if newest and (newest.title, newest.lyrics, newest.sound_prompt) == (title, lyrics, sound_prompt):
            return newest
        version = LyricVersion.objects.create(
            sheet=sheet,
            number=newest.number + 1 if newest else 1,
            origin=LyricVersion.Origin.EDITED,
            title=title,
            lyrics=lyrics,
            sound_prompt=sound_prompt,
            by=by,
        )
        sheet.save(update_fields=["changed_at"])
    return version


def delete(sheet: LyricDraft, title: str, *, by: User) -> bool:
    """It can be brought back for a day. Those deleted longer ago are erased now, unless words are on their way."""
    now = timezone.now()
    awaited = Job.objects.filter(sheet=OuterRef("pk"), state__in=LIVE)
    old = LyricDraft.objects.filter(
        ~Exists(awaited), team=sheet.team_id, deleted_at__lt=now - BROUGHT_BACK_FOR
    )
    old.delete()
    with transaction.atomic():
        deleted = LyricDraft.objects.live().filter(pk=sheet.pk).update(deleted_at=now) == 1
        if deleted:
            AuditEntry.objects.create(
                team_id=sheet.team_id, by=by, action="lyrics deleted", subject=title[:200]
            )
    return deleted


def _undelete(team: Team, by: User, sheet: str) -> str:
    """Brings one back; says what came of it. InvalidInput when it is erased."""
    if not LyricDraft.objects.for_team(team).filter(pk=sheet).update(deleted_at=None):
        raise InvalidInput("These lyrics have been erased by now.")
    return "The lyrics are restored."


undo.ACTIONS["delete-sheet"] = _undelete
