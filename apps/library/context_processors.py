"""`studio` with what the library adds to the nav."""

from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, UUIDField
from django.urls import reverse

from apps.accounts.context_processors import AccountsContext
from apps.addresses import address
from apps.library.archiving import quota
from apps.library.models import Clip, ClipFile, Collection, CollectionItem
from apps.library.search import song_list
from apps.prepared import prepared

MOST_COLLECTIONS = 8


class LibraryContext(AccountsContext):
    @cached_property
    def songs(self) -> str:
        """How many songs the library lists; "" for none."""
        return song_list.figure(self.team) if self.team else ""

    @cached_property
    def collections(self) -> list[dict[str, str]]:
        """Name, address and cover ("" without one) of the first ones by name."""
        if self.team is None:
            return []
        return [_entry(*row) for row in _collections(self.team.pk)]

    @cached_property
    def storage_warning(self) -> quota.Usage | None:
        """From 90 % of the team's limit on."""
        if self.team is None:
            return None
        usage = quota.usage(self.team)
        return usage if usage.is_near else None

    @property
    def library_page(self) -> str:
        return reverse("library")

    # Where the pages of the library lead to on the floor above; "" where there is no such page.

    @property
    def preset_page(self) -> str:
        return ""

    def edit_page_of(self, clip_id: UUID, operation: str) -> str:
        """The form of an edit of the take."""
        return ""

    def chain_page_of(self, clip: Clip) -> str:
        """Where the edits that led to the take are applied to another one."""
        return ""


@prepared
def _collections(team_id: UUID) -> QuerySet[Collection, Any]:
    covered = Subquery(_with_cover()[:1], output_field=UUIDField())
    found = Collection.objects.filter(team=team_id).annotate(cover_of=covered)
    return found.values_list("pk", "name", "cover_of")[:MOST_COLLECTIONS]


def _entry(pk: UUID, name: str, cover_of: UUID | None) -> dict[str, str]:
    cover = address("clip-thumb", cover_of) if cover_of else ""
    return {"name": name, "url": address("collection", pk), "cover": cover}


def _with_cover() -> QuerySet[CollectionItem, Any]:
    stored = {"clip__files__kind": ClipFile.Kind.THUMB, "clip__files__state": ClipFile.State.STORED}
    items = CollectionItem.objects.filter(collection=OuterRef("pk"), clip__deleted_at=None, **stored)
    return items.order_by("place", "pk").values("clip_id")
