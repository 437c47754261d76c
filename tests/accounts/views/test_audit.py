"""/team/audit/: what is listed, from where it came, what the filters find, and the file for spreadsheets."""

import csv
import io
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client

from apps.accounts import audit_page, audit_trail
from apps.accounts.models import AuditEntry, User
from apps.accounts.spreadsheet import FORMULA
from tests.accounts.conftest import People
from tests.library.test_bad_input import ODD

PASSWORD = "last ferry home"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
)


@pytest.fixture
def jonas(people: People) -> User:
    people.member.set_password(PASSWORD)
    people.member.save()
    return people.member


def found(people: People, **query: object) -> list[str]:
    """The actions that the page lists for these filters, the newest first."""
    page = people.client("owner").get("/team/audit/", query)
    return [line.action for line in page.context["page"].lines]


def test_it_says_who_did_what_and_from_where(people: People, jonas: User) -> None:
    for agent, password in ((CHROME, "not this one"), (FIREFOX, PASSWORD)):
        client = Client(REMOTE_ADDR="203.0.113.9", headers={"user-agent": agent})
        client.post("/auth/login/", {"login": jonas.email, "password": password})
    audit_trail.note(jonas, "sign-in link made")  # by a command: from nowhere
    page = people.client("owner").get("/team/audit/").content.decode()
    for words in ("Sign-in failed", "Signed in", "203.0.113.9", "Firefox on Linux", "Chrome on Android"):
        assert words in page
    assert list(AuditEntry.objects.values_list("address", "browser")) == [
        (None, ""),
        ("203.0.113.9", FIREFOX),
        ("203.0.113.9", CHROME),
    ]


def test_the_filters_find_what_fits(people: People) -> None:
    audit_trail.note(people.member, "signed in", by=people.member)
    audit_trail.note(people.member, "sign-in failed")
    audit_trail.note(people.member, "password changed", by=people.member)
    audit_trail.note(people.owner, "takes deleted", by=people.owner, subject="Copper Rain")
    audit_trail.note(people.stranger, "takes deleted", by=people.stranger, subject="Copper Rain")
    everything = ["takes deleted", "password changed", "sign-in failed", "signed in"]
    cases: dict[str, list[str]] = {
        "": everything,
        "q=COPPER": everything[:1],
        "q=jonas": everything[1:],
        f"who={people.member.pk}": ["password changed", "signed in"],
        "who=nobody": ["sign-in failed"],
        f"who={people.stranger.pk}": [],
        "what=sign-ins": ["sign-in failed", "signed in"],
        "what=deletions": ["takes deleted"],
        "what=passwords&q=jonas": ["password changed"],
        "since=2020-01-01": everything,
        "since=9000-01-01": [],
        "since=whenever&what=none&who=x": everything,
    }
    for query, expected in cases.items():
        assert found(people, **dict(part.split("=") for part in query.split("&") if part)) == expected, query


def test_pages_follow_each_other(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_page, "PER_PAGE", 2)
    for number in range(5):
        audit_trail.note(people.member, f"signed in {number}")
    client, listed, address = people.client("owner"), [], "/team/audit/?what=sign-ins"
    while address:
        page = client.get(address).context["page"]
        listed.append([line.action[-1] for line in page.lines])
        address = f"/team/audit/{page.filters.address}before={page.older}" if page.older else ""
    assert listed == [["4", "3"], ["2", "1"], ["0"]]


def test_the_file_is_of_what_fits_and_no_cell_is_a_formula(people: People) -> None:
    for sign in FORMULA:
        audit_trail.note(people.member, "takes deleted", by=people.member, subject=f"{sign}SUM(A1)")
    audit_trail.note(people.member, "signed in", by=people.member)
    answer = people.client("owner").get("/team/audit/?what=deletions&format=csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-trail-20')
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head == list(audit_page.HEAD)
    assert [row[3] for row in rows] == ["takes deleted"] * len(FORMULA)
    assert all(cell.startswith("'") for row in rows for cell in row if "SUM" in cell)


def test_the_end_of_a_token_in_an_older_line_is_not_shown(people: People) -> None:
    with transaction.atomic():
        people.team.note("token added", by=people.member, subject="token …Xy9Z for Flow Music by useapi.net")
    for query in ("", "?format=csv"):
        page = people.client("owner").get(f"/team/audit/{query}").content.decode()
        assert "token for Flow Music by useapi.net" in page
        assert "Xy9Z" not in page


def test_no_odd_question_breaks_it(people: People) -> None:
    client = people.client("owner")
    for odd in [*ODD, "0001-01-01", "9999-12-31"]:
        query = urlencode(dict.fromkeys(("q", "who", "what", "since", "before"), odd), errors="surrogatepass")
        assert client.get(f"/team/audit/?{query}").status_code == 200, odd
