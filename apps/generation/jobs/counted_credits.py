"""What a job counts against the caps (apps/accounts/caps.py): its estimate from the moment it is created, nothing once
it is rejected or cancelled unsent, its real charge as soon as the usage of its account tells it.

What a job counts stands in its row, and whoever changes that figure moves the counts by the difference: so each change
is counted once, whoever comes twice.
"""

from uuid import UUID

from django.db import transaction

from apps.accounts import caps
from apps.accounts.caps import Spender
from apps.accounts.models import ApiToken, FlowAccount
from apps.accounts.models.monthly_credits import month_of
from apps.generation.jobs import pricing
from apps.generation.models import Job
from apps.generation.operations import FREE


def estimate(operation: str, subscription_id: int, account: FlowAccount | None) -> int:
    """Credits that a job is going to cost; without an account that was chosen, on the dearest of the subscription."""
    if operation in FREE:
        return 0
    if account:
        return pricing.of_account(account).credits
    return pricing.of_any(FlowAccount.objects.filter(subscription=subscription_id)).credits


def spender_of(job: Job, token: ApiToken | None) -> Spender:
    """`token`: the one that pays."""
    return spender(job.team_id, job.asked_by_id, token)


def spender(team_id: UUID, asker_id: int | None, token: ApiToken | None) -> Spender:
    """Its owner's own spending counts for no lent token."""
    is_lent = token is not None and token.owner_id != asker_id
    return Spender(team_id=team_id, member_id=asker_id, token_id=token.pk if token and is_lent else None)


def reserve(*jobs: Job) -> None:
    """Of one request, just created. In their transaction, before the panel. Raises caps.CapReached."""
    first, credits = jobs[0], sum(job.counted_credits for job in jobs)
    if credits:
        caps.reserve(spender_of(first, first.token), credits, month=first.counted_in or month_of())


def release(job: Job) -> bool:
    """Nothing was spent for it."""
    return correct(job, 0)


def correct(job: Job, credits: int) -> bool:
    """Counts what it really cost. False: that is what counts already. In a transaction before the panel."""
    with transaction.atomic():
        # Locked, or another payer could come between the reading of the row and the counts that it moves.
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.counted_credits == credits:
            return False
        month = job.counted_in or month_of()
        Job.objects.filter(pk=job.pk).update(counted_credits=credits, counted_in=month)
        caps.settle(spender_of(job, job.token), credits - job.counted_credits, month=month)
    return True


def settle(job: Job, credits: int) -> bool:
    """What Flow Music charged for it is known now, and is not looked for any more. False: that was known before."""
    with transaction.atomic():
        unknown = Job.objects.filter(pk=job.pk, charge_known=False)
        if not unknown.update(charge_known=True):
            return False
        correct(job, credits)
    return True


def count_again(job: Job) -> None:
    """It was removed from the queue, so it counts nothing, and now it turns out that it was made: that is spent,
    whatever the caps are. In a transaction before the panel."""
    if not job.counted_credits:
        correct(job, _estimate_of(job))


def _estimate_of(job: Job) -> int:
    account = job.account if job.account_is_fixed else job.ran_on
    return estimate(job.operation, job.subscription_id, account)


def asked_of(job: Job, token: ApiToken) -> int:
    """Credits that have to be left of that token's cap, so that it may pay for the job from now on."""
    if not spender_of(job, token).token_id:
        return 0
    return job.counted_credits if job.counted_in == month_of() else _estimate_of(job)


def move(job: Job, token: ApiToken) -> None:
    """That token is to pay for it from now on. In a transaction before the panel. Raises caps.CapReached."""
    Job.objects.filter(pk=job.pk).update(paid_by=token.owner_id)
    before, after = spender_of(job, job.token), spender_of(job, token)
    if after.token_id and job.counted_in != month_of():
        _count_in_this_month(job, before)
    if before != after and job.counted_credits:
        caps.move(before, after, job.counted_credits, month=job.counted_in or month_of())


def _count_in_this_month(job: Job, spender: Spender) -> None:
    """A lent token pays from now on, so its cap of now is asked: not that of the month of the request, nor of a request
    from before there were caps."""
    old, credits = job.counted_in, job.counted_credits
    job.counted_in, job.counted_credits = month_of(), _estimate_of(job)
    job.save(update_fields=["counted_in", "counted_credits"])
    if old and credits:
        caps.settle(spender, -credits, month=old)
    if job.counted_credits:
        caps.settle(spender, job.counted_credits, month=job.counted_in)
