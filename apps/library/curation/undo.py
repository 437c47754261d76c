"""Offers undo in place of "are you sure": a message carries a signed token that says how to reverse what was done.

The token holds ids and names, is bound to team and person, and lasts a day. Undoing twice is harmless.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing

from apps.accounts.models import Team, User
from apps.accounts.permissions import TeamRequest
from apps.library import references, song_names
from apps.library.curation import collections, tags, trash
from apps.library.input_names import InvalidInput
from apps.library.models import Clip, Collection, Song

LASTS = timedelta(days=1)
TAG = "undo:"  # of a message's extra tags; the token follows
_SALT = "library.undo"
Undo = Callable[..., str]


def undoable(request: TeamRequest, words: str, action: str, **data: Any) -> None:
    """A message of what was done, with a way back. `action` and its data are those of a function below."""
    if action not in ACTIONS:
        raise KeyError(action)
    whose = [str(request.team.pk), request.user.pk]
    token = signing.dumps([whose, action, data], salt=_SALT, compress=True)
    messages.success(request, words, extra_tags=TAG + token)


def undo(token: str, *, team: Team, by: User) -> str:
    """Takes it back, and says what was undone. InvalidInput when it is too late, or not theirs."""
    try:
        whose, action, data = signing.loads(token, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        raise InvalidInput("It’s too late to undo this.") from None
    if whose != [str(team.pk), by.pk]:
        raise InvalidInput("This belongs to another team or person, so nothing was undone.")
    return ACTIONS[action](team, by, **data)


def _delete(team: Team, by: User, clips: list[str]) -> str:
    back = trash.restore(team, Clip.objects.for_team(team).filter(pk__in=clips), by=by)
    return (
        f"{takes(back)} restored." if back else "Nothing to restore: already restored, or deleted for good."
    )


def _untag(team: Team, by: User, taken: dict[str, list[str]]) -> str:
    return f"Tags restored on {takes(tags.restore(team, taken))}."


def _rename(team: Team, by: User, song: str, old: str, new: str) -> str:
    """Not when somebody gave yet another name meanwhile."""
    found = Song.objects.for_team(team).filter(pk=song, name=new).first()
    if found is None:
        return "The song has been renamed since, so its name stays."
    song_names.rename(found, old)
    return f"“{found.title}” has its old name back."


def _remove_from_collection(team: Team, by: User, collection: str, clip: str, place: int) -> str:
    found = _collection(team, collection)
    found.add_at(place, UUID(clip))
    return f"Added to “{found}” again."


def _add_to_collection(team: Team, by: User, collection: str, items: list[int]) -> str:
    """Not what a person removed and somebody added again: that is another item."""
    found = _collection(team, collection)
    if not found.items.filter(pk__in=items).delete()[0]:
        return f"Nothing was removed: “{found}” has changed since."
    return f"Removed from “{found}”."


def _move(team: Team, by: User, collection: str, clip: str, place: int) -> str:
    found = _collection(team, collection)
    found.move(UUID(clip), place)
    return f"“{found}” is in its old order again."


def _rename_collection(team: Team, by: User, collection: str, old: str, new: str) -> str:
    """As with a song."""
    found = _collection(team, collection)
    if found.name not in {old, new}:
        return "The collection has been renamed since, so its name stays."
    found.rename(old)
    return f"Renamed back to “{found}”."


def _delete_collection(team: Team, by: User, **deleted: Any) -> str:
    return f"“{collections.recreate(team, deleted, by=by)}” restored."


def _delete_file(team: Team, by: User, file: str) -> str:
    return f"“{references.restore(team, file, by=by)}” restored."


def _collection(team: Team, pk: str) -> Collection:
    found = Collection.objects.for_team(team).filter(pk=pk).first()
    if found is None:
        raise InvalidInput("The collection no longer exists.")
    return found


def takes(count: int) -> str:
    return "1 take" if count == 1 else f"{count} takes"


ACTIONS: dict[str, Undo] = {
    "delete": _delete,
    "untag": _untag,
    "rename": _rename,
    "collect": _add_to_collection,
    "uncollect": _remove_from_collection,
    "move": _move,
    "rename-collection": _rename_collection,
    "delete-collection": _delete_collection,
    "delete-file": _delete_file,
}
