"""Writes what Flow Music booked as a CSV file for a spreadsheet."""

from collections.abc import Collection, Iterator
from datetime import date

from apps.accounts import spreadsheet
from apps.accounts.models import FlowAccount, UsageRow
from apps.accounts.usage_sync import credits
from apps.generation.usage.spending import sense

HEAD = ("UTC day", "account", "kind", "sense", "song", "conversation", "tokens", "credits", "latest")


def lines(accounts: Collection[FlowAccount], *, since: date | None, own: Collection[int]) -> Iterator[bytes]:
    """The newest first, row by row, so that a long one is not held whole.

    Which songs they were stands there for accounts under the subscriptions `own`.
    """
    yield spreadsheet.BYTE_ORDER_MARK + spreadsheet.line(HEAD)
    by_id = {account.pk: account for account in accounts}
    for row in UsageRow.objects.of(accounts).since(since).iterator(chunk_size=500):
        account = by_id[row.account_id]
        yield spreadsheet.line(_cells(row, account, is_own=account.subscription_id in own))


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
