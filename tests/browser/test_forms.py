"""The song form and the token form: nothing typed is lost, nothing is paid twice, and without scripts it works too."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from apps.generation.queue import slots
from tests import sandbox_control
from tests.browser.sessions import Visits, reload_until
from tests.browser.sign_in import sign_in_first
from tests.browser.site import Site
from tests.browser.song_forms import expect_sent

pytestmark = pytest.mark.usefixtures("free_slots")

PERSON = "wren"
WORDS = "[Verse 1]\nThe kettle sings before I do\n\n[Chorus]\nStay, stay, the train is late"


@pytest.fixture
def page(visits: Visits) -> Page:
    page = visits.new(PERSON).page
    page.goto("/create/")
    return page


def prompt_of(page: Page) -> str:
    return page.get_by_label("Prompt", exact=True).input_value()


def jobs_asked_for(page: Page, prompt: str) -> int:
    page.goto("/jobs/")
    return page.locator("#work [data-job]", has_text=prompt).count()


def test_bad_input_is_said_beside_its_field_and_nothing_typed_is_lost(visits: Visits) -> None:
    visit = visits.new(PERSON)
    visit.watch.expect(422)
    page = visit.page
    page.goto("/create/")
    page.get_by_label("Your lyrics").fill(WORDS)
    page.get_by_label("Model").select_option("lyria-3-pro")
    page.get_by_label("Account", exact=True).select_option("night+bus@sandbox.example")
    page.get_by_role("spinbutton", name="Songs").fill("3")
    page.get_by_role("button", name="Create 3 songs").click()

    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).to_have_attribute("aria-invalid", "true")
    expect(prompt).to_have_accessible_description(re.compile("Say how it should sound"))
    expect(prompt).to_be_focused()
    expect(page.get_by_label("Your lyrics")).to_have_value(WORDS)
    expect(page.get_by_label("Model")).to_have_value("lyria-3-pro")
    expect(page.get_by_label("Account", exact=True)).to_have_value("night+bus@sandbox.example")
    expect(page.get_by_role("spinbutton", name="Songs")).to_have_value("3")
    expect(page.get_by_role("button", name="Create 3 songs")).to_be_enabled()


@pytest.mark.long
def test_what_is_too_long_or_too_many_is_said_at_its_place(visits: Visits) -> None:
    visit = visits.new(PERSON)
    visit.watch.expect(422)
    page = visit.page
    page.goto("/create/")
    page.get_by_label("Prompt", exact=True).fill("la " * 3334)
    page.get_by_role("spinbutton", name="Songs").fill("21")
    expect(page.locator("#prompt-count")).to_have_text("10,002 of 10,000")
    page.locator("[data-pay]").click()

    expect(page.locator("#id_prompt_error")).to_contain_text("Flow Music takes up to 10,000")
    expect(page.locator("#id_count_error")).to_contain_text("Up to 20 songs at a time")
    expect(page.get_by_role("spinbutton", name="Songs")).to_have_accessible_description(
        re.compile("Up to 20 songs")
    )
    assert len(prompt_of(page)) >= 10_001


@pytest.mark.long
def test_when_songs_start_follows_their_number(page: Page) -> None:
    """In the server's words (slots.starts), by what is free on what was chosen."""
    told, songs = page.locator("[data-starts]"), page.get_by_role("spinbutton", name="Songs")
    balances = page.locator("#balances")
    free, before = (int(balances.get_attribute(name) or 0) for name in ("data-slots", "data-before"))
    for count in (1, 2, free, free + 1, 20):
        songs.fill(str(count))
        expect(told).to_have_text(slots.starts(count, free, before))


@pytest.mark.long
def test_the_counter_follows_the_typing(page: Page) -> None:
    page.get_by_label("Prompt", exact=True).fill("slow disco\nwith rain")
    expect(page.locator("#prompt-count")).to_have_text("20 of 10,000")


@pytest.mark.long
def test_chips_offer_words_and_put_them_where_they_belong(page: Page) -> None:
    """By keyboard; a song has one tempo and one key, but any number of instruments."""

    def choose(chip: str, words: str) -> None:
        page.get_by_role("button", name=chip).press("Enter")
        page.get_by_role("button", name=words, exact=True).press("Enter")
        expect(page.get_by_role("button", name=words, exact=True)).to_be_hidden()

    page.get_by_label("Prompt", exact=True).fill("Slow disco")
    choose("Tempo", "96 bpm")
    assert prompt_of(page) == "Slow disco, 96 bpm"
    page.keyboard.type("101 bpm")
    choose("Key", "A minor")
    choose("Instruments", "Rhodes")
    choose("Tempo", "112 bpm")
    choose("Key", "F major")
    page.keyboard.press("Control+End")
    choose("Instruments", "upright bass")
    assert prompt_of(page) == "Slow disco, 112 bpm, F major, Rhodes, upright bass"
    page.keyboard.press("Control+Home")
    choose("Instruments", "string quartet")
    assert prompt_of(page) == "string quartet, Slow disco, 112 bpm, F major, Rhodes, upright bass"
    page.get_by_role("button", name="Mood").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="tender")).to_be_hidden()


