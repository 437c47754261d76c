"""Fills a fresh form with the settings of an earlier prompt, a song or a preset, or with a prompt from the address.

`?sent=<job>` as the person sent it a moment ago. `?from=<job>`, `?song=<song>` (with `&only=prompt` no more than its
prompt), `?preset=<preset>`, `?prompt=<words>`, `?file=<file>` with that reference.
`&model=` leaves the model to Flow Music.
`?draft=<lyric draft>` (with `&version=<number>` of that version) its lyrics and its prompt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from apps.accounts.models import Team, User
from apps.generation.jobs import links
from apps.generation.jobs.requests import PROMPT_LIMIT
from apps.generation.lyrics import pages as lyrics_pages
from apps.generation.models import Job, Preset
from apps.generation.references import fields as references_fields
from apps.library.models import LyricVersion, ReferenceFile, Song
from apps.uuids import uuid_or_none

NAMES = ("prompt", "lyrics", "ghostwriter", "model", *references_fields.NAMES)


@dataclass(frozen=True)
class Prefill:
    """The form's first values by its fields' names, and where they are from in words; "" for an empty form.

    `sent`: the first job of what the person has just sent with them.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    sent: Job | None = None


def find(asked: Mapping[str, str], *, team: Team, user: User) -> Prefill:
    """What the address asks for, through the team; of its references those that are left. Raises Http404."""
    found = _without_model(asked, _find(asked, team=team, user=user))
    left, gone = references_fields.still_there(found.fields, team=team)
    fields = {name: value for name, value in found.fields.items() if name not in references_fields.NAMES}
    if not gone:
        return Prefill(fields | left, found.source, found.sent)
    without = "a reference that is" if gone == 1 else f"{gone} references that are"
    return Prefill(fields | left, f"{found.source}, without {without} gone")


def _without_model(asked: Mapping[str, str], found: Prefill) -> Prefill:
    if asked.get("model") != "":
        return found
    return Prefill({name: value for name, value in found.fields.items() if name != "model"}, found.source)


def _find(asked: Mapping[str, str], *, team: Team, user: User) -> Prefill:
    if "sent" in asked:
        own = (
            Job.objects.for_team(team)
            .filter(asked_by=user, operation="music")
            .select_related("account", "token")
        )
        job = get_object_or_404(own, pk=_id(asked["sent"]))
        return Prefill(of_job(job, user) | {"count": job.batch_size}, sent=job)
    if "file" in asked:
        files = ReferenceFile.objects.for_team(team).live().ready().select_related("account")
        return of_file(get_object_or_404(files, pk=_id(asked["file"])))
    if "preset" in asked:
        preset = get_object_or_404(Preset.objects.for_team(team).live(), pk=_id(asked["preset"]))
        return Prefill(dict(preset.fields), f"preset “{preset}”")
    if "song" in asked:
        song = get_object_or_404(Song.objects.for_team(team).prefetch_related("takes"), pk=_id(asked["song"]))
        return Prefill(_only(asked, of_song(song, user)), f"“{song.title}”")
    if "from" in asked:
        earlier = Job.objects.for_team(team).select_related("account", "token")
        return Prefill(of_job(get_object_or_404(earlier, pk=_id(asked["from"])), user), "an earlier prompt")
    if (draft := asked.get("draft", asked.get("sheet"))) is not None:  # `sheet` is its name in older links
        version = lyrics_pages.find_version(team, _id(draft), asked.get("version", ""))
        if version is None:
            raise Http404
        return of_lyrics(version)
    if prompt := asked.get("prompt"):
        return Prefill({"prompt": prompt[:PROMPT_LIMIT]}, "an example")
    return Prefill()


def of_file(file: ReferenceFile) -> Prefill:
    name = "refImage1" if file.is_image else "refAudio1"
    email = {"email": file.account.email} if file.account else {}
    return Prefill({name: file.asset_id, **email}, f"the reference “{file}”")


def of_lyrics(version: LyricVersion) -> Prefill:
    """From a lyric draft: its lyrics, and its prompt for the sound."""
    fields = {"words": "own", "lyrics": version.lyrics, "prompt": version.sound_prompt}
    return Prefill(fields, f"the lyrics “{version.title}”" if version.title else "the lyrics")


def elsewhere(asked: Mapping[str, str], *, team: Team) -> str:
    """The address of the form that it belongs to, when that isn't the song form: an edit has its own."""
    if "from" in asked:
        job = Job.objects.for_team(team).exclude(operation="music").filter(pk=_id(asked["from"])).first()
        return links.form_of(job) if job else ""
    if "song" in asked:
        song = Song.objects.for_team(team).filter(pk=_id(asked["song"])).first()
        return links.form_of_song(song) if song else ""
    return ""


def of_edit(asked: Mapping[str, str], *, operation: str, team: Team) -> Prefill:
    """The parameters of an earlier edit of that kind, of whichever take. Raises Http404."""
    if "from" in asked:
        jobs = Job.objects.for_team(team).filter(operation=operation)
        earlier = get_object_or_404(jobs, pk=_id(asked["from"]))
        return _without_model(asked, Prefill(dict(earlier.params), "an earlier prompt"))
    if "song" in asked:
        songs = Song.objects.for_team(team).filter(operation=operation).prefetch_related("takes")
        song = get_object_or_404(songs, pk=_id(asked["song"]))
        return Prefill(dict(song.params), f"“{song.title}”")
    return Prefill()


def of_song(song: Song, user: User) -> dict[str, Any]:
    job = Job.objects.filter(song=song).select_related("account", "token").first()
    if job:
        return of_job(job, user)
    return of_params({"prompt": song.prompt} | song.params)


def of_job(job: Job, user: User) -> dict[str, Any]:
    """Also where it ran, if that was chosen, and who paid, if it was this person."""
    found = of_params(job.params)
    if job.account_is_fixed and job.account:
        found["email"] = job.account.email
    if job.token and job.token.owner_id == user.pk:
        found["token"] = job.token.pk
    return found


def of_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """From the parameters of the API."""
    words = "instrumental" if params.get("instrumental") else "own" if params.get("lyrics") else "ghostwriter"
    return {"words": words, **{name: params[name] for name in NAMES if name in params}}


def _only(asked: Mapping[str, str], found: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": found.get("prompt", "")} if asked.get("only") == "prompt" else found


def _id(text: str) -> UUID:
    found = uuid_or_none(text)
    if found is None:
        raise Http404
    return found
