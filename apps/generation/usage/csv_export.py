"""Writes what Flow Music booked, and what the team's own jobs cost, as CSV files for a spreadsheet."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django.db.models import Prefetch

from apps.accounts import spreadsheet
from apps.accounts.models import FlowAccount, Team, UsageRow
from apps.accounts.usage_sync import credits
from apps.generation.jobs.titles import numbered
from apps.generation.operations import OPERATIONS
from apps.generation.usage.by_person import GONE, costing
from apps.generation.usage.spending import sense, start
from apps.library.models import Clip

HEAD = ("UTC day", "account", "kind", "sense", "song", "conversation", "tokens", "credits", "latest")
JOBS_HEAD = ("sent", "requested by", "token of", "operation", "title", "account", "credits")


def lines(accounts: Collection[FlowAccount], *, since: date | None, own: Collection[int]) -> Iterator[bytes]:
    """The newest first, row by row, so that a long one is not held whole.

    Which songs they were stands there for the accounts `own` (their keys).
    """
    yield spreadsheet.BYTE_ORDER_MARK + spreadsheet.line(HEAD)
    by_id = {account.pk: account for account in accounts}
    for row in UsageRow.objects.of(accounts).since(since).iterator(chunk_size=500):
        account = by_id[row.account_id]
        yield spreadsheet.line(_cells(row, account, is_own=account.pk in own))


def _cells(row: UsageRow, account: FlowAccount, *, is_own: bool) -> tuple[object, ...]:
    return (
        row.day.isoformat() if row.day else "",
        account.email,
        row.type,
        sense(row.type),
        row.title if is_own else "",
        row.conversation_id if is_own else "",
        row.tokens,
        credits(row.tokens),
        row.latest_at.isoformat(timespec="seconds") if row.latest_at else "",
    )


def job_lines(accounts: Collection[FlowAccount], team: Team, *, since: date | None) -> Iterator[bytes]:
    """The team's jobs there that cost something, the newest first: who asked, whose token paid, and how much."""
    yield spreadsheet.BYTE_ORDER_MARK + spreadsheet.line(JOBS_HEAD)
    related = ("asked_by", "paid_by", "ran_on", "song", "source__song")
    titled = Prefetch("song__takes", Clip.objects.only("song", "take", "title").order_by("take"))
    jobs = costing(team, start(since), *accounts).select_related(*related).prefetch_related(titled)
    for job in jobs.order_by("-sent_at", "pk").iterator(chunk_size=500):
        yield spreadsheet.line(_job_cells(job))


def _job_cells(job: Any) -> tuple[object, ...]:
    return (
        job.sent_at.isoformat(timespec="seconds") if job.sent_at else "",
        job.asked_by.short_name if job.asked_by else GONE,
        job.paid_by.short_name if job.paid_by else GONE,
        OPERATIONS[job.operation].label,
        numbered(job),
        job.ran_on.email if job.ran_on else "",
        job.cost,
    )
