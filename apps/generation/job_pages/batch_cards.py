"""Several songs of one request as one card, with a segment for each song."""

from collections.abc import Iterable
from dataclasses import replace

from django.urls import reverse

from apps.addresses import address
from apps.generation.job_pages.cards import Action, Card

MOVING = {"submitting", "running", "long", "collecting"}
WAITING = {"queued", "next", "paused"}
COMING = MOVING | WAITING
FOLDED = COMING | {"completed", "incomplete"}


def fold(cards: Iterable[Card]) -> list[Card]:
    """One card in the place of a request's first one, while two or more of its songs are still to come.

    Songs that wait for the same thing to be fixed are one card, too, and those of a request that somebody else removed;
    what else needs a person keeps its own.
    """
    together: dict[object, list[Card]] = {}
    for each in cards:
        together.setdefault(_key(each), []).append(each)
    folded: list[Card] = []
    for songs in together.values():
        if len(songs) > 1 and songs[0].kind == "blocked":
            folded.append(_blocked(songs))
        elif len(songs) > 1 and songs[0].news_for_asker:
            folded.append(_ended(songs))
        elif sum(song.kind in COMING for song in songs) > 1:
            folded.append(_whole(songs))
        else:
            folded += songs
    return folded


def _key(card: Card) -> object:
    if card.request_size > 1 and card.kind in FOLDED:
        return card.request_id
    if card.news_for_asker and card.kind == "removed":
        return (card.request_id, card.text)
    return ("blocked", card.text) if card.kind == "blocked" else card.id


def _blocked(songs: list[Card]) -> Card:
    """All that wait for one cause to be fixed, whoever requested them."""
    lead, one_request = songs[0], len({song.request_id for song in songs}) == 1
    mending = next((song.actions for song in songs if song.actions), [])
    whole = replace(
        lead,
        title=f"{len(songs)} songs: {_request_title(lead)}" if one_request else f"{len(songs)} songs wait",
        url=lead.url if one_request else _queue_url(),
        segments=songs,
        actions=[
            *(action for action in mending if action.method == "get"),
            *(
                [Action(label="Remove all…", url=_for_all("job-remove", lead))]
                if one_request and lead.actions
                else []
            ),
            _show_each(lead) if one_request else Action(label="Show each", url=_queue_url()),
        ],
    )
    if len({song.who_name for song in songs}) > 1:
        whole = replace(whole, who_name="", who_initials="")
    return replace(whole, payer_name=_payer_name(songs))


def _payer_name(songs: list[Card]) -> str:
    """Whoever pays for all of them, if one person does for others."""
    names = {song.payer_name for song in songs}
    return names.pop() if len(names) == 1 else ""


def _ended(songs: list[Card]) -> Card:
    """What somebody else removed of one request, to be dismissed or put back together."""
    lead = songs[0]
    together = [
        replace(action, label=f"{action.label} all", url=f"{action.url}?all=1")
        for action in lead.actions
        if action.method == "post"
    ]
    return replace(
        lead,
        title=f"{len(songs)} songs: {_request_title(lead)}",
        segments=sorted(songs, key=lambda song: song.number),
        actions=[*together, _show_each(lead)],
    )


def _request_title(song: Card) -> str:
    """Without its number among the others."""
    return song.title.rpartition(" ")[0] if song.request_size > 1 else song.title


def _queue_url() -> str:
    return f"{reverse('jobs')}?state=queued"


def _show_each(lead: Card) -> Action:
    return Action(label="Show each", url=f"{reverse('jobs')}?request={lead.request_id}")


def _whole(songs: list[Card]) -> Card:
    moving = [song for song in songs if song.kind in MOVING]
    waiting = sorted(
        (song for song in songs if song.kind in WAITING), key=lambda song: song.position or 10**6
    )
    lead = (moving or waiting)[0]
    rendering = [song for song in moving if song.kind != "collecting"]
    counts = [(len(rendering), "running"), (len(waiting), "queued")]
    return Card(
        id=lead.id,
        state=lead.state,
        kind="running" if moving else lead.kind,
        title=f"{lead.request_size} songs: {_request_title(lead)}",
        url=lead.url,
        who_initials=lead.who_initials,
        who_name=lead.who_name,
        payer_name=_payer_name(songs),
        subtitle=", ".join(f"{count} {words}" for count, words in counts if count),
        side_text=_progress(songs),
        text=waiting[0].text if waiting and all(song.kind == "paused" for song in waiting) else "",
        position=lead.position,
        segments=sorted(songs, key=lambda song: song.number),
        actions=[*_of_all(waiting, is_rest=bool(moving)), _show_each(lead)],
        sandbox=lead.sandbox,
        request_id=lead.request_id,
        request_size=lead.request_size,
        queue=lead.queue,
    )


def _progress(songs: list[Card]) -> str:
    """How far they are: what is rendered plays, what is saved stays."""
    saved = sum(song.kind not in COMING for song in songs)
    rendered = saved + sum(song.kind == "collecting" for song in songs)
    return f"rendered {rendered}, saved {saved}" if rendered else ""


def _of_all(waiting: list[Card], *, is_rest: bool) -> list[Action]:
    """What can be decided for all that still wait at once, by whoever may decide about them."""
    if len(waiting) < 2 or not waiting[0].actions:
        return []
    are_paused = all(song.kind == "paused" for song in waiting)
    name, label = ("job-resume", "Resume all") if are_paused else ("job-pause", "Pause all")
    remove = "Remove the rest…" if is_rest else "Remove all…"
    return [
        Action(
            label=label,
            url=_for_all(name, waiting[0]),
            method="post",
            style="soft" if are_paused else "quiet",
        ),
        Action(label=remove, url=_for_all("job-remove", waiting[0])),
    ]


def _for_all(name: str, song: Card) -> str:
    return f"{address(name, song.id)}?all=1"
