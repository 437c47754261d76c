"""What the card of a job holds, and which of its buttons a person is shown."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.lending import LentFor
from apps.accounts.models import Membership, Role
from apps.addresses import address
from apps.generation.jobs import pricing
from apps.generation.models import Job
from apps.generation.queue.slots import Slots
from apps.library.models import Clip

SEARCH = "Search Flow Music…"
# What is over stands in the panel for so long, among the newest of its team.
RECENT = timedelta(hours=12)


class Viewpoint(Enum):
    """As whom a person looks at a card: it alone decides which of the card's buttons they are shown."""

    ASKER = "asker"  # who requested the song, while they may create
    MANAGING_ASKER = "managing asker"  # an owner or admin who did
    MANAGER = "manager"  # an owner or admin who didn't
    CREATOR = "creator"  # another member
    LISTENER = "listener"  # a viewer

    @classmethod
    def of(cls, membership: Membership, asked_by_id: int | None) -> "Viewpoint":
        own, others = cls.of_role(Role(membership.role))
        return own if asked_by_id == membership.user_id else others

    @classmethod
    def of_role(cls, role: Role) -> "tuple[Viewpoint, Viewpoint]":
        """As whom people of the role see what they requested, and what others did."""
        if not role.may_create:
            return cls.LISTENER, cls.LISTENER
        return (cls.MANAGING_ASKER, cls.MANAGER) if role.may_manage else (cls.ASKER, cls.CREATOR)


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button of a card. `post` sends at once, `get` opens a page that may ask back."""

    label: str
    url: str
    method: str = "get"
    style: str = "quiet"
    by_anyone: bool = False  # also for members who didn't request the song
    by_asker: bool = False  # not even for owners and admins, if they didn't
    by_managers: bool = False  # for owners and admins alone
    price: str = ""  # what it costs, beside the label

    def is_for(self, viewpoint: Viewpoint) -> bool:
        match viewpoint:
            case Viewpoint.ASKER:
                return not self.by_managers
            case Viewpoint.MANAGING_ASKER:
                return True
            case Viewpoint.MANAGER:
                return not self.by_asker
            case Viewpoint.CREATOR:
                return self.by_anyone
        return False


@dataclass(kw_only=True)
class Card:
    """One job as the panel and the jobs page show it."""

    id: UUID
    state: str
    kind: str
    title: str
    url: str
    who_initials: str
    who_name: str
    asked_by: int | None = None
    payer: int | None = None  # whose token pays for it
    payer_name: str = ""  # if it is somebody else than who asked
    by_managers: bool = False  # what holds it up is for an owner or admin of the team to decide
    news_for_asker: bool = False  # somebody else ended it: who requested it is told until they dismiss it
    is_old: bool = False  # that is all it is shown for any more
    subtitle: str = ""
    account_full: str = ""
    time_text: str = ""
    side_text: str = ""
    position: int | None = None
    started_epoch: int | None = None
    usual_s: int | None = None
    text: str = ""
    quote: str = ""
    cover_url: str = ""
    tone: str = ""
    heed_icon: str = "octagon"
    takes: list[Clip] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    segments: list["Card"] = field(default_factory=list)
    sandbox: bool = False
    request_id: UUID | None = None  # the songs of one form have it in common
    request_size: int = 1
    number: int = 1  # which of these songs it is
    price: pricing.Price = pricing.UNKNOWN
    queue: tuple[int | None, int, bool] | None = None  # whose queue, of which subscription and kind
    moves: Any = None  # where it may go in it (queue_moves.Moves)

    @property
    def is_one_request(self) -> bool:
        """Whether its segments are songs of one form."""
        return len({song.request_id for song in self.segments}) == 1

    def seen_by(self, viewpoint: Viewpoint) -> "Card":
        return replace(self, actions=[action for action in self.actions if action.is_for(viewpoint)])


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What several cards share, loaded once."""

    membership: Membership
    slots: Mapping[int, Slots]
    positions: Mapping[UUID, int]
    usual: Mapping[str, int]
    creators: Collection[int]  # who may create songs in the team: only their tokens pay
    lent: Mapping[UUID, LentFor]  # how the team's tokens are lent
    readable: Collection[int]  # subscriptions for which a token of the team works: there jobs are followed
    is_paused: bool = False  # nothing is sent at all, after a restored backup
    now: datetime = field(default_factory=timezone.now)


def action(label: str, name: str, job: Job, **values: Any) -> Action:
    return Action(label=label, url=address(name, job.pk), **values)


def retry(made: Card, job: Job, *, style: str = "line") -> Action:
    price = str(made.price) if made.price.credits else ""
    return action("Retry…", "job-retry", job, style=style, price=price)
