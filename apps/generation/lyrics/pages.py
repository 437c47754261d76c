"""What the lyrics pages show: the team's lyric drafts, and one of them with its versions."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import Membership, Team
from apps.generation.job_pages import panel
from apps.generation.job_pages.card_writer import card
from apps.generation.job_pages.cards import Card
from apps.generation.models import Job, State
from apps.generation.models.jobs import LIVE
from apps.library.lineage import text_diff
from apps.library.lineage.text_diff import DiffLine
from apps.library.models import LyricDraft, LyricVersion
from apps.library.search.song_list import Cursor
from apps.prepared import prepared

PER_PAGE = 30
# What a draft says of its last request that came to nothing, until the card is dismissed.
WRONG = Q(state__in=[State.FAILED, State.REJECTED, State.ABANDONED], hidden_at=None)


@dataclass(frozen=True)
class DraftRow:
    """One draft of the list."""

    draft: LyricDraft
    newest: LyricVersion | None
    versions: int
    is_awaited: bool  # lyrics are on their way

    @property
    def title(self) -> str:
        return title_of(self.draft, self.newest)


def title_of(draft: LyricDraft, newest: LyricVersion | None) -> str:
    """Of its newest version, else the first words of the idea."""
    words = " ".join(draft.idea.split())
    short = words if len(words) <= 60 else words[:60].rsplit(" ", 1)[0] + "…"
    return (newest.title if newest else "") or f"“{short}”"


def page_of(team: Team, place: str) -> tuple[list[DraftRow], Cursor | None]:
    """The team's drafts, changed last first, and where the next page starts; two queries."""
    before = Cursor.parse(place)
    found: list[Any] = _older(team, before.created_at, before.pk) if before else _first(team)
    shown = found[:PER_PAGE]
    versions = {each.pk: each for each in _versions(*[draft.newest for draft in shown if draft.newest])}
    rows = [DraftRow(draft, versions.get(draft.newest), draft.count, draft.awaited) for draft in shown]
    return rows, Cursor(shown[-1].changed_at, shown[-1].pk) if len(found) > PER_PAGE else None


def _drafts(team: Team) -> QuerySet[LyricDraft]:
    newest = LyricVersion.objects.filter(draft=OuterRef("pk")).order_by("-number").values("pk")[:1]
    awaited = Exists(Job.objects.filter(lyric_draft=OuterRef("pk"), state__in=LIVE))
    drafts = LyricDraft.objects.for_team(team).live().select_related("made_by")
    drafts = drafts.annotate(count=Count("versions"), newest=Subquery(newest), awaited=awaited)
    return drafts.order_by("-changed_at", "-pk")


@prepared
def _first(team: Team) -> QuerySet[LyricDraft]:
    return _drafts(team)[: PER_PAGE + 1]


@prepared
def _older(team: Team, at: datetime, pk: UUID) -> QuerySet[LyricDraft]:
    before = Q(changed_at__lte=at) & (Q(changed_at__lt=at) | Q(pk__lt=pk))
    return _drafts(team).filter(before)[: PER_PAGE + 1]


@prepared
def _versions(*ids: int) -> QuerySet[LyricVersion]:
    return LyricVersion.objects.filter(pk__in=ids)


@prepared
def _versions_of(draft: LyricDraft) -> QuerySet[LyricVersion]:
    return LyricVersion.objects.filter(draft=draft).select_related("by")


@prepared
def _jobs_of(draft: LyricDraft) -> QuerySet[Job]:
    jobs = Job.objects.filter(Q(state__in=LIVE) | WRONG, lyric_draft=draft, retries=None)
    return panel.of_cards(jobs).order_by("-created_at")


class DraftPage:
    """One draft as its page shows it: the version that was asked for, the others, what is on its way."""

    def __init__(
        self, draft: LyricDraft, membership: Membership, *, number: int | None, other: int | None
    ) -> None:
        """`number` of the version to look at, `other` one to compare it with; unknown ones mean the newest, none."""
        self.draft = draft
        self._membership = membership
        # First what is on its way: lyrics that come between the two are shown, not missed.
        self.cards = self._cards()
        self.versions = _versions_of(draft)
        self.newest = self.versions[0] if self.versions else None
        self.shown = self._numbered(number) or self.newest
        self.has_come = number == 0 and bool(self.versions)  # asked by a page that had none
        found = self._numbered(other)
        self.other = found if found != self.shown else None

    def _numbered(self, number: int | None) -> LyricVersion | None:
        return next((each for each in self.versions if each.number == number), None)

    @property
    def title(self) -> str:
        return title_of(self.draft, self.newest)

    @property
    def is_newest(self) -> bool:
        return self.shown == self.newest

    @property
    def others(self) -> list[LyricVersion]:
        return [each for each in self.versions if each != self.shown]

    @property
    def charged(self) -> list[LyricVersion]:
        """Of the one that is shown and the newest, those that were not free."""
        told = dict.fromkeys(filter(None, (self.shown, self.newest)))
        return [version for version in told if version.was_charged]

    def _cards(self) -> list[Card]:
        """Of what is on its way, and of the last request if nothing came of it."""
        found = _jobs_of(self.draft)  # which make no takes
        shown = [job for place, job in enumerate(found) if job.state in LIVE or not place]
        around = panel.surroundings(self._membership) if shown else None
        return [card(job, around) for job in shown if around]

    @property
    def is_awaited(self) -> bool:
        """Nothing stands on it yet, and nothing is to be done but wait: the page brings the lyrics by itself."""
        return not self.versions and any(each.state in LIVE - {State.UNKNOWN} for each in self.cards)

    @cached_property
    def changes(self) -> "Changes | None":
        """From the other version to the one that is shown."""
        return Changes(self.other, self.shown) if self.other and self.shown else None


@dataclass(frozen=True)
class Changes:
    before: LyricVersion
    after: LyricVersion

    @property
    def is_none(self) -> bool:
        names = ("title", "lyrics", "sound_prompt")
        return all(getattr(self.before, name) == getattr(self.after, name) for name in names)

    @property
    def title(self) -> list[DiffLine]:
        return text_diff.words(self.before.title, self.after.title)

    @property
    def lyrics(self) -> list[DiffLine]:
        return text_diff.lines(self.before.lyrics, self.after.lyrics)

    @property
    def sound_prompt(self) -> list[DiffLine]:
        return text_diff.words(self.before.sound_prompt, self.after.sound_prompt)


def find_version(team: Team, pk: UUID, number: str) -> LyricVersion | None:
    """That one of the team's, else the newest of the draft; None without any."""
    versions = LyricVersion.objects.filter(draft__in=LyricDraft.objects.for_team(team).live(), draft=pk)
    chosen = (
        versions.filter(number=int(number)) if number.isdecimal() and len(number) < 7 else versions.none()
    )
    return chosen.first() or versions.order_by("-number").first()
