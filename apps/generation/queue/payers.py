"""Finds the token that pays: the person's own, else one that is lent to them, while they may create songs in the team.

A queued job whose payer can't pay any more gets another one of the same subscription, by the tick: its token was
removed, refused or is no longer lent for this, or its owner has left or only listens by now.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.accounts import lending
from apps.accounts.caps import Cap, CapReached
from apps.accounts.models import ApiToken, Team, User
from apps.generation.jobs import counted_credits, transitions
from apps.generation.models import Job, PanelVersion, State
from apps.generation.models.jobs import has_payer, may_be_paid
from apps.generation.queue.wait_reasons import CAPPED
from apps.plural import counted

AT_ONCE = 200  # transactions of one tick; what is left over comes with the next


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
    related = waiting.select_related("team", "asked_by", "token", "account", "ran_on")
    search = _Search()
    # All are looked at, or those that wait for a cap would keep others from being looked at.
    return sum(search.pay(job) for job in related.order_by("created_at", "batch_index"))


class _Search:
    """What is found for one job is known for the next one of a batch."""

    def __init__(self) -> None:
        self._full: dict[UUID, Cap] = {}  # by tokens: too little was left for a job; cheaper ones may fit
        self._known: dict[tuple[object, ...], list[ApiToken]] = {}
        self._transactions = 0

    def pay(self, job: Job) -> bool:
        """By the first of their tokens that has enough left."""
        tokens = self._payers(job)
        for token in tokens:
            if self._transactions < AT_ONCE and self._may_fit(job, token):
                self._transactions += 1
                try:
                    return _change(job, token)
                except CapReached as reached:
                    self._full[token.pk] = reached.cap
        full = (self._full[token.pk] for token in tokens if token.pk in self._full)
        self._say(job, next(full, None))
        return False

    def _may_fit(self, job: Job, token: ApiToken) -> bool:
        full = self._full.get(token.pk)
        return full is None or counted_credits.asked_of(job, token) <= full.left

    def _say(self, job: Job, full: Cap | None) -> None:
        words = f"{CAPPED} {full.left} of {counted(full.limit, 'credit')}." if full else ""
        if full and job.wait_reason != words and self._transactions < AT_ONCE:
            self._transactions += 1
            _say(job, words)

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
