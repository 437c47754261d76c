"""What pages load of reference files. Nothing that was uploaded is shown as what it claims to be: pictures are small
ones of our own, audio goes to a player by the type of its bytes, and the rest is a download."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from apps.accounts.permissions import TeamRequest, team_view
from apps.library.archiving.file_types import TYPES
from apps.library.input_names import of_file
from apps.library.models import ReferenceFile
from apps.library.playback import playback


@dataclass(frozen=True)
class Small:
    """The small picture, as playback.serve wants it."""

    file: Any
    size: int | None
    stored_at: datetime | None
    former: str = ""
    content_type: str = "image/webp"
    kind: str = "thumb"


@require_safe
@team_view(needs="see", anonymous=401)
def thumb(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    file = _find(request, pk)
    if not file.thumb:
        raise Http404("no thumbnail yet")
    return playback.serve(request, Small(file.thumb, file.thumb.size, file.created_at))


@require_safe
@team_view(needs="see", anonymous=401)
def audio(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    file = _find(request, pk)
    if not file.audio_url:
        raise Http404("no audio that can be played")
    return playback.serve(request, file)


@require_safe
@team_view(needs="see", anonymous=401)
def download(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    file = _find(request, pk)
    if not file.file:
        raise Http404("not saved yet")
    extension = TYPES[file.content_type].extension
    name = of_file(str(file).removesuffix(f".{extension}")) or "File"
    return playback.serve(request, file, download_as=f"{name}.{extension}")


def _find(request: TeamRequest, pk: UUID) -> ReferenceFile:
    return get_object_or_404(ReferenceFile.objects.for_team(request.team), pk=pk)
