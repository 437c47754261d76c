"""A person's live panel: what is shared of it (shared_panel.py), in the groups and with the buttons that are theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from apps.accounts.lending import LentCredits
from apps.accounts.models import Membership
from apps.generation.job_pages import shared_panel
from apps.generation.jobs.own_credits import OwnCredits
from apps.generation.models import PanelVersion
from apps.plural import counted

TITLES = {"needs": "Needs attention", "running": "Running", "queued": "Queued", "done": "Done"}


@dataclass(frozen=True)
class Group:
    """`count`: of songs; `cards`: their HTML, with a place for the reader's CSRF token (`for_reader`)."""

    key: str
    title: str
    cards: list[str]
    count: int
    note: str = ""


@dataclass(frozen=True)
class PersonPanel:
    number: int  # the version
    version: str  # and whose panel it is (mark_of)
    active: int
    running_count: int
    needs_count: int  # songs that go on only when this person does something
    unseen: int  # further jobs, the youngest, for which there is no room here
    slots: SafeString
    groups: list[Group]
    credits: Mapping[str, int | None]
    usual: list[tuple[str, str]]
    room: Mapping[int, int]  # how many songs can start now, by the account's id
    before: int  # songs that are queued already
    songs: str  # how many the library lists
    above: frozenset[str]  # ids of the jobs that stand in other groups than Done


def of(membership: Membership) -> PersonPanel:
    version = version_of(membership)
    kept = shared_panel.of_role(membership, version)
    groups = _groups(kept, membership)
    return PersonPanel(
        number=version,
        version=mark_of(membership, version),
        active=kept["active"],
        running_count=kept["running"],
        needs_count=sum(group.count for group in groups if group.key == "needs"),
        unseen=kept["unseen"],
        slots=mark_safe(kept["slots"]),  # noqa: S308 - rendered by a template
        groups=groups,
        credits=kept["credits"],
        usual=kept["usual"],
        room={int(pk): free for pk, free in kept["room"].items()},
        before=kept["before"],
        songs=kept["songs"],
        above=frozenset(_above(kept, membership)),
    )


@dataclass(frozen=True, kw_only=True)
class NavFigures:
    """What the panel's answer says anew in the nav, in place of `studio` (context_processors.py)."""

    songs: str
    may_create: bool
    own_credits: OwnCredits | None
    lent: LentCredits | None


def nav_figures(live: PersonPanel, membership: Membership) -> NavFigures:
    own, lent = shared_panel.credits_of(membership, live.number)
    return NavFigures(songs=live.songs, may_create=membership.rights.may_create, own_credits=own, lent=lent)


def version_of(membership: Membership) -> int:
    """Read with the membership, if its view asked for that."""
    if hasattr(membership, "panel_version"):
        return membership.panel_version or 0
    return PanelVersion.of(membership.team)


def mark_of(membership: Membership, version: int) -> str:
    """By which a page says what it shows: of which person in which team, and as which role they look at it."""
    return f"{version}-{membership.pk}-{membership.role}"


def _groups(kept: dict[str, Any], membership: Membership) -> list[Group]:
    pieces: dict[str, list[dict[str, Any]]] = {key: [] for key in TITLES}
    for piece in kept["pieces"]:
        group = _group(piece, membership)
        if group == "needs" or not piece["is_old"]:
            pieces[group].append(piece)
    pieces["queued"].sort(key=lambda piece: piece["position"] or 10**6)
    pieces["done"].reverse()
    note = f"{counted(kept['reserved'], 'credit')} reserved" if kept["reserved"] else ""
    return [
        Group(
            key,
            TITLES[key],
            [html_for(piece, membership) for piece in found],
            sum(len(piece["songs"]) for piece in found),
            note if key == "queued" else "",
        )
        for key, found in pieces.items()
        if found
    ]


def _group(piece: dict[str, Any], membership: Membership) -> str:
    """What only others can fix needs nobody else's attention."""
    is_theirs = membership.user_id in piece["needs"]
    if is_theirs or (piece["needs_managers"] and membership.rights.may_manage):
        return "needs"
    group: str = piece["group"]
    return group


def html_for(piece: dict[str, Any], membership: Membership) -> str:
    """Of a rendered card, what the person sees."""
    html: str = piece["own" if membership.user_id in piece["askers"] else "html"]
    return html


def _above(kept: dict[str, Any], membership: Membership) -> set[str]:
    shown = (piece for piece in kept["pieces"] if _group(piece, membership) != "done")
    return {song for piece in shown for song in piece["songs"]}
