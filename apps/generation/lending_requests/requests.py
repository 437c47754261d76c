"""Asks the owner of a token to lend it: once a day for each thing, and not for so many things that it is a flood."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts import letters
from apps.accounts.models import ApiToken, Membership
from apps.addresses import address
from apps.generation.lending_requests.owners import Subject, column_of
from apps.generation.models import LendingRequest
from apps.library.lineage import edit_labels


class NotAsked(Exception):
    """Its text says why, for a person."""


@transaction.atomic
def ask(owner: Membership, *, by: Membership, operation: str, subject: Subject) -> LendingRequest:
    """Raises NotAsked. Asked already, it is what was asked then, dismissed or not."""
    # One after the other, so that none is left uncounted.
    Membership.objects.select_for_update().get(pk=by.pk)
    token = _token_of(owner, subject)
    if token is None or owner.pk == by.pk:
        raise NotAsked(f"{owner.user.short_name} has no working token for it any more.")
    LendingRequest.objects.filter(
        token=token, asked_at__lt=timezone.now() - LendingRequest.STANDS_FOR
    ).delete()
    request = LendingRequest(token=token, asked_by=by.user, operation=operation, **column_of(subject))
    if before := _before(request):
        if before.asked_at > _a_day_ago():
            return before
        request.pk, request._state.adding = before.pk, False
    asked = LendingRequest.objects.filter(
        token__team=by.team_id, asked_by=by.user_id, asked_at__gt=_a_day_ago()
    )
    if asked.count() >= LendingRequest.MOST_A_DAY:
        raise NotAsked(
            f"You have asked {LendingRequest.MOST_A_DAY} times since yesterday. Wait until tomorrow."
        )
    if letters.mail_is_set_up() and not asked.filter(token__owner=owner.user_id).exists():
        _mail(request)  # one a day from each person
    request.save()
    return request


def _token_of(owner: Membership, subject: Subject) -> ApiToken | None:
    tokens = ApiToken.objects.for_team(owner.team).owned_by(owner.user).paying()
    return tokens.filter(subscription=subject.subscription_id).select_related("owner", "team").first()


def _before(request: LendingRequest) -> LendingRequest | None:
    values = ("token_id", "asked_by_id", "operation", "clip_id", "file_id")
    return LendingRequest.objects.filter(**{name: getattr(request, name) for name in values}).first()


def _a_day_ago() -> datetime:
    return timezone.now() - LendingRequest.AGAIN_AFTER


def what(request: LendingRequest) -> str:
    """`Cover of Copper Rain, take A`, or what a song is to be made with."""
    if request.clip:
        return f"{edit_labels.OF.get(request.operation, 'Edit of')} {request.clip}"
    return f"A song with {request.file}"


def _mail(request: LendingRequest) -> None:
    by, token = request.asked_by, request.token
    pages = {"link": settings.PUBLIC_URL + lend_page(token), "jobs": settings.PUBLIC_URL + reverse("jobs")}
    letters.send(
        "lending_request",
        to=token.owner.email,
        subject=f"{by.short_name} asks you to lend your API token",
        words={"by": by, "team": token.team, "what": what(request), **pages},
    )


def lend_page(token: ApiToken) -> str:
    return address("token-lend", token.pk)
