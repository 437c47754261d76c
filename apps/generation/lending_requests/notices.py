"""What a person is asked by others of their team: shown in the library and on the jobs page until it is settled."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.accounts.models import Lending, Membership
from apps.addresses import address
from apps.generation.lending_requests.requests import lend_page, what
from apps.generation.models import LendingRequest

MOST_SHOWN = 5


@dataclass(frozen=True)
class Notice:
    """`label`, `url`: what settles it. `subject_url`: the take that it is about, or the file."""

    id: UUID
    who: str
    what: str
    asked_at: datetime
    subject_url: str
    label: str
    url: str
    dismiss_url: str


def for_person(membership: Membership) -> list[Notice]:
    """Newest first. One query."""
    return [_notice(each) for each in _shown(membership)[:MOST_SHOWN]]


def _shown(membership: Membership) -> QuerySet[LendingRequest]:
    found = LendingRequest.objects.for_owner(membership).waiting()
    lent = Lending.objects.filter(token=OuterRef("token"))
    return found.annotate(is_lent=Exists(lent)).select_related("token", "asked_by", "clip__song", "file")


def _notice(request: LendingRequest) -> Notice:
    is_lent = getattr(request, "is_lent", False)
    return Notice(
        id=request.pk,
        who=request.asked_by.short_name,
        what=what(request),
        asked_at=request.asked_at,
        subject_url=address("clip", request.clip_id)
        if request.clip_id
        else f"{address('files')}#file-{request.file_id}",
        label="Change lending…" if is_lent else "Lend your token…",
        url=lend_page(request.token),
        dismiss_url=address("lending-request-dismiss", request.pk),
    )


def settle() -> int:
    """Those that are answered are over, and don't come back when the lending ends. Returns how many."""
    answered = LendingRequest.objects.filter(dismissed_at=None).answered()
    ids = list(answered.values_list("pk", flat=True))
    return LendingRequest.objects.filter(pk__in=ids).update(dismissed_at=timezone.now()) if ids else 0
