"""Gives base.html what every page shows. The database is queried only when a template uses a value.

Each floor adds its part in its own context_processors.py; the one of generation hands it to the templates.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import cast

from django.conf import settings
from django.http import HttpRequest

from apps.accounts import lending
from apps.accounts.models import ApiToken, FlowAccount, Membership, Team, User
from apps.accounts.permissions import TeamRequest, membership_of


class AccountsContext:
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
    def openid_name(self) -> str:
        """Who vouches for people by OpenID Connect, as the sign-in page calls them; "" for nobody."""
        return settings.OPENID_NAME

    @property
    def version(self) -> str:
        """Of flowweb, as pyproject.toml and the changelog say it."""
        return settings.VERSION

    @property
    def team(self) -> Team | None:
        return self.membership.team if self.membership else None

    @property
    def may_create(self) -> bool:
        return self.membership is not None and self.membership.rights.may_create

    @property
    def may_manage(self) -> bool:
        return self.membership is not None and self.membership.rights.may_manage

    @cached_property
    def teams(self) -> list[Team]:
        """All teams of the person, for the switch; the switch is shown from two on."""
        if self.membership is None:
            return []
        return sorted(cast(TeamRequest, self._request).teams, key=lambda team: team.name)

    @property
    def has_token(self) -> bool:
        return self.team is not None and ApiToken.objects.for_team(self.team).owned_by(self._user).exists()

    @cached_property
    def lent_tokens(self) -> list[ApiToken]:
        """Of somebody who has no token of their own: those that are lent to them here, with what is left of each; those
        for songs first."""
        if self.team is None or not self.may_create or self.has_token:
            return []
        found = lending.lent_to(self._user, self.team)
        return sorted(found, key=lambda token: "music" not in token.lending.operation_names)

    @property
    def lent(self) -> lending.LentCredits | None:
        """Of the first of them."""
        return next(
            (lending.LentCredits(each.owner.short_name, each.left_words) for each in self.lent_tokens), None
        )

    @property
    def can_pay(self) -> bool:
        """For a song: with a token of their own, or one that is lent to them for it."""
        return self.has_token or any("music" in each.lending.operation_names for each in self.lent_tokens)

    @cached_property
    def credits(self) -> int | None:
        """Left on all Flow Music accounts under the person's own tokens in this team; None when not known."""
        if self.team is None:
            return None
        return FlowAccount.objects.owned_by(self._user, self.team).credits_left()

    # What the pages of accounts show of songs and jobs. The floors above know it; here there is nothing of it.

    @property
    def slots(self) -> Mapping[int, object]:
        """The parallel jobs of each account, by its id."""
        return {}

    @property
    def account_uses(self) -> Mapping[int, object]:
        """By the account's id: how many of the team's songs are on it, and how many jobs wait for it alone."""
        return {}

    @property
    def usage(self) -> object | None:
        """What all accounts spent lately; None when nothing is known of it."""
        return None

    @property
    def lending_requests(self) -> Sequence[object]:
        """What others of the team ask this person to lend a token for."""
        return ()

    def work_of(self, member: Membership) -> object | None:
        """How many songs are theirs, and how many jobs they have queued and running."""
        return None

    def forecast_of(self, account: FlowAccount) -> object | None:
        """How long its credits last."""
        return None

    # Where its pages lead to on the floors above; "" where there is no such page.

    @property
    def library_page(self) -> str:
        return ""

    @property
    def create_page(self) -> str:
        return ""

    @property
    def usage_page(self) -> str:
        return ""

    def usage_page_of(self, account: FlowAccount) -> str:
        return ""

    def removal_page_of(self, account: FlowAccount) -> str:
        return ""

    @property
    def _user_id(self) -> int | None:
        # Error pages may be made before the session is read.
        return getattr(getattr(self._request, "user", None), "pk", None)

    @property
    def _user(self) -> User:
        """Of somebody who is in a team, so signed in."""
        return cast(User, self._request.user)


def theme(request: HttpRequest) -> str:
    """What the person chose; "" follows the system."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in {"dark", "light"} else ""
