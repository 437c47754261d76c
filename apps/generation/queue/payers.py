"""Finds the token that pays: the person's own, else one that is lent to them, while they may create songs in the team.

A queued job whose payer can't pay any more gets another one of the same subscription, by the tick: its token was
removed, refused or is no longer lent for this, or its owner has left or only listens by now.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.accounts import lending
from apps.accounts.caps import CapReached
from apps.accounts.models import ApiToken, Team, User
from apps.generation.jobs import counted_credits, transitions
from apps.generation.models import Job, PanelVersion, State
from apps.generation.models.jobs import has_payer, may_be_paid
from apps.generation.queue.wait_reasons import CAPPED
from apps.plural import counted


def token_of(
    person: User | None,
    *,
    team: Team,
    subscription_id: int,
    operation: str,
    wanted: UUID | None = None,
) -> ApiToken | None:
    """None for who left, is locked out or has become a viewer, and for who has no token of that subscription. `wanted`:
    the id of the one that was chosen, which goes first while it may pay."""
    if person is None:
        return None
    return lending.payer(person, team, operation, subscription_id, wanted=wanted)


def find() -> int:
    """Gives jobs without a payer another one, where there is one by now. Returns how many."""
    waiting = Job.objects.filter(~may_be_paid(), has_payer(), state=State.QUEUED)
    related = waiting.select_related("team", "asked_by", "token").order_by("created_at", "batch_index")
    search = _Search()
    return sum(search.pay(job) for job in related)


class _Search:
    """What is found for one job is known for the next one of a batch."""

    def __init__(self) -> None:
        self._full: dict[UUID, str] = {}  # tokens of whose cap too little is left, with the words for that
        self._known: dict[tuple[object, ...], list[ApiToken]] = {}

    def pay(self, job: Job) -> bool:
        """By the first of their tokens that has enough left."""
        for token in self._payers(job):
            try:
                if token.pk not in self._full:
                    return _change(job, token)
            except CapReached as reached:
                self._full[token.pk] = (
                    f"{CAPPED} {reached.cap.left} of {counted(reached.cap.limit, 'credit')}."
                )
            _say(job, self._full[token.pk])
        return False

    def _payers(self, job: Job) -> list[ApiToken]:
        """Those that work."""
        key = (job.asked_by_id, job.team_id, job.operation, job.subscription_id)
        if key not in self._known and job.asked_by:
            found = lending.payers_on(job.asked_by, job.team, job.operation, job.subscription_id)
            self._known[key] = [each for each in found if not each.refused_at]
        return self._known.get(key, [])


@transaction.atomic
def _change(job: Job, token: ApiToken) -> bool:
    """Raises CapReached; then nothing has changed."""
    still = Job.objects.filter(~may_be_paid(), pk=job.pk, state=State.QUEUED, token=job.token_id)
    found = still.select_for_update().first()
    if found is None:
        return False
    counted_credits.move(found, token)
    is_own = token.owner_id == job.asked_by_id
    text = "Paid with the new token." if is_own else f"From now on {token.owner.short_name}’s token pays."
    return transitions.note(found, text, where=Q(state=State.QUEUED), token=token, wait_reason="")


@transaction.atomic
def _say(job: Job, words: str) -> None:
    others = Job.objects.filter(pk=job.pk, state=State.QUEUED).exclude(wait_reason=words)
    if others.update(wait_reason=words):
        PanelVersion.bump(job.team_id)
