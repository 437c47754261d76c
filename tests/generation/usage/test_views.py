"""The pages of usage: sums, columns by UTC day, songs, how long it lasts, and the file for a spreadsheet."""

import csv
import io
import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import visibility
from apps.accounts.models import ApiToken, FlowAccount, Membership, Role, Team, UsageRow, User
from apps.generation.models import Job, State
from apps.generation.usage import chart, forecast, spending
from apps.generation.usage.spending import Period
from apps.library.models import Clip, Song
from tests.generation.conftest import Studio, member, with_token
from tests.generation.pages import BACKEND, signed_in
from tests.page import Page

ALL = "/flow-accounts/usage/"
STUDIO = "/flow-accounts/studio@sandbox.example/usage/"


def today() -> date:
    return timezone.now().date()


@pytest.fixture
def account(studio: Studio) -> FlowAccount:
    FlowAccount.objects.update(usage_read_at=timezone.now())
    return studio.account("studio")


def book(
    account: FlowAccount,
    credits: float,
    *,
    days_ago: int = 0,
    kind: str = "producer-usage",
    song: str = "",
    title: str = "",
) -> None:
    UsageRow.objects.create(
        account=account,
        day=today() - timedelta(days=days_ago),
        type=kind,
        conversation_id=song,
        title=title,
        tokens=round(12 * credits),
    )


def made(
    studio: Studio, account: FlowAccount, price: int, *, days_ago: int = 0, operation: str = "music"
) -> Job:
    """A job that was sent and paid for then."""
    (job,) = studio.ask()
    at = datetime.combine(today() - timedelta(days=days_ago), time(), UTC)
    values = {"ran_on": account, "price": price, "sent_at": at, "accepted_at": at, "operation": operation}
    Job.objects.filter(pk=job.pk).update(state=State.COMPLETED, **values)
    return job


def shown(studio: Studio, address: str = STUDIO) -> Page:
    page = Page(signed_in(studio).get(address))
    assert page.status == 200
    return page


def columns(page: Page) -> list[str]:
    return [each["aria-label"] or "" for each in page.all("g", class_="column")]


def test_each_day_says_whether_it_agrees_with_flow_music(studio: Studio, account: FlowAccount) -> None:
    book(account, 15, days_ago=3, song="a")
    made(studio, account, 10, days_ago=3)
    made(studio, account, 5, days_ago=3, operation="extend")
    book(account, 25, days_ago=2, song="b")
    made(studio, account, 10, days_ago=2)
    book(account, 5, days_ago=1, song="c")
    made(studio, account, 10, days_ago=1)
    book(account, 2.5, kind="riffusion")
    page = shown(studio)
    said = columns(page)
    assert len(said) == 30
    assert "15 credits. 10 for songs, 5 for edits. Agrees with Flow Music." in said[-4]
    assert "25 credits. 10 for songs, 15 elsewhere. Flow Music charged 15 more than counted here." in said[-3]
    assert "5 credits. 5 for songs. Flow Music charged 5 less than counted here." in said[-2]
    assert said[-1].endswith("2.5 credits. 2.5 elsewhere.")
    assert said[0].endswith("0 credits. Nothing spent.")
    rows = page.one("div", class_="table-scroll").all("tr")
    assert len(rows) == 31
    assert [cell.text.split()[0] for cell in rows[4].all("td")] == ["15", "10", "5", "0", "0", "15"]


def test_kinds_are_charged_received_or_neither(studio: Studio, account: FlowAccount) -> None:
    book(account, 40, song="a")
    book(account, 10, kind="riffusion")
    book(account, 120, kind="daily-free")
    book(account, 600, kind="grant")
    book(account, 3, kind="moon-dust")
    page = shown(studio)
    assert [each.text for each in page.all("dd")][:3] == ["50", "720", "500"]
    kinds = {row.one("th").text: row.all("td")[1].text.strip() for row in page.all("table")[1].all("tr")[1:]}
    assert kinds["riffusion"] == "charged"
    assert kinds["grant"] == kinds["daily-free"] == "received"
    assert kinds["moon-dust"].startswith("neither")


