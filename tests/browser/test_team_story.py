"""A team shares one token, from the invitation to the removal: an owner and a member, each in their own browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings_everywhere
from tests.browser.sessions import SIZES, Visits
from tests.browser.sign_in import PASSWORD, confirm_password
from tests.browser.site import Site
from tests.browser.song_forms import expect_sent

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("free_slots")]

EACH = 5  # credits that a song of the sandbox costs, as long as its usage wasn't read


def invite(owner: Page, email: str) -> str:
    owner.goto("/team/")
    owner.get_by_label("Email").fill(email)
    owner.get_by_role("button", name="Invite", exact=True).click()
    return owner.locator("#invitation-address").inner_text()


def join(guest: Page, link: str) -> None:
    guest.goto(link)
    guest.get_by_label("Your name").fill("Lena")
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_label("Password (again)").fill(PASSWORD)
    guest.get_by_role("button", name="Join", exact=True).click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("Library")


def lend(owner: Page, credits: int, *, is_asked: bool = False) -> None:
    """The first time, or with another cap. `is_asked`: for the password again."""
    owner.goto("/settings/tokens/")
    owner.get_by_role("link", name=re.compile("^(Lend to the team…|Change)$")).click()
    owner.get_by_label("Credits a month, at most").fill(str(credits))
    owner.get_by_role("button", name=re.compile("^(Lend|Save)$")).click()
    if is_asked:
        confirm_password(owner)
    expect(owner.locator(".token-lending")).to_contain_text(f"of {credits} credits this month")


def ask_for(guest: Page, prompt: str, *, count: int = 1) -> None:
    guest.goto("/create/")
    guest.get_by_label("Prompt", exact=True).fill(prompt)
    guest.get_by_role("spinbutton", name="Songs").fill(str(count))


def pay(guest: Page) -> None:
    guest.locator("[data-pay]").click()
    expect_sent(guest)


def change(owner: Page, button: str) -> None:
    """By the menu of her line on the team page."""
    owner.goto("/team/")
    owner.get_by_label("More for Lena").click()
    owner.get_by_role("button", name=button).or_(owner.get_by_role("link", name=button)).click()


def check(page: Page) -> None:
    assert findings_everywhere(page) == []


@pytest.mark.parametrize("size", sorted(SIZES))
def test_one_token_for_two(visits: Visits, site: Site, size: str) -> None:
    name = f"olaf-{size}"
    owner = visits.new(name, size=size, reduced_motion="reduce").page
    visit = visits.new(size=size, reduced_motion="reduce")
    guest = visit.page
    join(guest, invite(owner, f"lena-{size}@nightbus.example"))

    lend(owner, 2 * EACH, is_asked=True)
    check(owner)
    ask_for(guest, "Harbour choir at dawn [short]")
    expect(guest.locator("#work")).to_contain_text(
        f"token pays, {2 * EACH} of {2 * EACH} credits left this month"
    )
    check(guest)
    pay(guest)
    guest.goto("/jobs/")
    site.finish_until(guest.locator("#work [data-job][data-state=completed]"))

    visit.watch.expect(422)
    ask_for(guest, "Muted trumpet, whistled hook [short]", count=3)
    guest.locator("[data-pay]").click()
    over = guest.locator("[data-over-cap]")
    expect(over).to_contain_text("over the cap of Olaf")
    expect(guest.get_by_label("Prompt", exact=True)).to_have_value("Muted trumpet, whistled hook [short]")
    check(guest)
    over.get_by_role("button", name="Create 1 of 3").click()
    expect_sent(guest)
    ask_for(guest, "One more [short]")
    guest.locator("[data-pay]").click()
    expect(over).to_contain_text("can raise it")

    lend(owner, 20 * EACH)
    pay(guest)
    guest.goto("/jobs/")
    expect(guest.locator("#work [data-job]")).to_have_count(3)
    expect(guest.locator("#work [data-job]").first).to_contain_text("Olaf")
    owner.goto("/jobs/")
    expect(owner.locator("#work [data-job]").first).to_contain_text("Lena")

    change(owner, "Change to viewer")
    expect(owner.get_by_role("row", name="Lena")).to_contain_text("Viewer")
    guest.goto("/library/")
    expect(guest.get_by_role("link", name=re.compile("^New( song)?$"))).to_have_count(0)
    check(guest)

    change(owner, "Remove from the team…")
    check(owner)
    visit.watch.expect(404)  # her open page asks for the panel meanwhile
    owner.get_by_role("button", name=re.compile("^Remove")).click()
    expect(owner.get_by_role("rowheader", name="Lena")).to_have_count(0)
    guest.goto("/library/")
    expect(guest.locator("body")).to_contain_text("team")
    check(guest)
