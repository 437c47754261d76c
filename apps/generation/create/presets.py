"""Presets of the song form: saved under a name that is the team's only one, renamed, deleted and restored."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import AuditEntry, Team, User
from apps.generation.models import Preset
from apps.generation.models.presets import key_of
from apps.generation.references.fields import NAMES
from apps.library.curation import undo
from apps.library.input_names import InvalidInput
from apps.prepared import prepared

BROUGHT_BACK_FOR = timedelta(days=1)
# What a preset keeps: whose token pays is each person's own choice.
FIELDS = ("prompt", "words", "lyrics", "ghostwriter", "model", "email", "count", *NAMES)


class NameTaken(Exception):
    """The team has a preset of that name."""


def worth_keeping(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Of a form's values those that a preset keeps; what was left empty says nothing."""
    return {name: fields[name] for name in FIELDS if fields.get(name)}


@prepared
def of_team(team: Team) -> QuerySet[Preset]:
    return Preset.objects.for_team(team).live()


def save(*, team: Team, by: User, name: str, fields: Mapping[str, Any], replace: bool = False) -> Preset:
    """Raises NameTaken, unless what has the name is to be replaced."""
    values = {"name": name, "fields": worth_keeping(fields), "made_by": by}
    if replace:
        there = Preset.objects.for_team(team).live().named(name).first()
        if there:
            for field, value in values.items():
                setattr(there, field, value)
            there.save()
            return there
    try:
        with transaction.atomic():
            return Preset.objects.create(team=team, key=key_of(name), **values)
    except IntegrityError:
        raise NameTaken from None


def rename(preset: Preset, name: str) -> None:
    """Raises NameTaken."""
    try:
        with transaction.atomic():
            Preset.objects.live().filter(pk=preset.pk).update(name=name, key=key_of(name))
    except IntegrityError:
        raise NameTaken from None


def delete(preset: Preset, *, by: User) -> bool:
    """It can be restored for a day. Those deleted longer ago are erased now."""
    now = timezone.now()
    old = Preset.objects.filter(team=preset.team_id, deleted_at__lt=now - BROUGHT_BACK_FOR)
    old.delete()
    with transaction.atomic():
        deleted = Preset.objects.live().filter(pk=preset.pk).update(deleted_at=now) == 1
        if deleted:
            AuditEntry.objects.create(
                team_id=preset.team_id, by=by, action="preset deleted", subject=str(preset)[:200]
            )
    return deleted


def _undelete(team: Team, by: User, preset: str) -> str:
    """Brings one back; says what came of it. InvalidInput when that can't be done."""
    gone = Preset.objects.for_team(team).filter(pk=preset).first()
    if gone is None:
        raise InvalidInput("This preset has been erased.")
    try:
        with transaction.atomic():
            Preset.objects.filter(pk=gone.pk).update(deleted_at=None)
    except IntegrityError:
        raise InvalidInput(f"There is now another preset “{gone}”. Rename that one first.") from None
    return f"Preset “{gone}” is restored."


undo.ACTIONS["delete-preset"] = _undelete
