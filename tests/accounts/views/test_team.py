"""/team/: who may change whom, ownership in two steps, leaving, and several teams of one person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import caps, memberships
from apps.accounts.memberships import NotPossible
from apps.accounts.models import ApiToken, AuditEntry, Handover, Lending, Membership, Role, Team, User
from apps.accounts.models.lending import Terms
from apps.accounts.models.monthly_credits import month_of
from apps.accounts.permissions import CHOSEN_TEAM
from tests.accounts.conftest import People, person, unasked
from tests.page import Page
from tests.sample_team import untouched

PASSWORD = "a lamp in the harbour"


def membership(user: User, team: Team) -> Membership:
    return Membership.objects.select_related("user", "team").get(user=user, team=team)


def signed_in(user: User) -> Client:
    """Who has just given the password once more, which the last steps ask for."""
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    client.post("/auth/login/", {"login": user.email, "password": PASSWORD})
    client.post("/auth/reauthenticate/", {"password": PASSWORD})
    return client


def last_actions(team: Team, count: int = 1) -> list[str]:
    return list(AuditEntry.objects.filter(team=team).values_list("action", flat=True)[:count])


def test_the_page_says_who_is_here_and_who_can_pay(people: People) -> None:
    unasked(people.team, people.owner)
    unasked(people.team, people.member).refuse(at=timezone.now(), reason="refused")
    Membership.objects.filter(user=people.viewer).update(seen_at=timezone.now() - timedelta(days=400))
    viewer = people.client("viewer")
    rows = {row.all("bdi")[0].text: row.text for row in Page(viewer.get("/team/")).one("tbody").all("tr")}
    assert "Owner" in rows["mara"]
    assert "own token" in rows["mara"]
    assert "own token, refused" in rows["jonas"]
    assert "not yet" in rows["jonas"]
    assert "listens" in rows["priya"]
    assert membership(people.viewer, people.team).seen_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize("name", ["viewer", "member", "admin", "owner"])
def test_nobody_finds_a_button_that_answers_403(people: People, name: str) -> None:
    admin = person("ada@nightbus.example", people.team, Role.ADMIN)
    person("otto@nightbus.example", people.team, Role.OWNER)
    people.client("owner").post("/team/invitations/", {"role": "viewer"})
    Handover.objects.create(
        team=people.team,
        giver=membership(people.owner, people.team),
        receiver=membership(people.member, people.team),
    )
    client = Client()
    client.force_login(admin if name == "admin" else getattr(people, name))
    page = Page(client.get("/team/")).one("main")
    links = [str(link["href"]) for link in page.all("a")]
    for address in links:
        assert client.get(address).status_code in {200, 302}, address
    tried = []
    for form in page.all("form"):
        buttons = [button for button in form.all("button") if button["name"]]
        fields = {str(button["name"]): str(button["value"]) for button in buttons[-1:]}
        tried.append(str(form["action"]))
        with untouched():
            assert client.post(tried[-1], fields).status_code in {200, 302, 422}, tried[-1]
    assert bool([each for each in tried if "/members/" in each]) == (name in {"admin", "owner"})
    assert "/team/handover/accept/" in tried or name != "member"


def test_an_admin_manages_people_but_no_owners_and_makes_none(people: People) -> None:
    admin = person("ada@nightbus.example", people.team, Role.ADMIN)
    client = signed_in(admin)
    owner, member = membership(people.owner, people.team), membership(people.member, people.team)
    for action, form in (("role", {"role": "member"}), ("remove", {}), ("handover", {"stay": "on"})):
        assert client.post(f"/team/members/{owner.pk}/{action}/", form).status_code == 403, action
    assert client.post(f"/team/members/{member.pk}/handover/").status_code == 403
    client.post(f"/team/members/{member.pk}/role/", {"role": "owner"})
    assert membership(people.member, people.team).role == Role.MEMBER
    client.post(f"/team/members/{member.pk}/role/", {"role": "admin"})
    assert membership(people.member, people.team).role == Role.ADMIN
    assert last_actions(people.team) == ["role changed"]
    assert client.post(f"/team/members/{member.pk}/remove/").headers["Location"] == "/team/"
    assert last_actions(people.team) == ["member removed"]
    assert AuditEntry.objects.filter(team=people.team).exclude(by=admin).count() == 0


def test_caps_are_set_by_who_manages_and_counted_beside(people: People) -> None:
    """By the page; an admin's own and a member's, but no owner's. Each change is one line, with before and after."""
    admin = signed_in(person("ada@nightbus.example", people.team, Role.ADMIN))
    owner, member = membership(people.owner, people.team), membership(people.member, people.team)
    caps.reserve(caps.Spender(team_id=people.team.pk, member_id=people.member.pk), 40, month=month_of())
    assert admin.post(f"/team/members/{owner.pk}/cap/", {"monthly_cap": "9999"}).status_code == 403
    own, team = f"/team/members/{member.pk}/cap/", "/team/cap/"
    for address, wrong in ((own, "-1"), (team, "12.5"), (own, "many"), (team, "99999999999999999999")):
        page = Page(admin.post(address, {"monthly_cap": wrong}))
        assert "A whole number of credits, from 0 to 10,000,000." in page.text, wrong
    for address, cap in ((own, "100"), (own, "100"), (team, "1500"), (own, ""), (own, "0")):
        assert admin.post(address, {"monthly_cap": cap}).headers["Location"] == "/team/"
    lines = AuditEntry.objects.filter(team=people.team, action__contains="cap")
    assert list(lines.values_list("action", "subject")) == [
        ("member cap changed", "jonas@nightbus.example, from none to 0 credits a month"),
        ("member cap changed", "jonas@nightbus.example, from 100 credits a month to none"),
        ("team cap changed", "from none to 1,500 credits a month"),
        ("member cap changed", "jonas@nightbus.example, from none to 100 credits a month"),
    ]
    page = Page(people.client("viewer").get("/team/"))
    rows = {row.all("bdi")[0].text: row.text for row in page.one("tbody").all("tr")}
    assert "40 of 0" in rows["jonas"]
    assert "40 of 1,500 credits this month" in page.text
    with CaptureQueriesContext(connection) as few:
        admin.get("/team/")
    for number in range(3):
        person(f"p{number}@nightbus.example", people.team, Role.MEMBER)
    with CaptureQueriesContext(connection) as many:
        admin.get("/team/")
    assert len(few) == len(many)


