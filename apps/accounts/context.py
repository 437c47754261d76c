"""What base.html asks for on every page. Nothing is asked of the database before a template does."""

from functools import cached_property
from typing import cast

from django.http import HttpRequest

from apps.accounts.access import membership_of
from apps.accounts.models import ApiToken, FlowAccount, Membership, Team, User


class Studio:
    """`studio` in every template: team, membership, other teams, credits and what the person may do here."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def membership(self) -> Membership | None:
        """None when signed out, or in no team."""
        if not self._user_id:
            return None
        found: Membership | None = getattr(self._request, "membership", None)
        return found or membership_of(self._request)

    @property
    def team(self) -> Team | None:
        return self.membership.team if self.membership else None

    @property
    def may_create(self) -> bool:
        return self.membership is not None and self.membership.rights.may_create

    @cached_property
    def teams(self) -> list[Team]:
        """All teams of the person, for the switch; the switch is shown from two on."""
        return (
            list(Team.objects.filter(memberships__user_id=self._user_id).order_by("name"))
            if self._user_id
            else []
        )

    @cached_property
    def has_token(self) -> bool:
        return self.team is not None and ApiToken.objects.for_team(self.team).owned_by(self._user).exists()

    @cached_property
    def credits(self) -> int | None:
        """Left on all Flow Music accounts under the person's own tokens in this team; None when not known."""
        if self.team is None:
            return None
        return FlowAccount.objects.owned_by(self._user, self.team).credits_left()

    @property
    def _user_id(self) -> int | None:
        # Error pages may be made before the session is read.
        return getattr(getattr(self._request, "user", None), "pk", None)

    @property
    def _user(self) -> User:
        """Of somebody who is in a team, so signed in."""
        return cast(User, self._request.user)


def studio(request: HttpRequest) -> dict[str, object]:
    theme = request.COOKIES.get("theme")
    return {"studio": Studio(request), "theme": theme if theme in {"dark", "light"} else ""}
