"""What the command palette shows of the library: a few songs and collections, found as somebody types."""

from uuid import UUID

from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from apps.accounts.models import Team
from apps.accounts.permissions import TeamRequest, team_view
from apps.library.models import Clip, Collection
from apps.library.models.clips import ClipQuerySet
from apps.library.search import search_index, terms

MOST_SONGS, MOST_COLLECTIONS = 8, 5
MOST_TAKES = 40  # that are looked at; a song has two, rarely more
LONGEST_QUERY = 200


@require_safe
@team_view(needs="see")
def find(request: TeamRequest) -> HttpResponseBase:
    typed = request.GET.get("q", "")[:LONGEST_QUERY]
    query = "".join(sign for sign in typed if sign.isprintable()).strip()
    context = {
        "query": query,
        "songs": _songs(request.team, query),
        "collections": _collections(request.team, query),
    }
    return TemplateResponse(request, "library/_palette_results.html", context)


def _songs(team: Team, query: str) -> list[Clip]:
    """One take of each song, the best hits first, then the newest; the newest of all while nothing is asked for."""
    takes = Clip.objects.for_team(team).live().filter(stem_type="")
    if not query:
        return _with_files(_newest(takes, {}))
    first: dict[UUID, UUID] = {}
    for _rank, found in search_index.find(team, query).ranks:
        first = _newest(takes.filter(found.condition), first)
        if len(first) == MOST_SONGS:
            break
    return _with_files(first)


def _newest(takes: ClipQuerySet, first: dict[UUID, UUID]) -> dict[UUID, UUID]:
    """By songs, one take of each: what is there already, and then the newest of these."""
    first = dict(first)
    newest = takes.exclude(song__in=list(first)).order_by("-created_at", "-id")
    for song, take in newest.values_list("song_id", "pk")[:MOST_TAKES]:
        if len(first) < MOST_SONGS:
            first.setdefault(song, take)
    return first


def _with_files(first: dict[UUID, UUID]) -> list[Clip]:
    takes = Clip.objects.select_related("song").prefetch_related("files").in_bulk(list(first.values()))
    return [takes[pk] for pk in first.values() if pk in takes]


def _collections(team: Team, query: str) -> list[Collection]:
    """By their name, as a person would say it. A team has few of them."""
    named = Collection.objects.for_team(team)
    return [each for each in named if query and terms.fits(query, each.name)][:MOST_COLLECTIONS]
