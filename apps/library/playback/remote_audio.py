"""Sends a browser to the remote side for a take that isn't saved yet, and says how far saving it has come.

A redirect, not a stream of ours: whoever serves the file may hang, and must not hold a thread of this site. The link
gets what it would get from anybody: no token, no referrer, and no cookie but those of its own host
(docs/decisions/play-before-saved.md).
"""

from functools import lru_cache
from time import monotonic

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect

from apps.library.models import Clip, ClipFile
from apps.upstream import hosts

LOOK_UP_S = 2.0
KEPT_S = 600  # what a name leads to changes seldom, and a player asks again and again
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def redirect(link: str) -> HttpResponse:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HttpResponseRedirect(link, headers=headers)


def link_for(file: ClipFile, host: str) -> str:
    """The link that a browser which asked for `host` may follow; "" when there is none.

    By the rules by which the file is fetched: https at a public address, or an origin that the operator named. One on
    loopback is for browsers on this machine alone: for others it would be an address of their own.
    """
    link = file.remote_link
    if not link:
        return ""
    try:
        target = hosts.check_url(link, settings.OPERATOR_ORIGINS)
        _leads_outside(target, int(monotonic() // KEPT_S))
    except (hosts.HostRefused, OSError):
        return ""
    is_here = host.rpartition(":")[0] in LOOPBACK or host in LOOPBACK
    return link if target.host not in LOOPBACK or is_here else ""


@lru_cache(maxsize=256)
def _leads_outside(target: hosts.Target, _period: int) -> None:
    """Raises HostRefused for a name inside, OSError for one that isn't known; neither is remembered."""
    if not target.trusted:
        hosts.resolve(target, timeout=LOOK_UP_S)


def state(clip: Clip) -> dict[str, object]:
    """What a player needs to go on from here: the addresses of what is saved, and whether more is coming."""
    audio = [file for file in clip.files.all() if file.kind in (ClipFile.Kind.M4A, ClipFile.Kind.MP3)]
    return {
        "src": clip.m4a_url,
        "srcMp3": clip.mp3_url,
        "coming": any(file.state == ClipFile.State.WANTED for file in audio),
    }
