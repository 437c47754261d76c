"""What comes of a call whose answer is all there is: stems, words, a picture, an uploaded file.

Everything here may be called twice with the same answer: who comes second finds the job done.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.generation import ends
from apps.generation.calls import Answer
from apps.generation.models import Job
from apps.library.models import LyricSheet, LyricVersion
from apps.library.songs import keep_song
from apps.upstream.records import AssetRecord, LyricsRecord, StemsRecord
from apps.wake import wake

# The order in which the four are shown.
STEMS = ("vocals", "drums", "bass", "other")


def keep(job: Job, answer: Answer) -> None:
    """The team has it from now on, and the job is done, or is saving the audio."""
    with transaction.atomic():
        match answer:
            case StemsRecord():
                _keep_stems(job, answer)
            case LyricsRecord():
                _keep_lyrics(job, answer)
            case AssetRecord():
                _keep_asset(job, answer)


def _took(job: Job) -> int | None:
    return round((timezone.now() - job.sent_at) / timedelta(milliseconds=1)) if job.sent_at else None


def _keep_stems(job: Job, answer: StemsRecord) -> None:
    if not ends.start_collecting(job, duration_ms=_took(job)):
        return
    place = {stem: number for number, stem in enumerate(STEMS)}
    song = keep_song(
        team=job.team,
        subscription=job.subscription,
        account=job.ran_on,
        asked_by=job.asked_by,
        operation=job.operation,
        params=job.params,
        clips=sorted(answer.clips, key=lambda clip: place.get(clip.stem_type or "", len(STEMS))),
        source=job.source,
        asked_at=job.created_at,
    )
    # Asked for once more, the same four come back: they belong to the job that brought them last.
    Job.objects.filter(song=song).update(song=None)
    Job.objects.filter(pk=job.pk).update(song=song)


def _keep_lyrics(job: Job, answer: LyricsRecord) -> None:
    sheet = job.sheet
    if not ends.finish(job, "Written.", duration_ms=_took(job)) or sheet is None:
        return
    list(LyricSheet.objects.select_for_update().filter(pk=sheet.pk))  # one after the other counts its version
    last = sheet.versions.aggregate(last=Max("number"))["last"] or 0
    LyricVersion.objects.create(
        sheet=sheet,
        number=last + 1,
        origin=LyricVersion.Origin.MADE,
        title=(answer.title or "")[:300],
        lyrics=answer.lyrics,
        sound_prompt=answer.sound_prompt or "",
        by=job.asked_by,
        song_fired=answer.song_fired,
        credits_burned=answer.credits_burned,
    )
    sheet.save(update_fields=["changed_at"])


def _keep_asset(job: Job, answer: AssetRecord) -> None:
    file = job.file
    if not ends.finish(job, "Flow Music has it.", duration_ms=_took(job)) or file is None:
        return
    file.refresh_from_db()
    said = {"width": answer.width, "height": answer.height, "duration_s": answer.duration_s}
    for name, value in said.items():
        if value is not None and getattr(file, name) is None:
            setattr(file, name, value)
    file.asset_id, file.source_url = answer.asset_id, answer.url or ""
    file.metadata_stripped, file.is_flagged = answer.metadata_stripped, answer.is_flagged
    file.clip_id, file.operation_id = answer.clip_id or "", answer.operation_id or ""
    file.account = job.ran_on or file.account
    file.save()
    wake("library.reference", str(file.pk))
