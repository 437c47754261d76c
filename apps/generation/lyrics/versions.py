"""Requests lyrics for a draft, saves its versions, deletes and restores it.

A draft is never changed in place: whatever is saved is a version of its own, so nothing that was written is lost.
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

RESTORABLE_FOR = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class LyricsRequest:
    """One request for lyrics, by one person; `nonce` is its form's."""

    by: User
    token: ApiToken
    account: FlowAccount | None
    params: dict[str, Any]
    nonce: uuid.UUID


def begin(team: Team, request: LyricsRequest) -> LyricDraft:
    """A draft for which lyrics are requested. The same form twice is the same draft. Raises FormAlreadyUsed."""
    idea = request.params
    values = {"idea": idea["prompt"], "structure": idea.get("structure", ""), "made_by": request.by}
    try:
        with transaction.atomic():
            draft, _ = LyricDraft.objects.get_or_create(pk=request.nonce, team=team, defaults=values)
            _ask(draft, request)
    except IntegrityError:
        raise FormAlreadyUsed("This form was sent by somebody else.") from None
    return draft


def rewrite(draft: LyricDraft, request: LyricsRequest) -> None:
    """More lyrics for the same draft, perhaps from a changed idea. Raises FormAlreadyUsed."""
    with transaction.atomic():
        _ask(draft, request)
        draft.idea, draft.structure = request.params["prompt"], request.params.get("structure", "")
        draft.save(update_fields=["idea", "structure", "changed_at"])


def _ask(draft: LyricDraft, request: LyricsRequest) -> None:
    JobRequest(
        team=draft.team,
        by=request.by,
        token=request.token,
        account=request.account,
        operation="lyrics",
        params=request.params,
        count=1,
        nonce=request.nonce,
        lyric_draft=draft,
    ).ask()


def save(draft: LyricDraft, *, by: User, title: str, lyrics: str, sound_prompt: str) -> LyricVersion:
    """What stands in the editor as the newest version; the newest itself if it says the same already."""
    with transaction.atomic():
        LyricDraft.objects.select_for_update().get(pk=draft.pk)  # one number for each version
        newest = draft.versions.first()
        if newest and (newest.title, newest.lyrics, newest.sound_prompt) == (title, lyrics, sound_prompt):
            return newest
        version = LyricVersion.objects.create(
            draft=draft,
            number=newest.number + 1 if newest else 1,
            origin=LyricVersion.Origin.EDITED,
            title=title,
            lyrics=lyrics,
            sound_prompt=sound_prompt,
            by=by,
        )
        draft.save(update_fields=["changed_at"])
    return version


def delete(draft: LyricDraft, title: str, *, by: User) -> bool:
    """It can be restored for a day. Those deleted longer ago are erased now, unless lyrics are on their way."""
    now = timezone.now()
    awaited = Job.objects.filter(lyric_draft=OuterRef("pk"), state__in=LIVE)
    old = LyricDraft.objects.filter(~Exists(awaited), team=draft.team_id, deleted_at__lt=now - RESTORABLE_FOR)
    old.delete()
    with transaction.atomic():
        deleted = LyricDraft.objects.live().filter(pk=draft.pk).update(deleted_at=now) == 1
        if deleted:
            AuditEntry.objects.create(
                team_id=draft.team_id, by=by, action="lyrics deleted", subject=title[:200]
            )
    return deleted


def _undelete(team: Team, by: User, draft: str) -> str:
    """Restores one; says what came of it. InvalidInput when it is erased."""
    if not LyricDraft.objects.for_team(team).filter(pk=draft).update(deleted_at=None):
        raise InvalidInput("These lyrics have been erased.")
    return "The lyrics are restored."


def _undelete_by_old_name(team: Team, by: User, sheet: str) -> str:
    """Of a message that was shown before an update, as long as it can be undone."""
    return _undelete(team, by, sheet)


undo.ACTIONS["delete-lyric-draft"] = _undelete
undo.ACTIONS["delete-sheet"] = _undelete_by_old_name
