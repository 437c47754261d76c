"""The library's list of songs, fetched through the team: a stranger gets 404."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url, replace_url

from apps.accounts.permissions import TeamRequest, team_view
from apps.library import song_rows
from apps.library.playback.waveforms import GHOST
from apps.library.search.filters import Filters
from apps.library.search.song_list import Cursor, page_of


@require_safe
# Or a browser could take the found part out of its cache for the page.
@vary_on_headers("HX-Request", "HX-Boosted")
@team_view(needs="see")
def library(request: TeamRequest) -> HttpResponse:
    """The songs that the address asks for, a page at a time; for an answer while somebody types only what was found."""
    filters = Filters.of(request.team, request.user, request.GET)
    place = Cursor.parse(request.GET.get("after" if filters.oldest_first else "before", ""))
    page = page_of(request.team, filters, place)
    page.rows = song_rows.render(page.rows, request.user)
    context = {
        "page": page,
        "filters": filters,
        "next_address": filters.after(page.following),
        "ghost": GHOST,
    }
    if not request.wants_partial:
        return TemplateResponse(request, "library/library.html", context)
    # The first search is a place to come back to; the ones typed after it take its place.
    remember = replace_url if "q=" in (request.htmx.current_url or "") else push_url
    return remember(TemplateResponse(request, "library/_song_list.html", context), filters.address())
