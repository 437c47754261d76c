"""Visits to the site: a fresh browser context each, watched, signed in as somebody or nobody."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import sign_in
from tests.browser.site import Site
from tests.browser.watch import Watch

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
# Nothing that calls home or waits for a graphics card. Sound needs a click first, as in any browser.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 60_000  # two products share the machine


@dataclass(frozen=True)
class Person:
    """Comes in by a one-time link, or by the password."""

    team: str
    sandbox: bool = True
    role: str = ""
    password: str = ""


NEWCOMER = "nele"  # has used her link, and set no password yet
# Everybody else owns a team of their own with the sandbox's token in it.
PEOPLE = {
    "tokenless": Person("No API token yet", sandbox=False),
    "milo": Person("Mara’s studio", sandbox=False, role="member", password="accordion in the fog"),
    "bo": Person("Lena’s studio", sandbox=False, role="member", password="two spoons and a piano"),
    "vera": Person("Mara’s studio", sandbox=False, role="viewer", password="brushed snare at midnight"),
}


@dataclass
class Visit:
    """`returns`: the context stays open for the same person's next visit."""

    page: Page
    watch: Watch
    returns: bool = False


@dataclass
class Visits:
    """Opens pages and remembers them; people are made and signed in once, when they are first needed."""

    site: Site
    browser: Browser
    open: list[Visit] = field(default_factory=list)
    _signed_in: dict[str, Any] = field(default_factory=dict)
    _returning: dict[str, tuple[BrowserContext, Watch]] = field(default_factory=dict)

    def new(self, person: str = "", **options: Any) -> Visit:
        """A blank page in a fresh browser; `person` is a short name such as "mara", whose team is their own.

        Options: `size` and `theme`, else desktop and dark, `javascript`, and what Playwright takes for a context.
        """
        context, watch = self._context(person, **options)
        return self._enter(Visit(context.new_page(), watch))

    def again(self, person: str) -> Visit:
        """A blank page in a browser that has been here before and in which nothing moves: to see page after page."""
        if person not in self._returning:
            self._returning[person] = self._context(person, reduced_motion="reduce")
        context, watch = self._returning[person]
        return self._enter(Visit(context.new_page(), watch, returns=True))

    def leave(self, visit: Visit) -> list[str]:
        """Ends one visit. Returns what should not have happened in it."""
        self.open.remove(visit)
        if visit.returns:
            visit.page.close()
        else:
            visit.page.context.close()
        return visit.watch.take_trouble()

    def leave_all(self) -> list[str]:
        return [line for visit in tuple(self.open) for line in self.leave(visit)]

    def cookies(self, person: str) -> dict[str, str]:
        """Of somebody signed in, for who asks without a browser."""
        return {each["name"]: each["value"] for each in self._state(person)["cookies"]}

    def _enter(self, visit: Visit) -> Visit:
        self.open.append(visit)
        return visit

    def _context(
        self,
        person: str,
        *,
        size: str = "desktop",
        theme: str = "dark",
        javascript: bool = True,
        **options: Any,
    ) -> tuple[BrowserContext, Watch]:
        width, height = SIZES[size]
        context = self.browser.new_context(
            base_url=self.site.url,
            viewport={"width": width, "height": height},
            color_scheme=theme,
            java_script_enabled=javascript,
            storage_state=self._state(person) if person else None,
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        return context, Watch(context, self.site.url, self.site.sandbox)

    def _state(self, name: str) -> Any:
        """The cookies of a person who has signed in, in their own way."""
        if name not in self._signed_in:
            context = self.browser.new_context(base_url=self.site.url)
            page = context.new_page()
            person = PEOPLE.get(name) or Person(f"{name.capitalize()}’s studio")
            link = self.site.add_person(
                f"{name}@nightbus.example", name=name.capitalize(), **dataclasses.asdict(person)
            )
            if link:
                sign_in.sign_in(page, link)
            else:
                page.goto("/auth/login/")
                page.get_by_label("Email").fill(f"{name}@nightbus.example")
                page.get_by_label("Password").fill(person.password)
                page.get_by_role("button", name="Sign in", exact=True).click()
                page.locator("#app").wait_for()
            if name != NEWCOMER:
                sign_in.set_password(page)
            self._signed_in[name] = context.storage_state()
            context.close()
        return self._signed_in[name]


def reload_until(page: Page, condition: Callable[[], object], *, within: float = 30) -> None:
    """As somebody without scripts follows a job."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, page.locator("#work").inner_text()
        page.wait_for_timeout(250)
        page.reload()
