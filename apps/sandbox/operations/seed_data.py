"""/_sandbox/clips and /_sandbox/history: an account with a past, without the work of one."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.sandbox import accounts, charges, jobs
from apps.sandbox.callers import Caller
from apps.sandbox.responses import EMPTY, SandboxResponse, refuse
from apps.sandbox.songs.brief import generator
from apps.sandbox.songs.score import Score
from apps.sandbox.songs.song import PlayedSong
from apps.sandbox.world import SandboxRequest, World

MOST = 100_000
PROMPTS = (
    "harbour lights",
    "slow waltz of the attic",
    "disco train",
    "lofi rain",
    "rock garden",
    "night ferry",
)
TITLES = (
    "Harbour Light",
    "Paper Boats",
    "Winter Station",
    "Copper Moon",
    "Ferry Song",
    "Paper Boats",
    "Glass Garden",
)
DAY_S = 86_400


def add_clips(world: World, request: SandboxRequest) -> SandboxResponse:
    """{email, count = 1, number, kind, title = "Seeded"}: clips that nobody asked for here, newer than all others.

    Their audio is made when somebody wants to hear it, as always; six tunes are shared by all of them.
    """
    caller, email = _owner(world, request)
    count = _count(request.form, "count", 1, MOST)
    title = str(request.form.get("title", "Seeded"))
    songs = [PlayedSong.of_request({"prompt": f"{prompt} [short]"}, prompt, 0) for prompt in PROMPTS]
    scores = [json.dumps(Score(song.brief, song.seed, 0).stored()) for song in songs]
    with world.state.transaction():
        known = world.state.rows("SELECT count(*) AS n FROM jobs WHERE operation = 'seeded'")[0]["n"]
        for index in range(known, known + count):
            song, now = songs[index % len(songs)], time.time()
            jobid = f"seeded:{uuid.uuid4()}"
            world.state.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, '{}', '', '[]', 0, ?, ?, NULL, 'seeded', '')",
                jobid, caller.tenant, caller.number, email, jobs.HIDDEN, request.base, now, now,
            )  # fmt: skip
            world.state.execute(
                "INSERT INTO clips (uuid, jobid, take, title, lyrics, duration_s, timing, score)"
                " VALUES (?, ?, 0, ?, ?, ?, ?, ?)",
                str(uuid.uuid4()), jobid, f"{title} {index + 1}", song.lyrics, song.seconds,
                json.dumps(song.timing), scores[index % len(songs)],
            )  # fmt: skip
    return EMPTY


def add_history(world: World, request: SandboxRequest) -> SandboxResponse:
    """{email, days = 28, number, kind, titles}: what was charged and received on the days before today.

    Songs and edits of them, pictures, free credits every day and a grant every fortnight; always the same for the
    same account. The balance stays as it is.
    """
    caller, email = _owner(world, request)
    days = _count(request.form, "days", 28, 400)
    titles = request.form.get("titles", TITLES)
    if not isinstance(titles, list | tuple) or not titles:
        raise refuse(400, "Parameter titles must be a list of titles")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with world.state.transaction():
        for back in range(days, 0, -1):
            start = (today - timedelta(days=back)).timestamp()
            _day(world, (caller.tenant, email), back, start, [str(title) for title in titles])
    return EMPTY


def _day(world: World, owner: tuple[str, str], back: int, start: float, titles: list[str]) -> None:
    random = generator("history", *owner, back)

    def note(kind: str, credits: int, conversation: tuple[str | None, str | None] = (None, None)) -> None:
        at = start + float(random.uniform(8 * 3600, 22 * 3600))
        tokens = credits * accounts.TOKENS_PER_CREDIT
        charges.note(world.state, *owner, kind, tokens, at, conversation)

    note("daily-free", 10)
    if back % 14 == 0:
        note("grant", 600)
    for number in range(int(random.integers(0, 6))):
        title = titles[int(random.integers(len(titles)))]
        talk = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{owner} {back // 3} {title}"))
        note(charges.TOOLS if number % 4 == 3 else charges.SONGS, 5, (talk, title))


def _owner(world: World, request: SandboxRequest) -> tuple[Caller, str]:
    """The account that is meant; it must be there."""
    form = request.form
    caller = Caller(str(form.get("number", "1000")), str(form.get("kind", "")))
    if caller.kind not in accounts.BEGINNINGS:
        raise refuse(400, f"Parameter kind must be one of {', '.join(accounts.BEGINNINGS)}")
    accounts.begin(world.state, caller)
    email = str(form.get("email", accounts.STUDIO))
    if email not in accounts.of_tenant(world.state, caller.tenant):
        raise refuse(404, f"Account {email} not configured")
    return caller, email


def _count(form: dict[str, Any], name: str, default: int, most: int) -> int:
    count = form.get(name, default)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= most:
        raise refuse(400, f"Parameter {name} must be a whole number, 1 to {most}")
    return count