def test_one_account_all_accounts_and_the_range(studio: Studio, account: FlowAccount) -> None:
    book(account, 40, days_ago=5, song="a")
    book(studio.account("night"), 2, song="b")
    book(account, 100, days_ago=200, song="c")
    totals = {
        STUDIO: "40",
        f"{STUDIO}?days=7": "40",
        f"{STUDIO}?days=all": "140",
        "/flow-accounts/night+bus@sandbox.example/usage/": "2",
        ALL: "42",
        f"{ALL}?days=all": "142",
        f"{ALL}?days=nonsense": "42",
    }
    found = {address: shown(studio, address).all("dd")[0].text for address in totals}
    assert found == totals
    long = columns(shown(studio, f"{ALL}?days=all"))
    assert 28 <= len(long) <= 31, "weeks, for two hundred days are too many columns"
    assert sum("100 credits" in each for each in long) == 1


def test_songs_of_equal_title_are_offered(studio: Studio, account: FlowAccount) -> None:
    clip = take(studio, account, "Copper Rain")
    take(studio, studio.account("night"), "Copper Rain")  # of another account: it can't be that one
    book(account, 65, song="x", title="Copper Rain")
    book(account, 5, song="y", title="Not here")
    book(account, 1, song="z")
    page = shown(studio)
    rows = page.one("ul", class_="plain-list top-songs").all("li")
    assert [row.all("strong")[0].text for row in rows] == ["65", "5", "1"]
    assert [each["href"] for each in rows[0].all("a")] == [clip.get_absolute_url()]
    assert "not in the library" in rows[1].text


def take(studio: Studio, account: FlowAccount, title: str) -> Clip:
    song = Song.objects.create(team=studio.team, asked_by=studio.user, created_at=timezone.now())
    return Clip.objects.create(
        team=studio.team,
        song=song,
        account=account,
        subscription=account.subscription,
        clip_id=f"{account.pk}-{title}",
        title=title,
    )


def test_a_teammate_without_a_token_sees_no_foreign_titles(studio: Studio, account: FlowAccount) -> None:
    take(studio, account, "Copper Rain")
    book(account, 65, song="x", title="Copper Rain")
    book(account, 5, song="y", title="A private song")
    jonas, eve = Client(), Client()
    jonas.force_login(member(studio.team, "jonas@nightbus.example"), backend=BACKEND)
    other = Team.objects.create(name="Elsewhere")
    eve.force_login(member(other, "eve@elsewhere.example", Role.OWNER), backend=BACKEND)
    for address in (STUDIO, f"{STUDIO}usage.csv", ALL, f"{ALL}usage.csv"):
        assert b"A private song" not in jonas.get(address).getvalue(), address
    assert "Copper Rain" in jonas.get(STUDIO).content.decode()
    assert b"A private song" in signed_in(studio).get(f"{STUDIO}usage.csv").getvalue()
    assert [eve.get(f"{STUDIO}{part}").status_code for part in ("", "usage.csv")] == [404, 404]
    assert eve.post(f"{STUDIO}read/").status_code == 404
    assert b"65" not in eve.get(f"{ALL}usage.csv").getvalue()


def test_another_teams_jobs_count_as_elsewhere(studio: Studio, account: FlowAccount) -> None:
    team = Team.objects.create(name="Elsewhere")
    other = with_token(studio.sandbox, team, member(team, "eve@elsewhere.example"))
    made(other, account, 5)
    book(account, 5, song="a")
    page = shown(studio)
    assert columns(page)[-1].endswith("5 credits. 5 elsewhere.")
    assert "By person" not in page.text


def test_the_file_holds_no_formulas(studio: Studio, account: FlowAccount) -> None:
    for number, title in enumerate(("=1+1", "+cmd", "-2", "@sum", "\tx", "fine, “quoted”")):
        book(account, 5, song=f"s{number}", title=title)
    book(account, -5, song="s9", title="given back")
    answer = signed_in(studio).get(f"{STUDIO}usage.csv?days=7")
    assert "attachment" in answer["Content-Disposition"]
    head, *rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert len(rows) == 7
    for row in rows:
        cells = dict(zip(head, row, strict=True))
        assert cells["song"][:1] not in "=+-@\t", cells
        assert cells["account"] == account.email
    assert {row[head.index("tokens")] for row in rows} == {"60", "-60"}, "figures stay figures"
    assert "fine, “quoted”" in {row[head.index("song")] for row in rows}


