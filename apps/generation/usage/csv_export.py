"""Writes what Flow Music booked as a CSV file for a spreadsheet."""

import csv
import io
from collections.abc import Collection, Iterator
from datetime import date

from apps.accounts.models import FlowAccount, UsageRow
from apps.accounts.usage_sync import credits
from apps.generation.usage.spending import sense

HEAD = ("UTC day", "account", "kind", "sense", "song", "conversation", "tokens", "credits", "latest")
# What a spreadsheet takes for a formula at the start of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def lines(accounts: Collection[FlowAccount], *, since: date | None, own: Collection[int]) -> Iterator[bytes]:
    """The newest first, row by row, so that a long one is not held whole.

    Which songs they were stands there for accounts under the subscriptions `own`.
    """
    yield "\ufeff".encode() + _line(HEAD)  # by the mark spreadsheets know that it is UTF-8
    by_id = {account.pk: account for account in accounts}
    for row in UsageRow.objects.of(accounts).since(since).iterator(chunk_size=500):
        yield _line(_cells(row, by_id[row.account_id], is_own=by_id[row.account_id].subscription_id in own))


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


def _line(cells: tuple[object, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue().encode()


def _harmless(cell: object) -> object:
    """Titles are anybody's words: an apostrophe before them keeps a spreadsheet from reckoning with them."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
