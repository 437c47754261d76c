"""`team_view`: every role against every need, what the signed-out get, and the team of the session."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from apps.accounts.middleware import PartialRequests
from apps.accounts.models import Membership, Role, Team, User
from apps.accounts.permissions import TeamRequest, allows, team_view
from tests.accounts.conftest import People


@pytest.mark.parametrize(
    ("needs", "roles"),
    [
        ("see", {"owner", "admin", "member", "viewer"}),
        ("create", {"owner", "admin", "member"}),
        ("manage", {"owner", "admin"}),
        ("own", {"owner"}),
    ],
)
def test_which_role_may_what(needs, roles: set[str]) -> None:
    assert {role.value for role in Role if allows(role, needs)} == roles


def ask(user, *, needs="see", anonymous=302, **headers: str):
    @team_view(needs=needs, anonymous=anonymous)
    def page(request: TeamRequest) -> HttpResponse:
        return HttpResponse(f"{request.team.name}, {request.membership.rights.value}")

    request = RequestFactory().get("/songs/?page=2", headers=headers)
    request.user, request.session, request.htmx = user, SessionStore(), HtmxDetails(request)
    return PartialRequests(page)(request)


def test_team_and_membership_come_in_one_query(people: People, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert ask(people.member).content == b"Night Bus, member"


def test_too_low_a_role_is_refused_in_words(people: People) -> None:
    with pytest.raises(PermissionDenied, match="You can listen"):
        ask(people.viewer, needs="create")
    assert ask(people.member, needs="create").status_code == 200


@pytest.mark.django_db
def test_signed_out(client) -> None:
    from django.contrib.auth.models import AnonymousUser

    nobody = AnonymousUser()
    assert ask(nobody).headers["Location"] == "/auth/login/?next=/songs/%3Fpage%3D2"
    assert ask(nobody, anonymous=401).status_code == 401
    part = ask(nobody, **{"HX-Request": "true", "HX-Current-URL": "http://testserver/jobs/?mine=1"})
    assert (part.status_code, part.content) == (401, b"")
    assert "HX-Redirect" not in part.headers, "what is typed on the page stays"
    boosted = ask(nobody, **{"HX-Request": "true", "HX-Boosted": "true"})
    assert boosted.status_code == 302


@pytest.mark.django_db
def test_somebody_in_no_team(client) -> None:
    client.force_login(User.objects.create_user("nobody@elsewhere.example"))
    response = client.get("/settings/tokens/")
    assert response.status_code == 404
    assert "in no team" in response.content.decode()


def test_a_refusal_takes_one_line_of_the_log(people: People, caplog: pytest.LogCaptureFixture) -> None:
    assert people.client("viewer").get("/create/").status_code == 403
    (line,) = [record for record in caplog.records if record.name == "django.request"]
    assert line.exc_info is None
    assert "/create/" in line.getMessage()


def test_switching_teams(people: People) -> None:
    second = Team.objects.create(name="Harbour EP")
    Membership.objects.create(team=second, user=people.member, role=Role.VIEWER)
    client = people.client("member")
    assert "Night Bus" in client.get("/flow-accounts/").content.decode()
    assert client.post("/teams/switch/", {"team": str(second.pk)}).headers["Location"] == "/"
    page = client.get("/settings/tokens/").content.decode()
    assert "yours in Harbour EP" in page or "Sit back" in page
    Membership.objects.filter(team=second).delete()
    left = client.get("/flow-accounts/")
    assert (left.status_code, left.headers["Location"]) == (302, "/"), (
        "nothing is done in another team instead"
    )
    assert client.get("/flow-accounts/").status_code == 200, "back in the first team"


def test_nobody_switches_to_a_team_of_others(people: People) -> None:
    client = people.client("stranger")
    assert client.post("/teams/switch/", {"team": str(people.team.pk)}).status_code == 404
    assert client.post("/teams/switch/", {"team": "not-an-id"}).status_code == 404
    assert client.get("/teams/switch/").status_code == 405
    assert "Night Bus" not in client.get("/flow-accounts/").content.decode()
