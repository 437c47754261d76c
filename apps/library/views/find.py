"""What the command palette shows of the library: a few songs and collections, found as somebody types."""

from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from apps.accounts.access import TeamRequest, team_view
from apps.accounts.models import Team
from apps.library import searching
from apps.library.models import Clip, Collection

MOST_SONGS, MOST_COLLECTIONS = 8, 5
MOST_TAKES = 40  # that are looked at; a wish has two, rarely more
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
    return TemplateResponse(request, "library/_find.html", context)


def _songs(team: Team, query: str) -> list[Clip]:
    """One take of each song, the newest first; the newest of all while nothing is asked for."""
    takes = Clip.objects.for_team(team).live().filter(stem_type="")
    if query:
        takes = takes.filter(searching.matching(team, query))
    newest = takes.select_related("song").prefetch_related("files").order_by("-created_at", "-id")
    first: dict[object, Clip] = {}
    for take in newest[:MOST_TAKES]:
        first.setdefault(take.song_id, take)
    return list(first.values())[:MOST_SONGS]


def _collections(team: Team, query: str) -> list[Collection]:
    """By their name, as a person would say it. A team has few of them."""
    words = searching.terms(query).split()
    if not words:
        return []
    named = Collection.objects.for_team(team).filter(name__icontains=words[0])
    return list(named[:MOST_COLLECTIONS])
