"""The files that the pages play and show: a player gets 401 or 404 in words, never the sign-in page."""

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from apps import transfers
from apps.accounts.permissions import TeamRequest, team_view
from apps.library import songs
from apps.library.models import Clip, ClipFile
from apps.library.playback import playback, remote_audio
from apps.library.playback.waveforms import drawn

Kind = ClipFile.Kind


@require_safe
@team_view(needs="see", anonymous=401)
def audio(request: TeamRequest, clip_id: UUID, kind: str) -> HttpResponseBase:
    """What the player plays; with `?download=1` a file with a readable name, with `?here=1` for the mixer.

    Until it is saved the player, and nobody else, is sent to the remote side.
    """
    if kind not in ClipFile.AUDIO:
        raise Http404("no such format")
    take = get_object_or_404(Clip.objects.for_team(request.team).select_related("song"), pk=clip_id)
    name = playback.readable_name(take, kind) if request.GET.get("download") == "1" else ""
    here = request.GET.get("here") == "1"
    file = take.files.filter(kind=kind).first()
    if file and not (name or here) and (link := remote_audio.link_for(file, request.get_host())):
        return remote_audio.redirect(link)
    return _serve(request, file, download_as=name, here=here)


@require_safe
@team_view(needs="see", anonymous=401)
def sound(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    """For a player whose sound broke off: {"src": "/library/…", "srcMp3": "", "coming": true}."""
    takes = Clip.objects.for_team(request.team).prefetch_related("files")
    take = get_object_or_404(takes.only("pk"), pk=clip_id)
    return JsonResponse(remote_audio.state(take), headers={"Cache-Control": "no-store"})


@require_safe
@team_view(needs="see", anonymous=401)
def cover(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    """What pages show; with `?download=1` a file with a readable name."""
    take = get_object_or_404(Clip.objects.for_team(request.team).select_related("song"), pk=clip_id)
    file = take.files.filter(kind=Kind.COVER).first()
    wanted = file is not None and request.GET.get("download") == "1"
    name = playback.cover_name(take, file.content_type) if file and wanted else ""
    return _file(request, take, Kind.COVER, download_as=name)


@require_safe
@team_view(needs="see", anonymous=401)
def thumb(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    return _file(request, get_object_or_404(Clip.objects.for_team(request.team), pk=clip_id), Kind.THUMB)


@require_safe
@team_view(needs="see", anonymous=401)
def peaks(request: TeamRequest, clip_id: UUID) -> HttpResponse:
    """The waveform for the player: {"size": 150, "path": "M1 …"}, the path as the `waveform` tag draws it; 204 for
    a take that isn't saved yet."""
    take = get_object_or_404(Clip.objects.for_team(request.team).only("peaks", "rms"), pk=clip_id)
    if take.peaks is None and remote_audio.state(take)["coming"]:
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    if take.peaks is None:
        return playback.missing(None)
    return JsonResponse(drawn(take, 150), headers={"Cache-Control": "private, max-age=3600"})


@require_safe
@team_view(needs="see", anonymous=401)
def download_ready(request: TeamRequest) -> HttpResponse:
    """Whether a download of this person may begin: 204, or 202 with words. Asking again keeps the place."""
    try:
        transfers.DOWNLOADS.ask(request.user.pk)
    except transfers.TooManyTransfers as busy:
        words = transfers.message_for(busy, "download")
        return HttpResponse(words, status=202, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


@require_POST
@team_view(needs="create")
def retry(request: TeamRequest, clip_id: UUID, kind: str) -> HttpResponse:
    """Tries a file again now that isn't there yet or was given up."""
    files = ClipFile.objects.for_team(request.team).exclude(kind=Kind.THUMB)
    file = get_object_or_404(files.select_related("clip"), clip_id=clip_id, kind=kind)
    if file.ask_again():
        songs.wake_files([file.pk])
    return redirect(file.clip)


def _file(request: TeamRequest, take: Clip, kind: str, *, download_as: str = "") -> HttpResponseBase:
    return _serve(request, take.files.filter(kind=kind).first(), download_as=download_as)


def _serve(
    request: TeamRequest, file: ClipFile | None, *, download_as: str = "", here: bool = False
) -> HttpResponseBase:
    if file is None or not file.is_stored:
        return playback.missing(file)
    return playback.serve(request, file, download_as=download_as, here=here)
