"""Saves the result of a call that has no job at the remote side: stems, lyrics, an image, an uploaded file.

Everything here may be called twice with the same answer: who comes second finds the job done.
"""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.generation.dispatch.api_calls import Record
from apps.generation.jobs import endings
from apps.generation.models import Job
from apps.library.models import LyricDraft, LyricVersion, ReferenceFile
from apps.upstream.records import AssetRecord, LyricsRecord, StemsRecord
from apps.wake import wake

logger = logging.getLogger(__name__)

# In the evidence of lyrics whose response doesn't say that they were free, and whether it says that they were not.
NOT_FREE, PAID = "not_free", "paid"
MOST = 2**31 - 1  # that a column of figures takes
# The order in which the four are shown.
STEMS = ("vocals", "drums", "bass", "other")


def save(job: Job, response: Record) -> None:
    """The team has it from now on, and the job is done, or is saving the audio."""
    with transaction.atomic():
        match response:
            case StemsRecord():
                _save_stems(job, response)
            case LyricsRecord():
                _save_lyrics(job, response)
            case AssetRecord():
                _save_asset(job, response)


def _took(job: Job) -> int | None:
    return round((timezone.now() - job.sent_at) / timedelta(milliseconds=1)) if job.sent_at else None


def _save_stems(job: Job, response: StemsRecord) -> None:
    if not endings.start_collecting(job, duration_ms=_took(job)):
        return
    place = {stem: number for number, stem in enumerate(STEMS)}
    clips = sorted(response.clips, key=lambda clip: place.get(clip.stem_type or "", len(STEMS)))
    song = endings.song_of(job, clips)
    # Requested once more, the same four come back: they belong to the job that brought them last.
    for former in Job.objects.filter(song=song):
        endings.complete(former, "The same stems came back.")
    Job.objects.filter(song=song).update(song=None)
    Job.objects.filter(pk=job.pk).update(song=song)


def _save_lyrics(job: Job, response: LyricsRecord) -> None:
    draft = job.lyric_draft
    text, evidence = _money(response)
    if not endings.finish(job, text, duration_ms=_took(job), **evidence) or draft is None:
        return
    list(LyricDraft.objects.select_for_update().filter(pk=draft.pk))  # one after the other counts its version
    last = draft.versions.aggregate(last=Max("number"))["last"] or 0
    LyricVersion.objects.create(
        draft=draft,
        number=last + 1,
        origin=LyricVersion.Origin.MADE,
        title=(response.title or "")[:300],
        lyrics=response.lyrics,
        sound_prompt=response.sound_prompt or "",
        by=job.asked_by,
        song_fired=response.song_fired,
        credits_burned=_fitting(response.credits_burned),
    )
    draft.save(update_fields=["changed_at"])


def _money(response: LyricsRecord) -> tuple[str, dict[str, Any]]:
    """What the job's story says, and what is written down of it."""
    if response.was_free:
        return "Written.", {}
    evidence = {NOT_FREE: True, PAID: response.was_paid, "credits_burned": response.credits_burned}
    if response.was_paid:
        return "Written, but not for free: a song was started, or credits were taken.", {"evidence": evidence}
    return "Written. The answer does not say whether that was free.", {"evidence": evidence}


def money_note(job: Job) -> str:
    """What the card of lyrics adds, if their response does not say that they were free."""
    if not job.evidence.get(NOT_FREE):
        return ""
    paid = job.evidence.get(PAID, True)
    was = "says that these were not" if paid else "does not say whether these were"
    return f"Lyrics are normally free. Flow Music {was}: the lyric draft tells more."


def _fitting(value: float | None) -> Any:
    """A figure as a column takes it; None for what can be none."""
    return value if value is not None and 0 <= value <= MOST else None


def _save_asset(job: Job, response: AssetRecord) -> None:
    file = job.file
    if not endings.finish(job, "Flow Music has it.", duration_ms=_took(job)) or file is None:
        return
    file.refresh_from_db()
    same = ReferenceFile.objects.filter(team=file.team_id, subscription=file.subscription_id)
    if same.filter(asset_id=response.asset_id).exclude(pk=file.pk).update(asset_id=""):
        logger.warning("reference file %s has the asset of an earlier one", file.pk)
    said = {"width": response.width, "height": response.height, "duration_s": response.duration_s}
    learnt: dict[str, Any] = {
        name: value
        for name, value in said.items()
        if _fitting(value) is not None and getattr(file, name) is None
    }
    learnt |= {"asset_id": response.asset_id, "source_url": response.url or ""}
    learnt |= {"metadata_stripped": response.metadata_stripped, "is_flagged": response.is_flagged}
    learnt |= {"clip_id": response.clip_id or "", "operation_id": (response.operation_id or "")[:200]}
    # A late response to a job that was retried changes nothing of what came since.
    rows = ReferenceFile.objects.filter(pk=file.pk, asset_id="")
    if not rows.update(**learnt, account=job.ran_on or file.account):
        logger.warning("reference file %s has an asset already", file.pk)
    wake("library.reference", str(file.pk))