def test_the_last_owner_stays(people: People) -> None:
    client, own = signed_in(people.owner), membership(people.owner, people.team)
    for address, form in (
        (f"/team/members/{own.pk}/role/", {"role": "member"}),
        (f"/team/members/{own.pk}/remove/", {}),
        ("/team/leave/", {}),
    ):
        answer = client.post(address, form, follow=True)
        assert "Hand the team over first" in Page(answer).text, address
    assert membership(people.owner, people.team).role == Role.OWNER


@pytest.mark.parametrize(("stay", "becomes"), [("", Role.ADMIN), ("on", Role.OWNER)])
def test_ownership_is_handed_over_in_two_steps(people: People, stay: str, becomes: Role) -> None:
    owner, jonas = signed_in(people.owner), people.client("member")
    member = membership(people.member, people.team)
    owner.post(f"/team/members/{member.pk}/handover/", {"stay": stay} if stay else {})
    assert membership(people.member, people.team).role == Role.MEMBER
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (
        [people.member.email],
        "mara wants to hand Night Bus over to you",
    )
    assert "http://testserver/team/" in str(letter.body)
    for name in ("viewer", "stranger"):
        assert people.client(name).post("/team/handover/accept/").status_code == 404
    assert "wants to hand this team over to you" in Page(jonas.get("/team/")).text
    assert jonas.post("/team/handover/accept/").headers["Location"] == "/team/"
    assert membership(people.member, people.team).role == Role.OWNER
    assert membership(people.owner, people.team).role == becomes
    assert last_actions(people.team) == ["ownership handed over"]


