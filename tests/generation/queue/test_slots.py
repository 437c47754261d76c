"""When songs start that are asked for now: the words of the song form agree with the slots and with the number."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import FlowAccount, Subscription
from apps.generation.models import PanelVersion
from apps.generation.queue import slots
from tests.generation.conftest import Studio
from tests.generation.pages import send, signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("songs", "free", "before", "words"),
    [
        (1, 1, 0, "Starts right away."),
        (3, 8, 0, "All 3 start right away."),
        (5, 2, 0, "2 start right away, 3 wait for a free slot."),
        (2, 1, 0, "1 starts right away, 1 waits for a free slot."),
        (1, 0, 0, "Starts when a slot is free."),
        (4, 0, 0, "They start when slots are free."),
        (1, 4, 1, "1 is queued before it."),
        (3, 4, 6, "6 are queued before them."),
    ],
)
def test_words_agree_with_slots_and_number(songs: int, free: int, before: int, words: str) -> None:
    assert slots.starts(songs, free, before) == words


def promise(studio: Studio, **form: str) -> str:
    """What the form says when it comes back, which it does for an empty prompt."""
    page = Page(send(studio, prompt="", **form)) if form else Page(signed_in(studio).get("/create/"))
    return next(each.text for each in page.all("span") if "data-starts" in each.attributes)


def leave(**values: int) -> None:
    for name, free in values.items():
        FlowAccount.objects.filter(email__startswith=name).update(max_jobs=free, credits=500)


def test_the_form_counts_what_is_free_on_what_was_chosen(studio: Studio) -> None:
    leave(studio=2, night=1)
    assert promise(studio) == "Starts right away."
    assert promise(studio, count="5") == "3 start right away, 2 wait for a free slot."
    chosen = studio.account("studio").email
    assert promise(studio, count="5", email=chosen) == "2 start right away, 3 wait for a free slot."


def test_what_cannot_be_sent_now_starts_nothing(studio: Studio) -> None:
    leave(studio=4, night=4)
    FlowAccount.objects.filter(email__startswith="night").update(block="error")
    FlowAccount.objects.filter(email__startswith="studio").update(credits=11)  # for two songs
    assert promise(studio, count="4", email=studio.account("studio").email).startswith("2 start right away")
    Subscription.objects.update(blocked_until=timezone.now() + timedelta(minutes=1))
    PanelVersion.bump(studio.team.pk)  # with it the figures are read anew
    assert promise(studio) == "Starts when a slot is free."


def test_what_is_queued_comes_first(studio: Studio) -> None:
    studio.ask(count=2)
    assert promise(studio) == "2 are queued before it."


def test_the_script_has_the_same_figures(studio: Studio) -> None:
    leave(studio=2, night=1)
    page = Page(signed_in(studio).get("/create/"))
    assert page.one("i", data_account=studio.account("studio").email)["data-slots"] == "2"
    assert page.one("div", id="balances")["data-slots"] == "3"