@pytest.mark.long
def test_section_buttons_write_into_the_words_and_the_shape_follows(page: Page) -> None:
    words, shape = page.get_by_label("Your lyrics"), page.locator("#shape li")
    expect(page.locator("#shape")).to_be_hidden()
    for name in ("Verse", "Chorus", "Verse"):
        page.get_by_role("button", name=name, exact=True).click()
        page.keyboard.type("A line of words")
    expect(shape).to_have_text(["Verse 1", "Chorus", "Verse 2"])
    assert words.input_value().splitlines()[:2] == ["[Verse 1]", "A line of words"]
    expect(page.locator("#shape .is-chorus")).to_have_text(["Chorus"])

    words.fill("")
    expect(page.locator("#shape")).to_be_hidden()


@pytest.mark.long
def test_the_words_switch_shows_what_belongs_to_the_choice(page: Page) -> None:
    expect(page.get_by_label("Your lyrics")).to_be_visible()
    page.get_by_role("radio", name="Ghostwriter", exact=True).check()
    expect(page.get_by_label("Your lyrics")).to_be_hidden()
    expect(page.get_by_role("radio", name="Pro")).to_be_visible()
    page.get_by_role("radio", name="Instrumental").check()
    expect(page.get_by_text("Nobody sings")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Ghostwriter", exact=True)).to_be_checked()


def test_the_pay_button_says_how_many_and_what_they_cost(page: Page) -> None:
    pay = page.locator("[data-pay]")
    expect(pay).to_have_text(re.compile(r"Create song\s*about 5 credits"))
    for _ in range(3):
        page.get_by_role("button", name="One song more").click()
    page.get_by_role("button", name="One song fewer").click()
    expect(pay).to_have_text(re.compile(r"Create 3 songs\s*about 15 credits"))


def test_the_draft_survives_reload_and_closing_and_is_gone_when_sent(page: Page) -> None:
    page.get_by_label("Prompt", exact=True).fill("A lullaby for a night bus")
    page.get_by_label("Your lyrics").fill(WORDS)
    page.get_by_role("spinbutton", name="Songs").fill("2")
    page.reload()
    assert prompt_of(page) == "A lullaby for a night bus"
    expect(page.get_by_label("Your lyrics")).to_have_value(WORDS)
    expect(page.get_by_role("button", name="Create 2 songs")).to_be_visible()
    page.get_by_role("link", name="Library").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Library")
    page.get_by_role("link", name="New song").first.click()
    expect(page.get_by_label("Your lyrics")).to_have_value(WORDS)

    second = page.context.new_page()  # while the first one is open: its draft is its own
    second.goto("/create/")
    second.get_by_label("Prompt", exact=True).fill("Something else")
    page.reload()
    assert prompt_of(page) == "A lullaby for a night bus"
    page.close()
    second.get_by_label("Prompt", exact=True).fill("")
    second.reload()
    expect(second.get_by_label("Prompt", exact=True)).to_have_value("A lullaby for a night bus")
    expect(second.locator("[data-draft-line]")).to_contain_text(re.compile(r"Draft from \d\d:\d\d restored"))
    second.get_by_role("button", name="Start empty").click()
    assert prompt_of(second) == ""
    second.get_by_role("button", name="Undo").click()
    assert prompt_of(second) == "A lullaby for a night bus"

    second.locator("[data-pay]").click()
    expect_sent(second)
    assert prompt_of(second) == "A lullaby for a night bus"
    for _ in range(2):
        second.goto("/create/")
        expect(second.get_by_role("heading", level=1)).to_have_text("New song")
        assert prompt_of(second) == ""


def test_a_draft_whose_answer_was_lost_is_not_paid_twice(visits: Visits) -> None:
    visit = visits.new(PERSON)
    page = visit.page
    page.goto("/create/")

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.get_by_label("Prompt", exact=True).fill("A waltz that got lost")
    page.route("**/create/", lose)
    page.locator("[data-pay]").click()
    expect(page.get_by_text("No response came back.")).to_be_visible()
    page.unroute("**/create/")
    assert all("htmx:" in line or "ERR_FAILED" in line for line in visit.watch.take_trouble())
    assert jobs_asked_for(page, "A waltz that got lost") == 1, "only the answer was lost"
    page.goto("/create/")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A waltz that got lost")
    page.locator("[data-pay]").click()
    expect_sent(page)
    assert jobs_asked_for(page, "A waltz that got lost") == 1


@pytest.mark.long
def test_presets_and_recent_prompts_fill_the_form_and_what_was_typed_comes_back(
    page: Page, visits: Visits
) -> None:
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("Ferry horn and accordion, 84 bpm")
    page.get_by_text("Presets", exact=True).click()
    page.get_by_role("button", name="Save this form…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Save as preset")
    assert visits.site.pending() == []  # kept, not asked for
    page.get_by_label("Name").fill("Ferry")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New song")
    expect(prompt).to_have_value("Ferry horn and accordion, 84 bpm")
    prompt.fill("Typed over it")
    page.reload()
    expect(prompt).to_have_value("Typed over it")
    page.get_by_text("Presets", exact=True).click()
    page.get_by_role("link", name="Ferry").click()
    expect(prompt).to_have_value("Ferry horn and accordion, 84 bpm")
    expect(page.locator("[data-draft-line]")).to_contain_text(
        "Filled from preset “Ferry”. What you wrote is saved."
    )
    page.get_by_role("button", name="Restore it").click()
    expect(prompt).to_have_value("Typed over it")
    page.get_by_role("button", name="Undo").click()
    expect(prompt).to_have_value("Ferry horn and accordion, 84 bpm")
    page.locator("[data-pay]").click()
    expect_sent(page)
    page.get_by_role("link", name="New song").first.click()
    expect(prompt).to_have_value("Typed over it")  # it was not sent
    page.get_by_text("Recent prompts").click()
    page.get_by_role("link", name="Ferry horn and accordion").first.click()
    expect(prompt).to_have_value("Ferry horn and accordion, 84 bpm")


@pytest.mark.long
def test_what_is_mended_is_no_longer_told_and_what_is_too_dear_says_why(visits: Visits) -> None:
    visit = visits.new(PERSON)
    visit.watch.expect(422)
    page = visit.page
    page.goto("/create/")
    page.get_by_role("spinbutton", name="Songs").fill("21")
    page.keyboard.press("Enter")
    expect(page.locator("#id_prompt_error")).to_be_visible()
    page.get_by_label("Prompt", exact=True).fill("x")
    expect(page.locator("#id_prompt_error")).to_have_count(0)
    expect(page.locator("[data-until-mended]")).to_be_visible()
    page.get_by_role("spinbutton", name="Songs").fill("20")
    expect(page.locator("#work .wrong, #work [data-until-mended]")).to_have_count(0)

    sandbox_control.order(
        visits.site.sandbox, "accounts", number="*", email="night+bus@sandbox.example", credits=7
    )
    page.goto("/flow-accounts/")
    page.get_by_role("button", name="Check all").click()
    expect(page.locator(".card", has_text="night+bus@")).to_contain_text(re.compile(r"\b7\b"))
    page.goto("/create/")
    page.get_by_label("Account", exact=True).select_option("night+bus@sandbox.example")
    page.get_by_role("spinbutton", name="Songs").fill("2")
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"Create 2 songs\s*3 credits short"))
    expect(page.locator("[data-pay]")).to_be_disabled()
    expect(page.get_by_text("Not enough credits on night+bus@.")).to_be_visible()
    expect(page.locator("[data-promise]")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New song")
    sandbox_control.order(
        visits.site.sandbox, "accounts", number="*", email="night+bus@sandbox.example", credits=120
    )


@pytest.mark.long
def test_a_wrong_token_is_said_beside_its_field_and_not_put_back(visits: Visits) -> None:
    visit = visits.new("tokenless")
    visit.watch.expect(422)
    page = visit.page
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add an API token, create a song.")
    page.get_by_label("useapi.net API token").fill("user:1234 and something")
    page.get_by_role("button", name="Check and save").click()

    field = page.get_by_label("useapi.net API token")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_token_error")).not_to_be_empty()
    expect(field).to_have_value("")
    assert "and something" not in page.content()


def test_everything_works_without_scripts(visits: Visits, site: Site) -> None:
    page = visits.new(javascript=False).page
    sign_in_first(page, site.add_person("noscript@nightbus.example", team="No scripts", name="Noor"))
    make(page, "A plain march [short]")
    job = page.locator("#work [data-job]")
    reload_until(
        page, lambda: site.finish(least=0) or job.get_attribute("data-state") == "completed", within=90
    )

    with page.expect_response(re.compile(r"/audio\.mp3$")) as answer:
        job.get_by_role("link", name="Take A").click()
    assert answer.value.headers["content-type"] == "audio/mpeg"
    assert answer.value.status in {200, 206}


@pytest.mark.long
def test_cancelling_works_without_scripts(visits: Visits) -> None:
    page = visits.new(PERSON, javascript=False).page
    page.goto("/")
    make(page, "A march that nobody waits for")
    job = page.locator("#work [data-job]", has_text="A march that nobody waits for")
    reload_until(page, lambda: job.get_attribute("data-state") == "running")
    job.get_by_role("link", name="Cancel…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel this song?")
    page.get_by_role("button", name="Cancel job").click()

    page.wait_for_url("**/jobs/")
    reload_until(page, lambda: job.get_attribute("data-state") == "cancelled")


def make(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Create song").click()
    expect_sent(page)
    page.goto("/jobs/")
