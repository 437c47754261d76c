"""Nothing that a page shows answers "not allowed": every link, form, menu entry and address for a script, of each role.

Every page of the table of URLs is opened by an owner, an admin, a member and a viewer, in a team where something stands
in every state and in one that is new; what stands there is then opened, or sent, as a browser would.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest.mock import patch
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.http import HttpResponse
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from apps.accounts.models import Role
from apps.upstream import transport
from tests.furnished_team import LAST4, furnish, new_team
from tests.page import Element, Page
from tests.sample_team import House, standing
from tests.test_urls import TABLE
from tests.visitors import Visitors

REFUSED = {403, 404, 405}
# No page of ours.
ELSEWHERE = re.compile(r"/(static|favicon)")
# Beside the pages of the table: lists with a filter, and forms that are filled from something.
MORE = (
    "/jobs/?state=queued",
    "/jobs/?state=needs",
    "/jobs/?state=closed",
    "/jobs/?who=mine",
    "/library/?q=nothing+at+all",
    "/library/?welcome=1",
    "/find/?q=s",
    "/create/?from={job}",
    "/create/?file={file}",
    "/library/clips/{clip}/chain/?target={other}",
    "/team/audit/?what=downloads&q=nothing",
)


@dataclass(frozen=True)
class Target:
    """What a browser would ask for."""

    method: str
    address: str
    form: dict[str, list[str]] = field(default_factory=dict, compare=False)

    @property
    def kind(self) -> tuple[str, str, frozenset[str]]:
        """Two links to one page that differ in a filter's value lead to the same view."""
        parts = urlsplit(self.address)
        return self.method, parts.path, frozenset(parse_qs(parts.query, keep_blank_values=True))


def targets(page: Element, address: str) -> Iterator[Target]:
    """Of the page at that address: whatever stands in any attribute, as an address of this site."""
    for form in page.all("form"):
        yield from _of_form(page, form, address)
    for each in page.all():
        if posted := each["hx-post"]:
            yield Target("POST", urljoin(address, posted))
        for name, value in each.attributes.items():
            leads_on = value and (value.startswith("/") or (name == "href" and value.startswith("?")))
            if leads_on and name not in {"action", "hx-post", "formaction"} and not ELSEWHERE.match(value):
                yield Target("GET", urljoin(address, value.partition("#")[0]))


def _of_form(page: Element, form: Element, address: str) -> Iterator[Target]:
    """For each of its buttons; a form without one is sent by a script when something is chosen in it."""
    method, fields = (form["method"] or "get").upper(), _fields(form)
    buttons = [each for each in _buttons(page, form) if each["type"] in {None, "submit"}]
    by_itself = [] if buttons or not form.all("select") else [Element("button", {})]
    for button in [*buttons, *by_itself] if method != "DIALOG" else []:
        sent = (button["formmethod"] or method).upper()
        to = urljoin(address, button["formaction"] or form["action"] or address)
        named = {str(button["name"]): [button["value"] or ""]} if button["name"] else {}
        yield Target(sent, to, fields | named if sent == "POST" else {})


def _buttons(page: Element, form: Element) -> list[Element]:
    elsewhere = [each for each in page.all("button") if form["id"] and each["form"] == form["id"]]
    return [*(each for each in form.all("button") if not each["form"]), *elsewhere]


def _fields(form: Element) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for each in [*form.all("input"), *form.all("select"), *form.all("textarea")]:
        if each["name"] and (value := _value(each)) is not None:
            fields.setdefault(str(each["name"]), []).append(value)
    return fields


def _value(each: Element) -> str | None:
    """What a browser would send of the field; None for nothing."""
    if each.tag == "select":
        options = each.all("option")
        chosen = [option for option in options if "selected" in option.attributes] or options[:1]
        return next((option["value"] or "" for option in chosen), None)
    if each["type"] in {"checkbox", "radio"} and "checked" not in each.attributes:
        return None
    return each.text if each.tag == "textarea" else each["value"] or ""


@dataclass
class Walk:
    """One person's way through every page."""

    visitors: Visitors
    who: str
    asked: dict[tuple[str, str, frozenset[str]], str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def through(self, addresses: list[str]) -> None:
        for address in addresses:
            answer, _ = self.visitors.ask(self.who, "GET", address)
            if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
                self._look(answer, address)

    def _look(self, answer: HttpResponse, address: str) -> None:
        if self.who != "owner" and LAST4 in answer.content.decode():
            self.wrong.append(f"{address} names a token that is lent to nobody")
        for target in targets(Page(answer), address):
            if target.kind not in self.asked:
                self.asked[target.kind] = address
                self._ask(target, address)

    def _ask(self, target: Target, page: str) -> None:
        answer, _ = self.visitors.ask(self.who, target.method, target.address, target.form, is_rendered=False)
        if answer.status_code in REFUSED or answer.status_code >= 500:
            self.wrong.append(f"{page} offers {target.method} {target.address}: {answer.status_code}")


@pytest.fixture(scope="module")
def house(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with (
        patch.object(transport, "LONGEST_PAUSE_S", 0.0),
        standing(django_db_blocker, tmp_path_factory) as house,
    ):
        yield house


@pytest.fixture(scope="module")
def addresses(house: House) -> list[str]:
    names = furnish(house)
    return [
        *(reverse(entry.name, args=entry.arguments(house)) for entry in TABLE),
        *(address.format_map(names) for address in MORE),
    ]


# Who is refused most, in a team in which there is most to be refused; the others are left to `make test-all`.
OFTEN = [("furnished", Role.VIEWER)]
SELDOM = [(team, role) for team in ("furnished", "new") for role in Role if (team, role) not in OFTEN]


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("team", "role"), [*OFTEN, *(pytest.param(*each, marks=pytest.mark.long) for each in SELDOM)]
)
def test_nothing_that_is_shown_is_refused(house: House, addresses: list[str], team: str, role: Role) -> None:
    visitors = Visitors(house, working_in=new_team(house) if team == "new" else house.team)
    walk = Walk(visitors, role.value)
    walk.through(addresses)
    assert len(walk.asked) > (40 if team == "new" else 120)
    assert walk.wrong == []
