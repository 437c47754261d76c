"""Who may see a page: every view of a team's things goes through `team_view`, which finds team and role in one query.

A stranger gets 404 from the view (everything is fetched through `request.team`), a member whose role isn't enough 403.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property, wraps
from typing import Concatenate, Literal, ParamSpec, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import F, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from apps.accounts import two_step
from apps.accounts.models import Membership, Role, Team, User

Need = Literal["see", "create", "manage", "own"]
Also = Mapping[str, Subquery]
P = ParamSpec("P")

# In the session: the team that the person last chose.
CHOSEN_TEAM = "team_id"

_REFUSED: dict[Need, str] = {
    "see": "",
    "create": "You can listen in this team, but not create anything. An owner or admin can change that.",
    "manage": "Only an owner or admin of this team can do this.",
    "own": "Only an owner of this team can do this.",
}


class TeamRequest(HttpRequest):
    """What a view under `team_view` gets."""

    user: User
    team: Team
    membership: Membership
    teams: list[Team]
    htmx: HtmxDetails
    wants_partial: bool  # HTMX asks for a part of a page (accounts.middleware.PartialRequests)


TeamView = Callable[Concatenate[TeamRequest, P], HttpResponseBase]
AnyView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def team_view(
    *, needs: Need = "see", anonymous: int = 302, also: Also | None = None, two_step_first: bool = True
) -> Callable[[TeamView[P]], AnyView[P]]:
    """Sets `request.team` and `request.membership` for a signed-in person whose role allows `needs`.

    `anonymous` is the status for someone who isn't signed in: 302 to the sign-in page, or 401 for what a page
    loads by itself (audio, covers), where a redirect would be read as the thing itself. `also`: annotations of the
    membership, for a view that must not need a second query. `two_step_first`: not before somebody has set up what the
    team requires of them.
    """

    memberships = _Memberships(also)

    def decorate(view: TeamView[P]) -> AnyView[P]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request, anonymous)
            membership = membership_of(request, memberships)
            if membership is None:
                return TemplateResponse(request, "accounts/no_team.html", status=404)
            if str(membership.team_id) != request.session.get(CHOSEN_TEAM, str(membership.team_id)):
                return _left(request, membership, anonymous)
            membership.note_seen()
            if not allows(membership.rights, needs):
                raise PermissionDenied(_REFUSED[needs])
            if two_step_first and _lacks_two_step(membership):
                return _lead(request, "profile")  # where it is set up; then the team is there again
            ours = cast(TeamRequest, request)
            ours.team, ours.membership = membership.team, membership
            in_own_zone(ours.user)
            return view(ours, *args, **kwargs)

        return login_not_required(checked)

    return decorate


def person(request: HttpRequest) -> User:
    """Who is signed in, for views of a person's own that belong to no team."""
    return cast(User, request.user)


def in_own_zone(user: User) -> None:
    """Times of this page in the zone that the person chose; who chose none has their browser's."""
    if user.time_zone:
        with suppress(ZoneInfoNotFoundError):  # it was known when it was chosen
            timezone.activate(ZoneInfo(user.time_zone))


def allows(role: Role, needs: Need) -> bool:
    match needs:
        case "see":
            return True
        case "create":
            return role.may_create
        case "manage":
            return role.may_manage
        case "own":
            return role is Role.OWNER


def ask_again(request: HttpRequest) -> None:
    """For what can't be undone, or takes somebody's key away. Raises ReauthenticationRequired, which leads to the page
    that asks for the password, unless it was given within ten minutes. What was sent is then done.

    The request is kept in the session meanwhile: no form with a secret in it may come here.
    """
    raise_if_reauthentication_required(request, app="allauth.account")


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the password, or what stands for it, was given within ten minutes: for a form with a secret in it, which
    is shown only then."""
    user = person(request)
    given = [each["at"] for each in get_authentication_records(request, user) if each.get("reauthenticated")]
    if given and time.time() - given[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        return True
    # As allauth has it, by two queries less: whoever has nothing to confirm with is asked for nothing.
    return not (user.has_usable_password() or two_step.is_set_up(user.pk))


class _Memberships:
    """The memberships of a person, each with its team, by one query. Every request begins with it, so its SQL is
    written once and not each time, which takes longer than the query.
    """

    def __init__(self, also: Also | None = None) -> None:
        self._also = also or {}

    @cached_property
    def _sql(self) -> str:
        found = Membership.objects.filter(user_id=0).annotate(
            team_name=F("team__name"),
            team_two_step=F("team__two_step_required"),
            team_cap=F("team__monthly_cap"),
            **self._also,
        )
        sql: str = found.order_by().query.sql_with_params()[0]
        return sql

    def of(self, user_id: int) -> list[Membership]:
        found = list(Membership.objects.raw(self._sql, [user_id]))
        for each in found:
            said = vars(each)
            values = [each.team_id, said["team_name"], bool(said["team_two_step"]), said["team_cap"]]
            columns = ["id", "name", "two_step_required", "monthly_cap"]
            each.team = Team.from_db(each._state.db, columns, values)
        return found


_PLAIN = _Memberships()


def membership_of(request: HttpRequest, memberships: _Memberships = _PLAIN) -> Membership | None:
    """The signed-in person's membership in the team that they chose, else in their first one. One query, which also
    sets `request.teams`: all that they are in.
    """
    found = memberships.of(cast(User, request.user).pk)
    cast(TeamRequest, request).teams = [each.team for each in found]
    chosen = request.session.get(CHOSEN_TEAM)
    return min(found, key=lambda each: (str(each.team_id) != chosen, each.joined_at, each.pk), default=None)


def _left(request: HttpRequest, other: Membership, anonymous: int) -> HttpResponseBase:
    """They are in the team no more that their pages show: nothing of what they asked is done in another one instead."""
    if anonymous == 401:
        return HttpResponse("This is not in your team.", status=404, content_type="text/plain")
    request.session[CHOSEN_TEAM] = str(other.team_id)
    messages.warning(request, f"You are not in that team any more. These are the songs of {other.team.name}.")
    return _lead(request, "home")


def _lacks_two_step(membership: Membership) -> bool:
    demanded = membership.team.two_step_required and membership.rights.may_manage
    return demanded and not two_step.is_set_up(membership.user_id)


def _lead(request: HttpRequest, page: str) -> HttpResponseBase:
    """Away from here, also where HTMX asked for a part of a page."""
    if cast(TeamRequest, request).wants_partial:
        return HttpResponse(status=204, headers={"HX-Redirect": resolve_url(page)})
    return redirect(page)


def _sign_in(request: HttpRequest, status: int) -> HttpResponseBase:
    """To the sign-in page and back. A part of a page must not be replaced by it, nor lead away from what was typed on
    the page: the page says by itself that it is signed out (static/js/shell/connection.js).
    """
    if cast(TeamRequest, request).wants_partial:
        return HttpResponse(status=401)
    if status == 401:
        return HttpResponse("Sign in to hear this.", status=401, content_type="text/plain")
    return redirect_to_login(request.get_full_path(), resolve_url("account_login"))