def test_before_anything_was_read_it_can_be_asked_for(studio: Studio) -> None:
    page = shown(studio, ALL)
    assert "Not read from Flow Music yet" in page.text
    assert not page.all("svg", class_="chart-plot")
    answer = signed_in(studio).post(f"{ALL}read/")
    assert answer.headers["Location"].startswith(ALL)
    live = shown(studio, ALL).one(id="usage-live")
    assert "Asking Flow Music" in live.text
    assert live["hx-trigger"] == "load delay:2s"
    assert FlowAccount.objects.filter(usage_wanted_at=None).count() == 0


def test_the_page_of_accounts_shows_what_was_spent_lately(studio: Studio, account: FlowAccount) -> None:
    client = signed_in(studio)
    assert not Page(client.get("/flow-accounts/")).all("svg", class_="chart-plot")
    book(account, 15, days_ago=3, song="a", title="Copper Rain")
    page = Page(client.get("/flow-accounts/"))
    assert len(columns(page)) == 30
    assert "Copper Rain" in page.text
    FlowAccount.objects.update(usage_read_at=None)
    assert not Page(client.get("/flow-accounts/")).all("svg", class_="chart-plot")


def test_an_empty_range_says_so(studio: Studio, account: FlowAccount) -> None:
    book(account, 100, days_ago=200, song="c")
    page = shown(studio, f"{STUDIO}?days=7")
    assert "Nothing was spent here in this period" in page.text


@pytest.mark.parametrize(
    ("spent", "left", "words"),
    [
        ({}, 500, "Too little was spent lately to say how long they last."),
        ({}, None, "What is left is not known"),
        ({1: 10, 2: 10}, 500, "Too little was spent lately"),
        ({0: 70, 3: 35, 6: 35}, 400, "until about"),  # 20 a day
        ({0: 1, 3: 1, 6: 1}, 5000, "more than a year"),
        ({0: 70, 3: 35, 6: 35}, None, "What is left is not known"),
    ],
)
def test_how_long_it_lasts_is_said_only_when_that_can_be_known(
    studio: Studio, account: FlowAccount, spent: dict[int, int], left: int | None, words: str
) -> None:
    FlowAccount.objects.filter(pk=account.pk).update(credits=left)
    for days_ago, credits in spent.items():
        book(account, credits, days_ago=days_ago)
    assert words in shown(studio).text
    found = forecast.of([studio.account("studio")], today())
    assert found.songs == (None if left is None else left // 5)
    assert found.until == (today() + timedelta(days=20) if words == "until about" else None)


def test_a_chart_has_round_marks_and_named_spans() -> None:
    day = date(2026, 11, 13)
    drawn = chart.draw([Period(day, day, charged=65, counted_songs=40, counted_edits=20)], day)
    assert [tick.value for tick in drawn.ticks] == [40, 80]
    (column,) = drawn.columns
    assert [part.kind for part in column.parts] == ["songs", "edits", "elsewhere"]
    assert (column.name, column.parts[0].y) == ("13 November", 120)
    assert column.parts[-1].y > 0
    assert chart.name(Period(date(2026, 11, 9), date(2026, 11, 15)), day) == "9 to 15 November"
    assert chart.name(Period(date(2025, 12, 29), date(2026, 1, 4)), day) == "29 December to 4 January"
    assert chart.name(Period(date(2025, 3, 1), date(2025, 3, 31)), day) == "March 2025"
    for most in (0, 9, 11, 99, 100, 101, 5_000, 123_456):
        ceiling = chart.draw([Period(day, day, charged=most)], day).ticks[-1].value
        assert most <= ceiling <= max(10, 2 * most)
        assert ceiling % 2 == 0


def test_a_day_is_a_utc_day_and_what_was_sent_since_it_was_read_waits(
    studio: Studio, account: FlowAccount
) -> None:
    job = made(studio, account, 5)
    at = datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC)
    Job.objects.filter(pk=job.pk).update(sent_at=at)
    found = spending.of([account], studio.team, days=7, today=date(2026, 6, 2))
    assert [span.counted for span in found.spans][-2:] == [5, 0]
    FlowAccount.objects.update(usage_read_at=at - timedelta(seconds=1))
    found = spending.of([account], studio.team, days=7, today=date(2026, 6, 2))
    assert sum(span.counted for span in found.spans) == 0


