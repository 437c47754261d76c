"""Imports an account's list a slice at a time: claims it, reads some pages, and wakes the next task.

Some pages and how far the walk has come are written in one transaction: whoever dies on the way loses those at most,
and whoever comes next begins with them. The next ones are read meanwhile (prefetch.py); no transaction is open across a
call. What a person needs to know is in the row (errors.py).
"""

import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from apps import shutdown
from apps.library import leases, songs
from apps.library.importing import errors, page_writer, stems
from apps.library.importing.prefetch import Reader, Stretch
from apps.library.importing.row_builder import Ready, prepare
from apps.library.models import Import
from apps.upstream.flowmusic import FlowMusic
from apps.wake import wake

SLICE_S = 20.0
TAKES_AT_MOST = timedelta(minutes=5)  # of a slice: its last page may be slow
SHOWN_EVERY_S = 2.0
MOST_RESTARTS = 5  # a list that never stands still must end too

State = Import.State


@dataclass(frozen=True)
class ListPosition:
    """Where the walk goes on; `is_end` behind the last page of the second look."""

    offset: int
    anchors: list[str]
    at_top: bool
    last_at: datetime | None
    restarts: int
    is_end: bool = False

    @classmethod
    def of(cls, walk: Import) -> "ListPosition":
        return cls(walk.offset, walk.anchors, walk.at_top, walk.last_at, walk.restarts)


def walk(import_id: str) -> bool:
    """A slice of it. False: it isn't due, or somebody else walks, or it has come to a stop."""
    claim_id = uuid.uuid4()
    found = Import.objects.filter(pk=import_id).select_related("team", "subscription", "account")
    due = found.first()
    if shutdown.has_begun() or due is None or not due.take_claim(claim_id, lasts=leases.LASTS):
        return False
    walk = found.get()  # as whoever had it before has left it
    with _lease(walk, claim_id), errors.noted(walk, claim_id):
        token, client = errors.client_of(walk)
        with errors.refused(token):
            return _go(walk, claim_id, client)
    return False


def _lease(walk: Import, claim_id: uuid.UUID) -> AbstractContextManager[None]:
    return leases.lease(
        renew=partial(walk.renew_claim, claim_id, lasts=leases.LASTS),
        free=partial(walk.free_claim, claim_id),
        most=TAKES_AT_MOST,
    )


def _go(walk: Import, claim_id: uuid.UUID, client: FlowMusic) -> bool:
    until, offset = time.monotonic() + SLICE_S, walk.offset
    while True:
        with Reader(client, walk.account.email, offset=offset, until=until) as stretches:
            position = _follow(walk, claim_id, stretches)
        if position is None or position.is_end:
            return position is not None and _end(walk, claim_id)
        if time.monotonic() > until or shutdown.has_begun():
            return _hand_on(walk, claim_id)
        offset = position.offset


def _follow(walk: Import, claim_id: uuid.UUID, stretches: Iterable[Stretch]) -> ListPosition | None:
    """As far as they lead; to where it goes on elsewhere. None: the walk isn't ours any more."""
    position: ListPosition | None = ListPosition.of(walk)
    shown = time.monotonic()
    for stretch in stretches:
        position = _write(walk, claim_id, stretch)
        if (
            position is None
            or position.is_end
            or position.offset != stretch.following
            or shutdown.has_begun()
        ):
            break
        if time.monotonic() - shown > SHOWN_EVERY_S:
            shown = time.monotonic()
            wake("generation.changed", walk.subscription_id)
    return position


def _write(walk: Import, claim_id: uuid.UUID, stretch: Stretch) -> ListPosition | None:
    """Saves what it gives. None: the walk isn't ours any more."""
    ready = prepare(stretch.clips, walk.team_id)  # before anybody waits for this one
    with transaction.atomic():
        songs.lock_team(walk.team)
        unseen = _unseen(walk, ready)
        if unseen is None:
            position, counts = _restart(walk), dict.fromkeys(("filled", "known", "left_out"), 0)
        else:
            unseen = unseen[: walk.left]
            saved = page_writer.save(walk, unseen)
            is_full = walk.left is not None and len(unseen) >= walk.left
            position = _after(walk, stretch, saved, has_anchors=bool(unseen), is_full=is_full)
            counts = _counts(walk, saved)
        if _set(walk, claim_id, position, **counts):
            return position
        transaction.set_rollback(True)
    return None


def _counts(walk: Import, saved: page_writer.SavedPage) -> dict[str, int]:
    """The second look meets what the first one has counted."""
    names = ("new",) if walk.at_top else ("new", "filled", "known", "left_out")
    return {name: getattr(walk, name) + getattr(saved, name) for name in names}


def _set(walk: Import, claim_id: uuid.UUID, position: ListPosition, **counts: int) -> bool:
    return walk.write(
        claim_id,
        offset=position.offset,
        anchors=position.anchors,
        at_top=position.at_top,
        last_at=position.last_at,
        restarts=position.restarts,
        claim_until=timezone.now() + leases.LASTS,
        tries=0,
        problem="",
        **counts,
    )


def _unseen(walk: Import, clips: Sequence[Ready]) -> Sequence[Ready] | None:
    """What stands behind the end of the page before. None: that end isn't here, so something may lie between.

    Songs made meanwhile push the end down the list: then the first part of the page, or all of it, was seen before.
    """
    if walk.at_top or walk.offset == 0 or not walk.anchors:
        return clips
    ends = [index for index, ready in enumerate(clips) if ready.clip.clip_id in walk.anchors]
    if ends:
        return clips[max(ends) + 1 :]
    known = page_writer.known_of(walk, clips).keys() | page_writer.uploads_of(walk, clips).keys()
    if all(ready.clip.clip_id in known for ready in clips):
        return []
    return None if walk.restarts < MOST_RESTARTS else clips


def _restart(walk: Import) -> ListPosition:
    """From the top: many songs were made meanwhile, or clips deleted there. What is known gives the others their
    position, and is imported no second time."""
    return ListPosition(walk.first, [], walk.at_top, timezone.now(), walk.restarts + 1)


def _after(
    walk: Import, stretch: Stretch, saved: page_writer.SavedPage, *, has_anchors: bool, is_full: bool
) -> ListPosition:
    anchors = stretch.ends if has_anchors else walk.anchors
    following = stretch.following
    if is_full or (walk.is_part and following is None):  # what is made meanwhile lies before a part
        return ListPosition(walk.offset, anchors, False, saved.last_at, walk.restarts, is_end=True)
    if walk.at_top and (following is None or not saved.new):
        return ListPosition(walk.offset, anchors, True, saved.last_at, walk.restarts, is_end=True)
    if following is not None:
        return ListPosition(following, anchors, walk.at_top, saved.last_at, walk.restarts)
    # The end. Of a list that one call has given nothing can have been missed.
    return ListPosition(
        0, [], True, timezone.now(), walk.restarts, is_end=walk.offset == 0 and stretch.pages == 1
    )


def _hand_on(walk: Import, claim_id: uuid.UUID) -> bool:
    """To the next message, so that no worker is saved for long."""
    if walk.write(claim_id, claim=None, claim_until=None, next_at=timezone.now()):
        wake("library.import", str(walk.pk))
        wake("generation.changed", walk.subscription_id)
        return True
    return False


def _end(walk: Import, claim_id: uuid.UUID) -> bool:
    stems.attach(walk)
    now = timezone.now()
    done = walk.write(claim_id, state=State.DONE, finished_at=now, next_at=None, claim=None, claim_until=None)
    wake("library.sweep")
    wake("generation.changed", walk.subscription_id)
    return done
