"""Completes jobs whose song is saved. apps/library/archiving copies the files themselves."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from apps.generation.jobs import endings
from apps.generation.models import Job, PanelVersion, State
from apps.library.models import ClipFile
from apps.plural import counted

WAIT_FOR_FILES = timedelta(minutes=10)
WANTED_FIRST = Q(kind__in=ClipFile.FIRST, state=ClipFile.State.WANTED)


def finish(song_id: str | None = None) -> int:
    """Completes jobs whose takes are playable, or that have waited long enough; what is missing shows on the clip."""
    collecting = Job.objects.filter(state=State.COLLECTING)
    if song_id:
        collecting = collecting.filter(song_id=song_id)
    done = 0
    for job in collecting:
        # Stems that came once more went over to the job that brought them.
        missing = ClipFile.objects.filter(WANTED_FIRST, clip__song=job.song_id).count() if job.song_id else 0
        if not missing:
            done += endings.complete(job, "Everything is saved.")
        elif job.collecting_since and timezone.now() - job.collecting_since >= WAIT_FOR_FILES:
            done += endings.complete(job, f"Still missing: {counted(missing, 'file')}, tried for seven days.")
    return done


def show(song_id: str) -> None:
    """A file of the song has come: its card says so."""
    for team_id in Job.objects.filter(song_id=song_id).values_list("team_id", flat=True):
        PanelVersion.bump(team_id)
