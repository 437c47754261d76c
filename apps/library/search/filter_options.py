"""What the filters of the library offer: for each, by its name in the address, the values and what people call them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import Subscription, Team, User
from apps.library.models import BEST, Clip, Collection, Song, Tag
from apps.prepared import prepared

Pairs = Mapping[str, str]  # value in the address: words for people

KINDS = {
    "music": "New songs",
    "cover": "Covers",
    "remix": "Remixes",
    "extend": "Extended",
    "replace": "Replaced parts",
    "effect": "Effects",
    Song.STEMS: "Stems",
    Song.IMPORT: "Imported",
}
SINCE = {"today": "Today", "week": "Last 7 days", "month": "This month", "year": "This year"}
VOICE = {"1": "Instrumental", "0": "With a voice"}
LENGTHS = {
    "0-60": "Under 1:00",
    "60-120": "1:00 to 2:00",
    "120-180": "2:00 to 3:00",
    "180-240": "3:00 to 4:00",
    "240-": "4:00 and longer",
}
RATINGS = {str(stars): f"{stars} stars or more" for stars in range(BEST - 1, 1, -1)}
RATINGS = {str(BEST): f"{BEST} stars", **RATINGS, "1": "Any rating"}
FAVOURITES = {"mine": "My favourites", "any": "Anybody’s favourites"}

TITLES = {
    "since": "When",
    "by": "Created by",
    "kind": "Kind",
    "instrumental": "Voice",
    "length": "Length",
    "favourite": "Favourites",
    "rating": "Rating",
    "tag": "Tag",
    "collection": "Collection",
    "provider": "Service",
}


def of_team(team: Team) -> dict[str, Pairs]:
    """The choices of every filter, in the order of the page. Four queries."""
    people = _people(team.pk)
    providers = {provider for (provider,) in _providers(team.pk)}
    choices: dict[str, Pairs] = {
        "since": SINCE,
        "by": {str(pk): User(name=name, email=email).short_name for pk, name, email in people},
        "kind": KINDS,
        "instrumental": VOICE,
        "length": LENGTHS,
        "favourite": FAVOURITES,
        "rating": RATINGS,
        "tag": dict(_tags(team.pk)),
        "collection": {str(pk): name for pk, name in _collections(team.pk)},
        "provider": {value: words for value, words in Subscription.Provider.choices if value in providers},
    }
    return {name: choices[name] for name in TITLES}


@prepared
def _people(team_id: UUID) -> QuerySet[User, Any]:
    found = User.objects.filter(memberships__team=team_id).order_by("name", "email")
    return found.values_list("pk", "name", "email")


@prepared
def _providers(team_id: UUID) -> QuerySet[Subscription, Any]:
    with_clips = Exists(Clip.objects.filter(team=team_id, subscription=OuterRef("pk")))
    return Subscription.objects.filter(with_clips).values_list("provider")


@prepared
def _tags(team_id: UUID) -> QuerySet[Tag, Any]:
    return Tag.objects.filter(team=team_id).values_list("key", "name")


@prepared
def _collections(team_id: UUID) -> QuerySet[Collection, Any]:
    return Collection.objects.filter(team=team_id).values_list("pk", "name")
