"""`studio` with what the queue adds to the nav and to the pages of accounts. The context processor of every page."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.context_processors import theme
from apps.accounts.models import FlowAccount, Membership
from apps.addresses import address
from apps.generation.account_removal import removal
from apps.generation.job_pages import panel
from apps.generation.jobs import own_credits
from apps.generation.jobs.own_credits import OwnCredits
from apps.generation.lending_requests import notices
from apps.generation.models import Hold
from apps.generation.usage import forecast, overview, people
from apps.library.context_processors import LibraryContext
from apps.library.models import Clip


class Studio(LibraryContext):
    @cached_property
    def own_credits(self) -> OwnCredits | None:
        """None without a token."""
        return own_credits.of_team(self.team).get(self._user.pk) if self.team else None

    @property
    def has_token(self) -> bool:
        return self.own_credits is not None

    @cached_property
    def hold(self) -> Hold | None:
        """Nothing is sent for the team, after a restored backup."""
        return Hold.of(self.team).first() if self.team and panel.is_paused(self.team) else None

    @cached_property
    def slots(self) -> Mapping[int, panel.SlotRow]:
        """As the live panel shows them at this moment."""
        return panel.slot_rows(self.team) if self.team else {}

    @cached_property
    def account_uses(self) -> Mapping[int, removal.Use]:
        return removal.uses(self.team) if self.team else {}

    @cached_property
    def usage(self) -> overview.Overview | None:
        return overview.of_team(self.team, self._user) if self.team else None

    @cached_property
    def lending_requests(self) -> Sequence[notices.Notice]:
        return notices.for_person(self.membership) if self.membership else ()

    def work_of(self, member: Membership) -> people.Work:
        return people.work_of(member)

    def forecast_of(self, account: FlowAccount) -> forecast.Forecast:
        return forecast.of([account] if account.as_of is None else [], timezone.now().date())

    @property
    def create_page(self) -> str:
        return reverse("create")

    @property
    def usage_page(self) -> str:
        return reverse("usage")

    @property
    def preset_page(self) -> str:
        return reverse("preset-save")

    def usage_page_of(self, account: FlowAccount) -> str:
        return reverse("flow-account-usage", args=[account.email])

    def removal_page_of(self, account: FlowAccount) -> str:
        return reverse("flow-account-remove", args=[account.email])

    def edit_page_of(self, clip_id: UUID, operation: str) -> str:
        return address("clip-edit", clip_id, operation)

    def chain_page_of(self, clip: Clip) -> str:
        return address("clip-chain", clip.pk)


def studio(request: HttpRequest) -> dict[str, object]:
    return {"studio": Studio(request), "theme": theme(request)}
