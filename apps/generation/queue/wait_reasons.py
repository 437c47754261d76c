"""Says why a queued job isn't sent yet, in plain words, with the step that fixes it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import ordinal
from django.urls import reverse

from apps.accounts.lending import LentFor
from apps.accounts.models import FlowAccount
from apps.accounts.templatetags.formatting import local_time
from apps.generation.jobs.transitions import LOST
from apps.generation.models import Job, State
from apps.generation.operations import FREE, OPERATIONS
from apps.generation.queue.slots import Slots, has_room

Block = FlowAccount.Block


@dataclass(frozen=True, kw_only=True)
class Reason:
    """`kind` is queued, next, paused or blocked (a person is needed); `short` stands beside the name."""

    kind: str
    short: str = ""
    text: str = ""
    icon: str = ""
    mend_label: str = ""
    mend_url: str = ""
    can_be_tried: bool = False  # it was told to wait: a person may have it tried now


STOPPED = Reason(
    kind="blocked",
    text="Nothing is sent for now: a backup was restored, and an owner or admin of the team decides first.",
    icon="octagon",
)

UNREAD = "No token of this team works for its account now, so Flow Music can’t be asked about it."

LISTENS = Reason(
    kind="blocked",
    text="The person who was to pay for it has become a viewer, or has left: their token pays for nothing more. "
    "Remove it from the queue, and create it with a token of your own.",
    icon="shield",
)
ASKER_LISTENS = Reason(
    kind="blocked",
    text="The person who requested it has become a viewer, or has left: no token pays for it any more. "
    "Remove it from the queue, and create it with a token of your own.",
    icon="shield",
)
CAPPED = "Another token could pay for it, but too little is left of its cap this month:"


def reason(
    job: Job,
    creators: Collection[int],
    slots: Mapping[int, Slots],
    position: int | None,
    now: datetime,
    *,
    lent: Mapping[UUID, LentFor] = {},
) -> Reason:
    """The first thing that stands in the way, the person's own choice before everything else.

    `creators`: keys of the people who may create songs in the team; `lent`: how its tokens are lent.
    """
    if job.paused:
        return Reason(kind="paused", text=_paused(job))
    payer = _payer(job, creators, lent) or _subscription(job, now)
    return payer or _account(job, slots, now) or _in_queue(job, slots, position, now)


def _paused(job: Job) -> str:
    other = job.decided_by_another
    return f"Paused by {other.short_name}, until it is resumed." if other else "Paused until you resume it."


def unread(job: Job) -> str:
    """Of a job that was sent, while no token of its team works there: nobody can ask what became of it."""
    if job.state == State.RUNNING and _is_refused(job):
        return "It is running, but useapi.net no longer accepts the token. It continues with the new one."
    before = "It is running." if job.state == State.RUNNING else job.error_text or LOST
    after = "It continues" if job.state == State.RUNNING else "It is searched for"
    return f"{before} {UNREAD} {after} when one is there."


def label(job: Job) -> str:
    """Of the button that leads to the tokens."""
    return "Enter the new token" if _is_refused(job) else "See tokens"


def _is_refused(job: Job) -> bool:
    return job.token is not None and job.token.refused_at is not None


def _payer(job: Job, creators: Collection[int], lent: Mapping[UUID, LentFor]) -> Reason | None:
    """Of a job that no token pays for now. With the next one that may pay it continues by itself (payers.py)."""
    payer_id = job.token.owner_id if job.token else job.paid_by_id
    if job.asked_by_id is not None and payer_id not in {None, job.asked_by_id}:
        return _lent_payer(job, creators, lent)
    if job.token is None:
        text = "The token that was to pay was removed. Add it again and this continues, or remove this from the queue."
        return _unpaid(job, text)
    if job.token.owner_id not in creators:
        return LISTENS
    if job.token.refused_at:
        text = job.token.refused_reason or "useapi.net no longer accepts this token. It may have been reset."
        return _unpaid(job, text, "Enter the new token")
    return None


def _lent_payer(job: Job, creators: Collection[int], lent: Mapping[UUID, LentFor]) -> Reason | None:
    if job.asked_by_id not in creators:
        return ASKER_LISTENS
    why = _why_not_lent(job, creators, lent)
    is_here = job.token is None or job.token.owner_id in creators
    asker = job.asked_by.short_name if job.asked_by else "the asker"
    further = f"It continues with a token that {asker} adds, or that somebody else lends to them."
    return _unpaid(job, f"{why} {further}", "See tokens" if is_here else "") if why else None


def _why_not_lent(job: Job, creators: Collection[int], lent: Mapping[UUID, LentFor]) -> str:
    """ "" while it is."""
    lender = job.paid_by.short_name if job.paid_by else "Somebody"
    if job.token is None:
        return f"{lender}’s token, which was to pay, was removed."
    if job.token.owner_id not in creators:
        return f"{lender} has become a viewer, or has left, so their token pays for nothing more."
    found = lent.get(job.token.pk)
    if found is None:
        return f"{lender} has stopped lending the token that was to pay."
    if job.operation not in found.operations:
        return f"{lender} no longer lends the token that was to pay for this: “{OPERATIONS[job.operation].label}”."
    if found.people is not None and job.asked_by_id not in found.people:
        return f"{lender} lends the token that was to pay to others now."
    if job.token.refused_at:
        return f"useapi.net no longer accepts {lender}’s token, and {lender} has to enter the new one."
    return ""


def _unpaid(job: Job, text: str, label: str = "See tokens") -> Reason:
    capped = f" {job.wait_reason}" if job.wait_reason.startswith(CAPPED) else ""
    return Reason(
        kind="blocked", text=text + capped, icon="shield", mend_label=label, mend_url=reverse("tokens")
    )


def _subscription(job: Job, now: datetime) -> Reason | None:
    place = job.subscription
    if not (place.blocked_reason and place.blocked_until and place.blocked_until > now):
        return None
    mend = reverse("tokens")
    return Reason(
        kind="blocked", text=place.blocked_reason, icon="wallet", mend_label="See tokens", mend_url=mend
    )


def _account(job: Job, slots: Mapping[int, Slots], now: datetime) -> Reason | None:
    """The chosen account is blocked, or with an automatic choice all of them are."""
    accounts = [each.account for each in _usable(job, slots)]
    mend = reverse("flow-accounts")
    if not accounts:
        text = "There is no Flow Music account to run this on. Connect one, and this continues."
        return Reason(kind="blocked", text=text, icon="key", mend_label="See accounts", mend_url=mend)
    barred = {Block.ERROR, Block.GONE} | (set() if job.operation in FREE else {Block.CREDITS})
    stuck = [account for account in accounts if account.block in barred]
    if len(stuck) < len(accounts):
        return None
    first = stuck[0]
    texts = {
        Block.ERROR: ("key", f"Flow Music wants {first.email} to sign in again.", "Reconnect"),
        Block.CREDITS: ("wallet", f"{first.email} has no credits left.", "Top up"),
        Block.GONE: ("key", f"{first.email} is not connected at useapi.net any more.", "See accounts"),
    }
    icon, text, label = texts[Block(first.block)]
    if len(stuck) == 1:
        mend = f"{reverse('flow-account', args=[first.email])}?on={first.subscription_id}"
    else:
        text = f"None of the {len(stuck)} accounts can run it now. {text}"
    text += " This continues by itself once that is fixed."
    return Reason(kind="blocked", text=text, icon=icon, mend_label=label, mend_url=mend)


def _in_queue(job: Job, slots: Mapping[int, Slots], position: int | None, now: datetime) -> Reason:
    if job.not_before and job.not_before > now:
        again = f"Trying again {_at(job.not_before, now)}"
        # A clock time stands in the text, where a narrow card has room for it.
        text = f"{job.wait_reason} {again}.".strip() if " at " in again else job.wait_reason
        return Reason(kind="next", short=again, text=text, can_be_tried=True)
    if position != 1:
        return Reason(kind="queued", short=f"{ordinal(position)} in the queue" if position else "Queued")
    usable = _usable(job, slots)
    until = job.subscription.blocked_until
    if until and until > now:
        text = f"Flow Music was busy. Trying again {_at(until, now)}."
        return Reason(kind="next", short="Next: told to wait", text=text, can_be_tried=True)
    if any(has_room(each, now, job.operation) for each in usable):
        return Reason(kind="next", short="Next")
    for told in (each.account for each in usable):
        if told.block == Block.BUSY and told.block_until and told.block_until > now:
            text = f"{told.short} was told to wait. Trying again {_at(told.block_until, now)}."
            return Reason(kind="next", short="Next: told to wait", text=text, can_be_tried=True)
    return Reason(kind="next", short="Next: waiting for a free slot", text=_why_none_is_free(job, usable))


def _why_none_is_free(job: Job, usable: list[Slots]) -> str:
    where = f"{job.account.email} was chosen for it." if job.account_is_fixed and job.account else ""
    if job.source_id and job.account:
        where = f"The take is on {job.account.email}, and an edit runs there."
    lost = [(each.lost_until, each) for each in usable if each.lost_until]
    if not lost:
        return where
    until, first = min(lost, key=itemgetter(0))
    what = "what became of one song" if first.lost == 1 else f"what became of {first.lost} songs"
    kept = "Its slot is reserved" if first.lost == 1 else "Their slots are reserved"
    latest = f"until that is known, or until {_clock(until)}"
    return f"{where} On {first.account.short} it is not known {what}. {kept} {latest}.".strip()


def _at(moment: datetime, now: datetime) -> str:
    """When, so that a card that stands still a while says nothing wrong."""
    seconds = max(1, round((moment - now).total_seconds()))
    return f"in {seconds} s" if seconds <= 60 else f"at {_clock(moment)}"


def _clock(moment: datetime) -> str:
    return f"{local_time(moment):%H:%M}"


def _usable(job: Job, slots: Mapping[int, Slots]) -> list[Slots]:
    """The chosen account, else every connected one of the subscription; without one, those that were removed."""
    if job.account_is_fixed:
        return [slots[job.account_id]] if job.account_id and job.account_id in slots else []
    here = [each for each in slots.values() if each.account.subscription_id == job.subscription_id]
    return [each for each in here if not each.account.is_gone] or here
