"""Copies a file of a take into the team's own storage: claim, fetch, tag, check, store, write down.

No transaction is open while a file is fetched. Whoever dies on the way leaves a claim that expires; whoever
wakes up later finds the claim taken and throws its copy away. Nothing is served before the row says `stored`.
"""

import logging
import tempfile
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import BinaryIO

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from apps import shutdown
from apps.library import leases, songs
from apps.library.archiving import fetching, quota, storage_writer, tag_renewal
from apps.library.archiving.errors import NotStored
from apps.library.archiving.media_check import check
from apps.library.models import ClipFile
from apps.upstream.deadline import Deadline
from apps.upstream.errors import UpstreamError

logger = logging.getLogger(__name__)

Kind, State = ClipFile.Kind, ClipFile.State

FETCH_WITHIN_S = {Kind.M4A: 120.0, Kind.MP3: 120.0, Kind.COVER: 60.0, Kind.WAV: 300.0}
CHECK_AND_STORE = timedelta(seconds=120)  # besides the fetching
TRY_AGAIN_AFTER = (
    timedelta(seconds=20),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
TRIED_FOR = timedelta(days=7)
COVER_FIRST = timedelta(seconds=20)  # so long audio waits for the cover that belongs into its tags
WOKEN_AT_ONCE = 40


@dataclass(frozen=True)
class Trouble:
    """Why it did not work this time, and how long the remote side asked to wait at least."""

    words: str
    wait: timedelta = timedelta()


def archive(file_id: int) -> bool:
    """Does now what is due for the file. False: nothing is, or somebody else has it, or it is tried again later."""
    files = ClipFile.objects.select_related("clip__song", "clip__subscription", "clip__account")
    file = files.filter(pk=file_id, clip__erased_at=None).first()
    claim_id = uuid.uuid4()
    if shutdown.has_begun() or file is None or _has_to_wait(file):
        return False
    if not file.take_claim(claim_id, lasts=leases.LASTS):
        return False
    with leases.lease(
        renew=partial(file.renew_claim, claim_id, lasts=leases.LASTS),
        free=partial(file.free_claim, claim_id),
        most=_takes_at_most(file),
    ):
        done = _work_on(file, claim_id)
    if file.kind == Kind.COVER and not file.background:
        songs.wake_files(file.clip.files.due(timezone.now()).values_list("pk", flat=True))
    return done


def _has_to_wait(file: ClipFile) -> bool:
    """Without anything written down: it is looked at again until it is its turn."""
    if file.state != State.WANTED:
        return False
    if file.kind == Kind.WAV and quota.usage(file.clip.team_id).is_full:
        return True
    return file.kind in ClipFile.AUDIO and _cover_is_coming(file)


def _cover_is_coming(file: ClipFile) -> bool:
    """Of what was imported also as long as another process fetches it: nobody waits for that audio, and it would have
    to be tagged and decoded once more."""
    now = timezone.now()
    is_soon = Q(wanted_since__gt=now - COVER_FIRST)
    if file.background:
        is_soon |= Q(claim_until__gt=now)
    covers = ClipFile.objects.filter(clip=file.clip_id, kind=Kind.COVER, state=State.WANTED, tries=0)
    return covers.filter(is_soon).exists()


def _work_on(file: ClipFile, claim_id: uuid.UUID) -> bool:
    storage_writer.clear_away(file)
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as copy:
            return tag_renewal.renew(file, claim_id, copy) if file.is_stored else _copy(file, claim_id, copy)
    except UpstreamError as error:
        trouble = Trouble(error.user_message, timedelta(seconds=error.retry_after or 0))
    except NotStored as error:
        trouble = Trouble(error.words)
    except Exception:
        # A full disk, a storage that is down, a decoder's surprise: the row must not stay claimed and silent.
        logger.exception("%s could not be stored", file)
        trouble = Trouble("This could not be stored here.")
    _try_later(file, claim_id, trouble)
    return False


def wake_due() -> int:
    """Wakes archiving for what is due; the messages may have been lost. Returns how many. What was imported has
    its own turn (backfill.py)."""
    fresh = ClipFile.objects.due(timezone.now()).filter(background=False)
    due = list(fresh.values_list("pk", flat=True)[:WOKEN_AT_ONCE])
    songs.wake_files(due)
    return len(due)


def _takes_at_most(file: ClipFile) -> timedelta:
    return timedelta(seconds=FETCH_WITHIN_S.get(Kind(file.kind), 0)) + CHECK_AND_STORE


def _copy(file: ClipFile, claim_id: uuid.UUID, copy: BinaryIO) -> bool:
    fetching.fetch(file, copy, deadline=Deadline(FETCH_WITHIN_S[Kind(file.kind)]))
    return storage_writer.store(file, claim_id, copy, check(file, copy))


def _try_later(file: ClipFile, claim_id: uuid.UUID, trouble: Trouble) -> None:
    """Back to waiting, longer each time; seven days after the first try it is given up until a person asks again."""
    now = timezone.now()
    since = file.wanted_since if file.tries else now
    pause = max(TRY_AGAIN_AFTER[min(file.tries, len(TRY_AGAIN_AFTER) - 1)], trouble.wait)
    # The claim stays on the row: the next one clears away what this one may have left in the storage.
    values = {
        "claim_until": None,
        "tries": F("tries") + 1,
        "wanted_since": since,
        "next_try_at": now + pause,
        "last_error": trouble.words[:300],
    }
    if not file.is_stored and now - since >= TRIED_FOR:
        values |= {"state": State.GIVEN_UP, "next_try_at": None}
    file.claimed_by(claim_id).filter(state=file.state).update(**values)
    logger.info("%s is tried again later: %s", file, trouble.words)