def test_a_handover_is_declined_withdrawn_or_ends_with_its_giver(people: People) -> None:
    owner, jonas = signed_in(people.owner), people.client("member")
    address = f"/team/members/{membership(people.member, people.team).pk}/handover/"
    for who, action in ((jonas, "declined"), (owner, "withdrawn")):
        owner.post(address, {"stay": "on"})
        assert people.client("viewer").post("/team/handover/end/").status_code == 403
        who.post("/team/handover/end/")
        assert last_actions(people.team) == [f"ownership handover {action}"]
    owner.post(address, {"stay": "on"})
    Membership.objects.filter(user=people.owner).update(role=Role.ADMIN)
    assert "withdrawn meanwhile" in Page(jonas.post("/team/handover/accept/", follow=True)).text
    assert membership(people.member, people.team).role == Role.MEMBER


def test_who_is_removed_is_out_with_the_next_request(people: People) -> None:
    """Also with a page of this team still open, while another team is theirs: nothing reaches that one instead."""
    elsewhere = Team.objects.create(name="Day Bus")
    Membership.objects.create(team=elsewhere, user=people.member, role=Role.OWNER)
    token = unasked(people.team, people.member)
    Lending.lend(token, Terms(monthly_cap=40, operations=("music",)), by=people.member)
    owners = unasked(people.team, people.owner)
    Lending.lend(owners, Terms(monthly_cap=40, operations=("music",)), by=people.owner)
    jonas = people.client("member")
    jonas.post("/teams/switch/", {"team": people.team.pk})
    page = signed_in(people.owner)
    member = membership(people.member, people.team)
    said = Page(page.get(f"/team/members/{member.pk}/remove/")).text
    for part in (
        "1 API token pays for nothing more",
        "1 token is lent to the team: that ends right away",
        "Nothing more is paid for them with tokens that others lend",
        "No job of theirs is queued",
        "All songs stay",
    ):
        assert part in said
    page.post(f"/team/members/{member.pk}/remove/")
    assert not ApiToken.objects.working().filter(pk=token.pk).exists()
    assert [each.token for each in Lending.objects.all()] == [owners]
    assert "lending stopped" in last_actions(people.team, 2)
    assert jonas.post("/team/rename/", {"name": "Mine now"}).headers["Location"] == "/"
    elsewhere.refresh_from_db()
    assert elsewhere.name == "Day Bus"
    assert jonas.session[CHOSEN_TEAM] == str(elsewhere.pk)
    assert "Day Bus" in Page(jonas.get("/team/")).text


def test_leaving_and_having_no_team(people: People) -> None:
    jonas = signed_in(people.member)
    assert jonas.post("/team/leave/").headers["Location"] == "/"
    assert last_actions(people.team) == ["member left"]
    assert "You are in no team" in Page(jonas.get("/library/")).text
    people.viewer.set_password(PASSWORD)
    people.viewer.save()
    asked = people.client("viewer").post("/team/leave/").headers["Location"]
    assert asked.startswith("/auth/reauthenticate/"), "a token is lost with it: the password is asked for"


def test_a_new_team_and_its_name(people: People) -> None:
    jonas = people.client("member")
    assert jonas.post("/team/new/", {"name": "  Day   Bus "}).headers["Location"] == "/team/"
    team = Team.objects.get(name="Day Bus")
    assert membership(people.member, team).role == Role.OWNER
    assert jonas.post("/team/rename/", {"name": " "}).status_code == 422
    jonas.post("/team/rename/", {"name": "Dawn Bus"})
    assert last_actions(team, 2) == ["team renamed", "team created"]
    shown = Page(jonas.get("/team/"))
    assert {button["value"] for button in shown.one("header").all("button", name_="team")} == {
        str(team.pk),
        str(people.team.pk),
    }


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_demote_each_other_at_the_same_moment() -> None:
    team, start = Team.objects.create(name="Night Bus"), Barrier(2, timeout=30)
    both = [person(f"{name}@nightbus.example", team, Role.OWNER) for name in ("ada", "bea")]

    def demote(number: int) -> str:
        by, other = membership(both[number], team), membership(both[1 - number], team)
        start.wait()
        try:
            memberships.change_role(other, Role.MEMBER, by=by)
        except NotPossible as reason:
            return reason.words
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, range(2))) == [memberships.MEANWHILE, "done"]
    assert team.memberships.owners().count() == 1
