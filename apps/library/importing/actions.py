"""What people do about imports: begin, stop, go on. And the sweep that finds walks whose message was lost."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import FlowAccount, Team, User
from apps.library.models import Import
from apps.wake import wake

State = Import.State


def begin(team: Team, account: FlowAccount, *, by: User, offset: int = 0, limit: int | None = None) -> Import:
    """A new walk through the account's list; one that isn't at its end goes on where it was.

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
        go_on(walk, by=by)
    _wake(walk)
    return walk


def stop(walk: Import) -> bool:
    """What is here stays. Whoever walks finds at the next page that it isn't theirs any more."""
    free = {"claim": None, "claim_until": None, "next_at": None}
    stopped = Import.objects.under_way().filter(pk=walk.pk)
    done = stopped.update(state=State.STOPPED, changed_at=timezone.now(), problem="", **free) == 1
    wake("generation.changed", walk.subscription_id)
    return done


def go_on(walk: Import, *, by: User) -> bool:
    """From where it was, with this person's token from now on."""
    now = timezone.now()
    halted = Import.objects.filter(pk=walk.pk, state__in=[State.STOPPED, State.STUCK])
    values = {"state": State.WALKING, "asked_by": by, "problem": "", "tries": 0, "next_at": now}
    done = halted.update(changed_at=now, **values) == 1
    _wake(walk)
    return done


def wake_due() -> int:
    """Wakes what is due: its message was lost, its worker died, or it is time to try again."""
    due = list(Import.objects.due(timezone.now()).values_list("pk", flat=True)[:20])
    for pk in due:
        wake("library.import", str(pk))
    return len(due)


def _wake(walk: Import) -> None:
    wake("library.import", str(walk.pk))
    wake("generation.changed", walk.subscription_id)
