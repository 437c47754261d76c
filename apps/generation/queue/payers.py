"""Finds the token that pays: the person's own, as long as they may create songs in the team.

Queued jobs whose token was removed wait for another payer: the asker's next token of that subscription.
"""

from django.db.models import Exists, OuterRef, Q

from apps.accounts.models import ApiToken, Membership, Team, User
from apps.generation.jobs import transitions
from apps.generation.models import Job, State


def token_of(person: User | None, *, team: Team, subscription_id: int) -> ApiToken | None:
    """None for who left, is locked out or has become a viewer, and for who has no token of that subscription."""
    if person is None or not person.is_active:
        return None
    here = Membership.objects.filter(team=team, user=person).first()
    if here is None or not here.rights.may_create:
        return None
    return ApiToken.objects.for_team(team).owned_by(person).filter(subscription=subscription_id).first()


def find() -> int:
    """Gives jobs without a payer the asker's own token, once there is one again. Returns how many."""
    own = ApiToken.objects.filter(
        team=OuterRef("team"), owner=OuterRef("asked_by"), subscription=OuterRef("subscription")
    )
    waiting = Job.objects.filter(Exists(own), state=State.QUEUED, token=None)
    return sum(_pay(job) for job in waiting.select_related("team", "asked_by"))


def _pay(job: Job) -> bool:
    if job.asked_by is None:
        return False
    own = ApiToken.objects.for_team(job.team).owned_by(job.asked_by)
    token = own.filter(subscription=job.subscription_id).first()
    text = "Paid with the new token."
    return bool(token) and transitions.note(job, text, where=Q(state=State.QUEUED, token=None), token=token)
