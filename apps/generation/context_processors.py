"""`studio` with what the queue adds to the nav and to the pages of accounts. The context processor of every page."""

from collections.abc import Mapping
from functools import cached_property
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.context_processors import theme
from apps.accounts.models import FlowAccount
from apps.accounts.models.subscriptions import REAL
from apps.addresses import address
from apps.generation.account_removal import removal
from apps.generation.job_pages import panel
from apps.generation.jobs import pricing
from apps.generation.models import Hold, Job, State
from apps.generation.operations import FREE
from apps.generation.usage import forecast, overview
from apps.library.context_processors import LibraryContext
from apps.library.models import Clip


class Studio(LibraryContext):
    @cached_property
    def reserved(self) -> int:
        """Credits that the person's own tokens are going to spend on what is queued."""
        if self.team is None or not self.has_token:
            return 0
        queued = Job.objects.for_team(self.team).filter(state=State.QUEUED, token__owner_id=self._user_id)
        queued = queued.filter(token__refused_at=None).exclude(operation__in=FREE)
        if self.has_real_token:
            queued = queued.filter(subscription__endpoint__startswith=REAL)
        return queued.count() * self._price

    @cached_property
    def hold(self) -> Hold | None:
        """Nothing is sent for the team, after a restored backup."""
        return Hold.of(self.team).first() if self.team else None

    @property
    def may_manage(self) -> bool:
        return self.membership is not None and self.membership.rights.may_manage

    @property
    def available(self) -> int:
        return max(0, (self.credits or 0) - self.reserved)

    @property
    def songs_left(self) -> int:
        """About how many songs the free credits are."""
        return self.available // self._price

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

    @cached_property
    def _price(self) -> int:
        return pricing.of_any(FlowAccount.objects.owned_by(self._user, self.team)).credits if self.team else 1


def studio(request: HttpRequest) -> dict[str, object]:
    return {"studio": Studio(request), "theme": theme(request)}
