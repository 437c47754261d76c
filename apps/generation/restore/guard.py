"""Pauses sending by itself when the database is older than what was sent (docs/design.md, end of section 3).

Two things tell: marks outside the database that it knows nothing of (marks.py), and that it is another database
than it was (database_identity.py). What it shows as not sent may have been: it becomes unknown, "from a backup", is
searched for like any other lost job, and a person decides. Losing the marks alone holds nothing up.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Greatest
from django.utils import timezone

from apps.accounts.models import AuditEntry, Team, User
from apps.generation.jobs import poll_times, transitions
from apps.generation.models import Chain, Hold, Job, PanelVersion, SendLedger, State, Sweep
from apps.generation.restore import database_identity
from apps.generation.restore import marks as restore_marks
from apps.generation.restore.marks import Mark
from apps.wake import wake

logger = logging.getLogger(__name__)

NOT_SENT_YET = {State.QUEUED, State.SUBMITTING}
MARKED = "This comes from a backup, and was sent after it was made, so it is not sent again."
UNMARKED = "This comes from a backup and may have been sent since, so it is not sent again."

# Databases whose marks in the file store this process has read.
_read_series: set[UUID] = set()


def may_send() -> bool:
    """Before anything is sent: holds every team if this database was turned back. False: nothing may be sent now."""
    ledger, database = SendLedger.current(), database_identity.read()
    if database_identity.is_another(ledger.database, database):
        database_identity.reopen()
        ledger = SendLedger.current()
    in_redis = restore_marks.newest_in_redis(ledger.series)
    is_known = ledger.database == database and ledger.series in _read_series
    if is_known and in_redis == ledger.sent:
        return True
    return _compare(ledger, database=database, in_redis=in_redis)


def _compare(ledger: SendLedger, *, database: str, in_redis: int | None) -> bool:
    marks = restore_marks.in_files(ledger.series)
    in_files = max((mark.number for mark in marks or []), default=0)
    newest = max(in_redis or 0, in_files)
    if newest > ledger.sent:
        # A mark follows the commit of its row: others may have gone on sending since the row was read.
        ledger.refresh_from_db()
    is_another = database_identity.is_another(ledger.database, database)
    agrees = in_redis == ledger.sent or (in_files == ledger.sent and restore_marks.files_stand_apart())
    # Marks that agree may have been put back together with the rows; a standby that took over brings none along.
    vouched = agrees and ledger.sent and database_identity.is_failover(ledger.database, database)
    is_doubtful = is_another and not vouched
    others = [] if ledger.database else restore_marks.of_others(ledger.series)
    is_back = newest > ledger.sent or bool(others) or is_doubtful
    if not _can_be_said(ledger, in_redis=in_redis, marks=marks, is_doubtful=is_doubtful):
        return False
    if is_back and (newest > ledger.sent or is_anything_open()):
        marks_since = restore_marks.since(ledger.series, ledger.sent) or _younger(others)
        _hold_what_was_turned_back(ledger, marks_since, database=database)
        return False
    _agree(ledger, database=database, in_redis=in_redis)
    if marks is not None:
        _read_series.add(ledger.series)
    return True


def _can_be_said(
    ledger: SendLedger, *, in_redis: int | None, marks: Sequence[Mark] | None, is_doubtful: bool
) -> bool:
    """Whether anybody says what was sent. While nobody does nothing is sent; the next tick asks again.

    A file store that did not answer may know of more than a Redis that has lost its marks.
    """
    if marks is not None:
        return True
    if is_doubtful and in_redis is None:
        return False
    return ledger.series in _read_series or (in_redis or 0) >= ledger.sent


def _agree(ledger: SendLedger, *, database: str, in_redis: int | None) -> None:
    """Nothing was lost: from now on it is this database, and Redis is told what it forgot."""
    if ledger.database != database:
        same = SendLedger.objects.filter(pk=ledger.pk, series=ledger.series, database=ledger.database)
        same.update(database=database)
    if ledger.sent and in_redis is not None and in_redis < ledger.sent:
        restore_marks.remind_redis(ledger.series, Mark(ledger.sent, timezone.now()))


def is_anything_open() -> bool:
    """Whether something would be sent by itself."""
    chain, sweep = Chain.Status.RUNNING, Sweep.Phase.RUNNING
    return (
        Job.objects.filter(state__in=NOT_SENT_YET).exists()
        or Chain.objects.filter(status=chain).exists()
        or Sweep.objects.filter(phase=sweep).exists()
    )


def mark(job: Job, number: int) -> bool:
    """The last step before the socket opens. False: nothing may be sent, and the job says so already, or will.

    Raises marks.NoMarkLeft.
    """
    ledger = SendLedger.current()
    if not ledger.database and not may_send():
        return False
    series = ledger.series
    ours = Mark(number, timezone.now(), job.team_id.hex, job.pk.hex)
    others = [each for each in restore_marks.leave(series, ours) if str(each) != str(ours)]
    is_double = any(each.number == number and not each.is_reminder for each in others)
    # A mark follows the commit of its row: those of calls beside this one are known to the rows by now.
    newest = max((each.number for each in others), default=0)
    if not is_double and (newest <= number or newest <= SendLedger.current().sent):
        return True
    logger.error("this database was turned back while job %s was on its way", job.pk)
    hold([each for each in restore_marks.since(series, number - 1) if str(each) != str(ours)])
    return False


def _younger(marks: Sequence[Mark]) -> list[Mark]:
    """Than what these rows know to have been sent."""
    known = Job.objects.aggregate(at=Max("sent_at"))["at"]
    return [mark for mark in marks if known is None or mark.at > known]


def _hold_what_was_turned_back(ledger: SendLedger, marks: Sequence[Mark], *, database: str) -> None:
    with transaction.atomic():
        # One process of those that find it out.
        same = SendLedger.objects.filter(pk=ledger.pk, sent=ledger.sent, database=ledger.database)
        if same.update(database=database):
            logger.error(
                "this database is older than what was sent, or another one: %s calls since", len(marks)
            )
            hold(marks)


@transaction.atomic
def hold(marks: Sequence[Mark] = ()) -> int:
    """Pauses sending, stops chains and sweeps, doubts what isn't certain to be unsent. Returns how many jobs.

    `marks`: of the calls since the backup, as far as they are known; the numbers go on behind them. In one piece: a
    hold that was half made would be resumed as if it were whole.
    """
    newest = max((mark.number for mark in marks), default=0)
    SendLedger.objects.filter(pk=SendLedger.current().pk).update(sent=Greatest("sent", newest))
    Chain.objects.stop_after_restore()
    Sweep.objects.stop_after_restore()
    # All rows before the first move: whoever claims one of them waits for no panel of ours meanwhile.
    jobs = list(Job.objects.select_for_update().filter(state__in=NOT_SENT_YET).order_by("pk"))
    _hold_teams(marks)
    sent_at = {UUID(mark.job): mark.at for mark in marks if mark.job}
    return sum(_doubt(job, sent_at.get(job.pk)) for job in jobs)


def _hold_teams(marks: Sequence[Mark]) -> None:
    of_team: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        of_team[mark.team].append(mark)
    ids = [UUID(mark.job) for mark in marks if mark.job]
    here = {pk.hex for pk in Job.objects.filter(pk__in=ids).values_list("pk", flat=True)}
    now = timezone.now()
    for team_id in Team.objects.order_by("pk").values_list("pk", flat=True):
        sent = of_team.get(team_id.hex, [])
        times = [mark.at for mark in sent]
        values = {"first_at": min(times, default=None), "last_at": max(times, default=None)}
        counts = {"calls": len(sent), "missing": sum(mark.job not in here for mark in sent)}
        Hold.objects.update_or_create(team_id=team_id, defaults={"since": now, **values, **counts})
        PanelVersion.bump(team_id)


def _doubt(job: Job, sent_at: datetime | None) -> bool:
    words = MARKED if sent_at else UNMARKED
    doubted = transitions.move(
        job,
        NOT_SENT_YET,
        State.UNKNOWN,
        words,
        restored_at=timezone.now(),
        unknown_since=timezone.now(),
        sent_at=job.sent_at or sent_at,
        claim=None,
        claim_expires_at=None,
        times_checked=0,
        error_text=words,
    )
    if doubted:
        poll_times.poll_now(job.subscription_id)
    return doubted


@transaction.atomic
def resume(team: Team | None = None, *, by: User | None = None) -> bool:
    """Sends again for this team, or for all. False: nothing was held."""
    held = Hold.objects.filter(team=team) if team else Hold.objects.all()
    teams = list(Team.objects.filter(pk__in=held.values("team")).order_by("pk"))
    if not held.delete()[0]:
        return False
    for each in teams:
        PanelVersion.bump(each.pk)
        AuditEntry.objects.create(
            team=each, by=by, action="sending resumed", subject="after a restored backup"
        )
    waiting = Job.objects.live().filter(team__in=teams).order_by()
    for subscription_id in waiting.values_list("subscription_id", flat=True).distinct():
        wake("generation.dispatch", subscription_id)
        wake("generation.block", subscription_id)
    return True


def undecided(teams: Collection[Team] | None = None) -> int:
    """Jobs whose outcome is not known."""
    jobs = Job.objects.filter(state=State.UNKNOWN)
    return (jobs if teams is None else jobs.filter(team__in=teams)).count()
