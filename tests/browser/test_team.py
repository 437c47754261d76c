"""Two people meet in a team: one invites, the other joins by the link in a browser of their own."""

from playwright.sync_api import expect

from tests.browser.sessions import Visits
from tests.browser.sign_in import PASSWORD


def test_an_owner_invites_and_a_second_browser_joins(visits: Visits) -> None:
    owner = visits.new("ivo").page
    owner.goto("/team/")
    owner.get_by_label("Email").fill("nora@nightbus.example")
    owner.get_by_role("button", name="Invite", exact=True).click()
    link = owner.locator("#invitation-address").inner_text()
    owner.reload()
    expect(owner.locator("#invitation-address")).to_have_count(0)
    expect(owner.locator("#work")).to_contain_text("nora@nightbus.example")

    guest = visits.new(size="phone").page
    guest.goto(link)
    guest.get_by_label("Your name").fill("Nora")
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_label("Password (again)").fill(PASSWORD)
    guest.get_by_role("button", name="Join", exact=True).click()
    expect(guest.get_by_role("heading", name="Welcome to Ivo’s studio")).to_be_visible()
    expect(guest.get_by_role("heading", level=1)).to_have_text("Library")

    owner.goto("/team/")
    expect(owner.get_by_role("rowheader", name="Nora")).to_be_visible()
    owner.get_by_label("More for Nora").click()
    owner.keyboard.press("ArrowDown")
    expect(owner.get_by_role("button", name="Change to admin")).to_be_focused()
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("row", name="Nora")).to_contain_text("Admin")
