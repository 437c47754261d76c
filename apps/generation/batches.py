"""Several songs of one wish as one card, with a segment for each song."""

from collections.abc import Iterable
from dataclasses import replace

from django.urls import reverse

from apps.generation.cards import Action, Card

MOVING = {"submitting", "running", "long", "collecting"}
WAITING = {"queued", "next", "paused"}
COMING = MOVING | WAITING
FOLDED = COMING | {"completed", "incomplete"}


def fold(cards: Iterable[Card]) -> list[Card]:
    """One card in the place of a wish's first one, while two or more of its songs are still to come.

    Songs that wait for the same thing to be mended are one card, too; what else needs a person keeps its own.
    """
    together: dict[object, list[Card]] = {}
    for each in cards:
        together.setdefault(_key(each), []).append(each)
    folded: list[Card] = []
    for songs in together.values():
        if len(songs) > 1 and songs[0].kind == "blocked":
            folded.append(_blocked(songs))
        elif sum(song.kind in COMING for song in songs) > 1:
            folded.append(_whole(songs))
        else:
            folded += songs
    return folded


def _key(card: Card) -> object:
    if card.wish_size > 1 and card.kind in FOLDED:
        return card.wish
    return ("blocked", card.text) if card.kind == "blocked" else card.id


def _blocked(songs: list[Card]) -> Card:
    """All that wait for one cause to be mended, whoever asked for them."""
    lead, one_wish = songs[0], len({song.wish for song in songs}) == 1
    mending = next((song.actions for song in songs if song.actions), [])
    whole = replace(
        lead,
        title=f"{len(songs)} songs: {lead.title}" if one_wish else f"{len(songs)} songs wait",
        url=lead.url if one_wish else _line_url(),
        segments=songs,
        actions=[
            *(action for action in mending if action.method == "get"),
            _show_each(lead) if one_wish else Action(label="Show each", url=_line_url()),
        ],
    )
    if len({song.who_name for song in songs}) > 1:
        whole = replace(whole, who_name="", who_initials="")
    return whole


def _line_url() -> str:
    return f"{reverse('jobs')}?state=line"


def _show_each(lead: Card) -> Action:
    return Action(label="Show each", url=f"{reverse('jobs')}?wish={lead.wish}")


def _whole(songs: list[Card]) -> Card:
    moving = [song for song in songs if song.kind in MOVING]
    waiting = [song for song in songs if song.kind in WAITING]
    lead = (moving or waiting)[0]
    done = len(songs) - len(moving) - len(waiting)
    counts = [(len(moving), "being made"), (len(waiting), "in line")]
    return Card(
        id=lead.id,
        state=lead.state,
        kind="running" if moving else lead.kind,
        title=f"{lead.wish_size} songs: {lead.title}",
        url=lead.url,
        who_initials=lead.who_initials,
        who_name=lead.who_name,
        subtitle=", ".join(f"{count} {words}" for count, words in counts if count),
        time_text=f"{done} of {lead.wish_size}",
        position=lead.position,
        segments=songs,
        actions=[_show_each(lead)],
        sandbox=lead.sandbox,
        wish=lead.wish,
        wish_size=lead.wish_size,
    )
