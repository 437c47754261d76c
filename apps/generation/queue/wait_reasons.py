"""Says why a queued job isn't sent yet, in plain words, with the step that fixes it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from django.contrib.humanize.templatetags.humanize import ordinal
from django.urls import reverse

from apps.accounts.models import FlowAccount
from apps.accounts.templatetags.formatting import local_time
from apps.generation.jobs.transitions import LOST
from apps.generation.models import Job, State
from apps.generation.operations import FREE
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


def reason(
    job: Job, creators: Collection[int], slots: Mapping[int, Slots], position: int | None, now: datetime
) -> Reason:
    """The first thing that stands in the way, the person's own choice before everything else.

    `creators`: keys of the people who may create songs in the team.
    """
    if job.paused:
        return Reason(kind="paused", text="Paused until you resume it.")
    return _payer(job, creators, now) or _account(job, slots, now) or _in_queue(job, slots, position, now)


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


def _payer(job: Job, creators: Collection[int], now: datetime) -> Reason | None:
    tokens = reverse("tokens")
    if job.token is None:
        text = "The token that was to pay was removed. Add it again and this continues, or remove this from the queue."
        return Reason(kind="blocked", text=text, icon="shield", mend_label="See tokens", mend_url=tokens)
    if job.token.owner_id not in creators:
        return LISTENS
    if job.token.refused_at:
        text = job.token.refused_reason or "useapi.net no longer accepts this token. It may have been reset."
        return Reason(
            kind="blocked", text=text, icon="shield", mend_label="Enter the new token", mend_url=tokens
        )
    if (
        job.subscription.blocked_reason
        and job.subscription.blocked_until
        and job.subscription.blocked_until > now
    ):
        text = job.subscription.blocked_reason
        return Reason(kind="blocked", text=text, icon="wallet", mend_label="See tokens", mend_url=tokens)
    return None


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
