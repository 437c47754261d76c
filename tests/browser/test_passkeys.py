"""A passkey is added, signs in by itself, confirms, and is the second step, with a device that Chromium plays."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.sessions import PATIENCE_MS, Visits
from tests.browser.sign_in import PASSWORD, confirm_password, sign_in_first
from tests.browser.site import Site
from tests.browser.watch import Watch


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """The site by a name, which passkeys need, and a device of which all that it is asked is confirmed."""
    host = f"http://localhost:{site.port}"
    context = browser.new_context(base_url=host)
    context.set_default_timeout(PATIENCE_MS)
    watch, page = Watch(context, host), context.new_page()
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**device, "isUserVerified": True}})
    yield page
    context.close()
    assert watch.take_trouble() == []


def test_a_passkey_signs_in_by_itself_and_after_a_password(site: Site, page: Page) -> None:
    link = site.add_person("pia@nightbus.example", team="Pia’s studio", name="Pia")
    sign_in_first(page, link.replace("127.0.0.1", "localhost"))
    page.goto("/settings/account/")
    page.get_by_role("link", name="Add a passkey").click()
    confirm_password(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a passkey")
    page.get_by_label("Name").fill("Pia’s phone")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Pia’s phone").first).to_be_visible()

    page.context.clear_cookies()
    page.goto("/auth/login/?next=/settings/account/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile and security")

    page.get_by_role("link", name="Show recovery codes").click()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")

    page.context.clear_cookies()
    page.goto("/auth/login/")
    page.get_by_label("Email").fill("pia@nightbus.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    page.get_by_role("button", name="Use a passkey").click()
    page.locator("#app").wait_for()


def test_somebody_new_joins_with_a_passkey_alone(site: Site, page: Page, visits: Visits) -> None:
    owner = visits.new("ivo").page
    owner.goto("/team/")
    owner.get_by_label("Email").fill("paul@nightbus.example")
    owner.get_by_role("button", name="Invite", exact=True).click()
    link = owner.locator("#invitation-address").inner_text()

    page.goto(link.replace("127.0.0.1", "localhost"))
    page.get_by_label("Your name").fill("Paul")
    page.get_by_role("button", name="Join with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a passkey")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="Welcome to")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/auth/login/?next=/settings/account/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile and security")
    page.get_by_role("link", name="Set password").click()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set a password")
