"""Works out where a card may be moved in the queue, from the cards as they are shown (queue/own_order.py moves it)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from apps.generation.job_pages.cards import Card

# What may be moved among its neighbours; what is paused stands at the end until it is resumed.
MOVABLE = {"queued", "next"}


@dataclass(frozen=True)
class Moves:
    """Where a card may go: `before` the one above it, `after` the one below it; None at the ends of the queue."""

    before: uuid.UUID | None
    after: uuid.UUID | None
    last: uuid.UUID  # the last job of this card, behind which others may be put


def neighbours(cards: Sequence[Card]) -> None:
    """Gives each card that may be moved its moves, from the cards as they are shown."""
    queues: dict[object, list[Card]] = {}
    for card in cards:
        if card.kind in MOVABLE and card.actions:
            queues.setdefault(card.queue, []).append(card)
    for queue in queues.values():
        firsts = [None, *(_first(card) for card in queue)]
        lasts = [*(_last(card) for card in queue), None]
        if len(queue) > 1:
            for place, card in enumerate(queue):
                card.moves = Moves(firsts[place], lasts[place + 1], _last(card))


def _first(card: Card) -> uuid.UUID:
    return min(_waiting(card), key=_place_of).id


def _last(card: Card) -> uuid.UUID:
    return max(_waiting(card), key=_place_of).id


def _place_of(card: Card) -> int:
    return card.position or 0


def _waiting(card: Card) -> list[Card]:
    return [each for each in card.segments if each.kind in MOVABLE] or [card]