def borrowed(studio: Studio, account: FlowAccount, price: int) -> Job:
    """Asked for by a member, and paid with the studio's token."""
    jonas = User.objects.filter(email="jonas@nightbus.example").first()
    job = made(studio, account, price)
    jonas = jonas or member(studio.team, "jonas@nightbus.example")
    Job.objects.filter(pk=job.pk).update(asked_by=jonas)
    return job


def people(page: Page) -> list[str]:
    return [" ".join(row.text.split()) for row in page.one(id="by-person").all("li")]


def test_who_requested_and_who_paid(studio: Studio, account: FlowAccount) -> None:
    """Of the range that is shown, on the page and as a file; also by a token that is gone, and by who has left."""
    book(account, 50, song="a")
    made(studio, account, 10)
    made(studio, account, 7, days_ago=9)
    made(studio, account, 0, operation="lyrics")  # has no price
    borrowed(studio, account, 20)
    known = {"charge_known": True, "counted_credits": 3}
    Job.objects.filter(pk=borrowed(studio, account, 5).pk).update(**known)
    Job.objects.filter(pk=made(studio, account, 9).pk).update(state=State.FAILED)  # perhaps for nothing
    Job.objects.filter(pk=made(studio, account, 9).pk).update(state=State.FAILED, **known)
    Membership.objects.filter(user__email="jonas@nightbus.example").delete()
    week = shown(studio, f"{STUDIO}?days=7")
    assert people(week) == ["JO jonas 2 jobs, 23 with mara’s token 23", "MA mara 2 jobs 13"]
    paid = week.one(id="by-person").all("a")[1]
    assert people(shown(studio, paid["href"] or "")) == ["MA mara 4 jobs, 23 requested by jonas 36"]
    visibility.remember(studio.team.pk, studio.token.subscription_id)
    ApiToken.objects.all().delete()
    assert people(shown(studio, f"{ALL}?days=30&by=paid")) == ["MA mara 5 jobs, 23 requested by jonas 43"]
    file = week.one(id="by-person").all("a")[-1]["href"] or ""
    answer = signed_in(studio).get(file)
    head, *rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    cells = [dict(zip(head, row, strict=True)) for row in rows]
    assert sorted((each["requested by"], each["token of"], each["credits"]) for each in cells) == [
        ("jonas", "mara", "20"),
        ("jonas", "mara", "3"),
        ("mara", "mara", "10"),
        ("mara", "mara", "3"),
    ]


def test_two_teams_on_one_subscription_see_only_their_own(studio: Studio, account: FlowAccount) -> None:
    """Each by a token of their own: jobs, titles and people of the other team stand on no page and in no file."""
    elsewhere = Team.objects.create(name="Elsewhere")
    eve = with_token(studio.sandbox, elsewhere, member(elsewhere, "eve@elsewhere.example", Role.OWNER))
    words = {studio.team: ("Copper Rain", "mara"), elsewhere: ("Private Song", "eve")}
    for band, credits in ((studio, 10), (eve, 5)):
        title, _ = words[band.team]
        made(band, account, credits)
        take(band, account, title)
        book(account, credits, song=title, title=title)
    for own, other in ((studio, eve), (eve, studio)):
        for address in (STUDIO, ALL, f"{ALL}?by=paid", f"{STUDIO}usage.csv", f"{STUDIO}jobs.csv", "/jobs/"):
            text = re.sub(r"data-version=\S+", "", signed_in(own).get(address).getvalue().decode())
            assert not [each for each in words[other.team] if re.search(rf"\b{each}\b", text)], address
        page = shown(own)
        assert people(page)[0].endswith(" 1 job 10" if own is studio else " 1 job 5")
        assert words[own.team][0] in page.text
