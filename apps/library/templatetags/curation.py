"""`{% load curation %}`: what was said of takes, the tags and collections of the team, and the undo of a message."""

from uuid import UUID

from django import template
from django.contrib.messages.storage.base import Message
from django.db.models import QuerySet

from apps.accounts.models import Team, User
from apps.library.curation import trash
from apps.library.curation.ratings import Summary, summary_of
from apps.library.curation.undo import TAG
from apps.library.models import Clip, Collection, Tag
from apps.prepared import prepared

register = template.Library()

MOST_SHOWN = 200


@register.simple_tag
def ratings_of(clip: Clip, user: User) -> Summary:
    """`{% ratings_of clip user as said %}`"""
    return summary_of(clip, user.pk)


@register.simple_tag
def collections_of(team: Team) -> list[Collection]:
    return _collections(team.pk)


@register.simple_tag
def tags_of(team: Team) -> list[Tag]:
    return _tags(team.pk)


@register.filter
def days_left(clip: Clip) -> int:
    """In the trash, until it is erased."""
    return trash.days_left(clip)


@register.filter
def undo_token(message: Message) -> str:
    """What takes back what the message tells; "" when there is nothing to take back."""
    extra = message.extra_tags or ""
    return extra.removeprefix(TAG) if extra.startswith(TAG) else ""


@prepared
def _collections(team_id: UUID) -> QuerySet[Collection]:
    return Collection.objects.filter(team=team_id)[:MOST_SHOWN]


@prepared
def _tags(team_id: UUID) -> QuerySet[Tag]:
    return Tag.objects.filter(team=team_id)[:MOST_SHOWN]
