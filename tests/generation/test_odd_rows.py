"""Rows from before values were checked, or changed by hand: the pages that show them open, and mend them."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.urls import reverse

from apps.accounts import account_sync
from apps.accounts.models import FlowAccount, UsageRow
from apps.accounts.models.subscriptions import Subscription
from apps.generation.models import Job
from apps.library.models import Clip, Song
from tests.generation.conftest import Studio
from tests.generation.edits.edit_forms import row
from tests.generation.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

NAMES = ["main", "[hidden]", "", "a b", "two@@signs", "a@b/c", "ÿ%2F", "odd.invalid", "x" * 254]
MOST = 2**15 - 1
PAGES = (
    "/settings/tokens/ /flow-accounts/ /flow-accounts/usage/ /create/ /jobs/ /jobs/panel/ /library/ /library/import/ "
    "/library/files/ /create/image/"
)


def odd(studio: Studio, name: str, **values: object) -> FlowAccount:
    return FlowAccount.objects.create(subscription=studio.subscription, email=name, **values)


def test_pages_open_beside_accounts_that_no_address_names(studio: Studio) -> None:
    odd_ones = [odd(studio, name, tier="?" * 20, credits=-5) for name in NAMES]
    studio.ask(account=odd_ones[0])
    client = signed_in(studio)
    found = {path: client.get(path).status_code for path in PAGES.split()}
    for name in ("flow-account", "flow-account-usage", "flow-account-connect", "flow-account-remove"):
        found |= {
            (path := reverse(name, args=[each.email])): client.get(path).status_code for each in odd_ones
        }
    assert found == dict.fromkeys(found, 200)


def test_each_has_an_address_of_its_own_and_others_keep_theirs(studio: Studio) -> None:
    assert len({reverse("flow-account", args=[name]) for name in NAMES}) == len(NAMES)
    assert reverse("flow-account", args=["a+b@c.example"]) == "/flow-accounts/a+b@c.example/"


def test_they_are_gone_with_the_next_list(studio: Studio) -> None:
    """The API can't be asked about them: nothing waits for them, and nothing is sent to them."""
    odd(studio, "main")
    assert account_sync.refresh(studio.token) is None
    assert FlowAccount.objects.get(email="main").block == FlowAccount.Block.GONE


def test_a_number_of_slots_beyond_reason_asks_for_no_memory(studio: Studio) -> None:
    """In SQLite a small column takes large numbers; wherever it comes from, no page draws a dot for each."""
    account = odd(studio, "many@nightbus.example", max_jobs=MOST, running=MOST, elsewhere=MOST)
    if connection.vendor == "sqlite":
        FlowAccount.objects.filter(pk=account.pk).update(max_jobs=10**9, running=10**12, elsewhere=10**12)
    client = signed_in(studio)
    for path in PAGES.split():
        assert client.get(path).content.count(b"slot-elsewhere") <= 2 * account_sync.MOST_DOTS, path
    assert (
        len(account_sync.slot_dots(ours=10**12, elsewhere=10**12, max_jobs=10**12)) == account_sync.MOST_DOTS
    )
    assert account_sync.slot_dots(ours=-1, elsewhere=-3, max_jobs=2).count("free") == 2


FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
PLACES = ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"]


@pytest.mark.long
@pytest.mark.parametrize("zone", PLACES)
@pytest.mark.parametrize("at", [FIRST, LAST], ids=["first", "last"])
def test_times_that_no_song_has_are_shown_in_every_zone(studio: Studio, at: datetime, zone: str) -> None:
    clip = row(studio)
    timing = [[0.0, 1e9], [5.0, 1.0], [1.0, 1.0]] * 2000
    Clip.objects.filter(pk=clip.pk).update(made_at=at, duration_s=1e9, lyrics_timing=timing, seed=-(2**63))
    Song.objects.update(created_at=at)
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(
        created_at=at, not_before=at, state="unknown", unknown_since=at, sent_at=at
    )
    booked = {"type": "producer-usage", "tokens": -(2**40), "title": "x" * 300}
    account = studio.account("studio")
    UsageRow.objects.create(account=account, day=at.date(), latest_at=at, conversation_id="c", **booked)
    UsageRow.objects.create(account=account, day=None, latest_at=None, **booked)
    client = signed_in(studio)
    client.cookies["zone"] = zone
    here = [f"/library/clips/{clip.pk}/", f"/library/clips/{clip.pk}/edit/replace/", f"/jobs/{job.pk}/"]
    paths = [*PAGES.split(), *here, "/flow-accounts/usage/?since=all", "/flow-accounts/usage/usage.csv"]
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_a_subscription_without_a_usable_account_has_its_token_page(studio: Studio) -> None:
    FlowAccount.objects.all().delete()
    odd(studio, "main")
    assert signed_in(studio).get("/settings/tokens/").status_code == 200
    assert Subscription.objects.get().flow_accounts.count() == 1
