"""Renders what a version of a team's panel shows to one role, once, for all who watch it.

What is kept says nothing of whoever asked for it first: a card is kept as its asker sees it and as the others of the
role do, with the keys of the people whom it concerns, and person_panel.py chooses. It is kept in the cache, as JSON,
for a few seconds: for words that depend on the time would get old.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.template.loader import get_template, render_to_string
from django.utils import timezone

from apps.accounts import lending
from apps.accounts.lending import LentCredits
from apps.accounts.models import Membership, Role
from apps.generation.job_pages import batch_cards, panel
from apps.generation.job_pages.cards import Card, Viewpoint
from apps.generation.job_pages.queue_moves import neighbours
from apps.generation.jobs import own_credits
from apps.generation.jobs.own_credits import OwnCredits
from apps.library.search import song_list

FRESH_S = 15
RENDERED_WITHIN_S = 10.0  # longer than that nobody waits for whoever renders it already
MOST_KEPT = 32  # in the memory of a process

# Forms get the token of whoever reads them (templatetags/cards.py); this stands for it meanwhile.
CSRF = "of-the-reader"
BLANKS = re.compile(r"\s*\n\s*")

Rendering = dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """A card, rendered. `own`: as its askers see it; `html`: as others of the role do."""

    own: str
    html: str
    group: str  # where it stands for those whom it doesn't concern
    songs: list[str]
    position: int | None
    askers: list[int]
    needs: list[int]  # people without whom it doesn't go on
    needs_managers: bool  # where none of these is there any more
    is_old: bool  # shown to nobody else


def of_role(membership: Membership, version: int) -> Rendering:
    """`version` was read before: what changes meanwhile comes with the next one."""
    return _shared(_name(membership, version), lambda: _rendered(membership))


def _name(membership: Membership, version: int) -> str:
    return f"panel:{membership.team_id}:{version}:{membership.role}:{timezone.get_current_timezone_name()}"


def newest_of_role(
    membership: Membership, version: int, read: Callable[[], tuple[list[Card], str]]
) -> Rendering:
    """The cards of the first page of all jobs, rendered for the role. `read` gives them, each with all its buttons, and
    where the older ones begin.
    """
    own, others = Viewpoint.of_role(Role(membership.role))

    def rendered() -> Rendering:
        cards, older = read()
        return {"cards": [_alone(card, own, others) for card in cards], "older": older}

    return _shared(f"newest-{_name(membership, version)}", rendered)


def _alone(card: Card, own: Viewpoint, others: Viewpoint) -> Rendering:
    seen, html = card.seen_by(own), _html(card.seen_by(others), "page")
    same = seen.actions == card.seen_by(others).actions
    return {
        "songs": [str(card.id)],
        "askers": [card.asked_by],
        "own": html if same else _html(seen, "page"),
        "html": html,
    }


def credits_of(membership: Membership, version: int) -> tuple[OwnCredits | None, LentCredits | None]:
    """What the person can still spend by their own tokens, and by the first one that is lent to them. The figures of
    the whole team are read once for each version."""

    def read() -> Rendering:
        own, lent = own_credits.of_team(membership.team), lending.lent_credits(membership.team)
        return {
            "own": {str(pk): asdict(each) for pk, each in own.items()},
            "lent": {str(pk): asdict(each) for pk, each in lent.items()},
        }

    found, key = _shared(f"credits:{membership.team_id}:{version}", read), str(membership.user_id)
    own, lent = found["own"].get(key), found["lent"].get(key)
    return OwnCredits(**own) if own else None, LentCredits(**lent) if lent else None


def _rendered(membership: Membership) -> Rendering:
    shown = panel.read(membership)
    return {
        "active": int(shown.is_active),
        "running": shown.running_count,
        "before": sum(card.kind in panel.WAITS for card in shown.cards),
        "reserved": shown.reserved,
        "unseen": shown.unseen,
        "credits": shown.credits,
        "usual": shown.usual,
        "room": {str(pk): free for pk, free in shown.room.items()},
        "slots": render_to_string("generation/_slot_lines.html", {"slots": shown.slots}).strip(),
        "songs": song_list.figure(membership.team),
        "pieces": [asdict(piece) for piece in _pieces(shown, Role(membership.role))],
    }


def _pieces(shown: panel.Panel, role: Role) -> Iterable[Piece]:
    """Cards are folded alike for all: what differs are their buttons."""
    asker, other = (_folded(shown.cards, viewpoint) for viewpoint in Viewpoint.of_role(role))
    for own, others in zip(asker, other, strict=True):
        html = _html(others)
        same = (own.actions, own.moves) == (others.actions, others.moves)
        songs = own.segments or [own]
        concerned = _concerned(songs) & set(shown.creators)
        yield Piece(
            own=html if same else _html(own),
            html=html,
            group=_group(own.kind),
            songs=[str(song.id) for song in songs],
            position=own.position,
            askers=sorted({song.asked_by for song in songs if song.asked_by}),
            needs=sorted(concerned) if own.kind in panel.NEEDS or own.news_for_asker else [],
            needs_managers=own.kind in panel.NEEDS and (own.by_managers or not concerned),
            is_old=own.is_old,
        )


def _folded(cards: list[Card], viewpoint: Viewpoint) -> list[Card]:
    folded = batch_cards.fold([card.seen_by(viewpoint) for card in cards])
    neighbours(sorted((each for each in folded if each.kind in panel.WAITS), key=in_queue))
    return folded


def in_queue(card: Card) -> int:
    return card.position or 10**6


def _concerned(songs: Iterable[Card]) -> set[int]:
    """Who requested it, and whoever's token or account holds it up."""
    stopped = {song.payer for song in songs if song.kind == "blocked"}
    return {pk for pk in {song.asked_by for song in songs} | stopped if pk}


def _group(kind: str) -> str:
    if kind in panel.RUNS:
        return "running"
    return "queued" if kind in panel.WAITS or kind == "blocked" else "done"


def _html(card: Card, place: str = "panel") -> str:
    context = {"card": card, "place": place, "csrf_token": CSRF}
    return BLANKS.sub("\n", get_template("generation/_job_card.html").render(context))


# In the memory of this process, then in the cache; and one thread of a process makes what is in neither.

_memory: dict[str, Rendering] = {}
_locks = [threading.Lock() for _ in range(16)]


def _shared(name: str, make: Callable[[], Rendering]) -> Rendering:
    key = f"{settings.VERSION}:{name}"
    if found := _fresh(_memory.get(key)):
        return found
    lock = _locks[hash(key) % len(_locks)]
    is_first = lock.acquire(timeout=RENDERED_WITHIN_S)
    try:
        return _fresh(_memory.get(key)) or _fresh(_memorize(key, cache.get(key))) or _store(key, make)
    finally:
        if is_first:
            lock.release()


def _fresh(entry: Rendering | None) -> Rendering | None:
    """What is kept in it, unless it is old."""
    return entry["what"] if entry and abs(time.time() - entry["at"]) < FRESH_S else None


def _store(key: str, make: Callable[[], Rendering]) -> Rendering:
    at, what = time.time(), make()
    entry = {"at": at, "what": what}
    cache.set(key, entry, FRESH_S)
    _memorize(key, entry)
    return what


def _memorize(key: str, entry: Rendering | None) -> Rendering | None:
    for old in [name for name, each in _memory.copy().items() if not _fresh(each)]:
        _memory.pop(old, None)
    if entry and len(_memory) < MOST_KEPT:
        _memory[key] = entry
    return entry
