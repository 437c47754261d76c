"""Changes a person's own queue on one subscription: its order, what is paused, and what is restored to it.

Who is next among the people doesn't change by it (fair_order.py). Synchronous jobs have a queue of their own.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Membership, Team, User
from apps.generation.jobs import decisions, transitions
from apps.generation.models import Job, State
from apps.generation.queue import fair_order, payers


def of_request(job: Job) -> list[Job]:
    """What still waits of the same form."""
    return list(Job.objects.filter(team=job.team_id, nonce=job.nonce, state=State.QUEUED))


def move(job: Job, *, by: User, before: str = "", after: str = "", whole_request: bool = False) -> bool:
    """Before or behind a neighbour, to the front without one. False: the queue has changed, and the neighbour isn't
    there any more, or the job."""
    with transaction.atomic():
        queue = _locked(job)
        moving = [each for each in queue if (each.nonce == job.nonce if whole_request else each.pk == job.pk)]
        rest = [each for each in queue if each not in moving]
        place = _place([str(each.pk) for each in rest], before, after)
        if not moving or place is None:
            return False
        for number, each in enumerate([*rest[:place], *moving, *rest[place:]], start=-len(queue)):
            _number(each, number, by=by if each in moving else None)
        transitions.wake_dispatcher(job)
    return True


def _locked(job: Job) -> list[Job]:
    """The queue of whoever requested it, in its order. Two people who order it do so one after the other."""
    lane = Job.objects.in_lane(synchronous=job.is_synchronous).filter(subscription=job.subscription_id)
    queue = lane.filter(asked_by=job.asked_by_id, state=State.QUEUED)
    return list(queue.order_by(*fair_order.OWN_ORDER, "pk").select_for_update())


def _place(rest: Sequence[str], before: str, after: str) -> int | None:
    if before:
        return rest.index(before) if before in rest else None
    if after:
        return rest.index(after) + 1 if after in rest else None
    return 0


def _number(job: Job, number: int, *, by: User | None) -> None:
    """Below 0: a new request begins at 0, and so goes to the end."""
    if by and number != job.position:
        text = f"Moved in the queue by {by.short_name}."
        transitions.note(job, text, where=Q(state=State.QUEUED), by=by, position=number)
    else:
        Job.objects.filter(pk=job.pk, state=State.QUEUED).update(position=number)


def queue_counts(team: Team, user: User) -> dict[str, int]:
    """How many of the person's own wait, and how many of them are paused."""
    own = Job.objects.for_team(team).filter(asked_by=user, state=State.QUEUED).order_by()
    paused = list(own.values_list("paused", flat=True))
    return {"waiting": paused.count(False), "paused": paused.count(True)}


def pause_all(team: Team, paused: bool, *, by: User) -> int:
    """All that the person has queued. Returns how many."""
    own = Job.objects.for_team(team).filter(asked_by=by, state=State.QUEUED, paused=not paused)
    return sum(decisions.pause(job, paused, by=by) for job in own)


def removed_together(job: Job) -> list[Job]:
    """What the same person removed of the same form and nobody has dismissed or put back since."""
    removed = Job.objects.filter(team=job.team_id, nonce=job.nonce, state=State.CANCELLED, sent_at=None)
    alike = removed.filter(decided_by=job.decided_by_id, hidden_at=None, retries=None)
    return list(alike.select_related("team", "asked_by", "decided_by", "token").order_by("batch_index"))


def may_undo_removal(job: Job, person: Membership) -> bool:
    """What its own person removed only they put back, for it is their money; what another did, owners and admins."""
    if job.decided_by_another:
        return person.rights.may_manage
    return person.user_id == job.asked_by_id and person.rights.may_create


def undo_removal(job: Job, *, by: User) -> Job | None:
    """None: it was sent, or nobody pays for it any more. Raises CapReached."""
    token = payers.token_of(
        job.asked_by,
        team=job.team,
        subscription_id=job.subscription_id,
        operation=job.operation,
        wanted=job.token_id,
    )
    return decisions.put_back(job, token=token, by=by) if token else None
