"""The start of an import, and the wake-up call for those whose message was lost."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import FlowAccount, Team, User
from apps.library.models import Import
from apps.wake import wake

State = Import.State


def begin(team: Team, account: FlowAccount, *, by: User, offset: int = 0, limit: int | None = None) -> Import:
    """A new walk through the account's list; one that isn't at its end continues where it was.

    A part of the list: `limit` clips at the most, behind the newest `offset`.
    """
    part = {"first": offset, "offset": offset, "most": limit}
    try:
        with transaction.atomic():
            walk = Import.objects.create(
                team=team, account=account, subscription_id=account.subscription_id, asked_by=by, **part
            )
    except IntegrityError:  # there is one
        walk = Import.objects.for_team(team).exclude(state=State.DONE).get(account=account)
        walk.resume(by=by)
    walk.wake()
    return walk


def wake_due() -> int:
    """Wakes what is due: its message was lost, its worker died, or it is time to try again."""
    due = list(Import.objects.due(timezone.now()).values_list("pk", flat=True)[:20])
    for pk in due:
        wake("library.import", str(pk))
    return len(due)
