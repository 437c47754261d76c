"""POST /music/lyrics (post-flowmusic-music-lyrics): words without a song. Normally free."""

from __future__ import annotations

import time
import uuid
from typing import Any

from apps.sandbox import accounts, charges, clips, jobs, scenarios
from apps.sandbox.accounts import CREDITS_PER_SONG, Account
from apps.sandbox.jobs import SandboxJob
from apps.sandbox.operations import fields
from apps.sandbox.responses import SandboxResponse, as_json
from apps.sandbox.scenarios import FAILING, SILENT, Scenario
from apps.sandbox.songs import drafts, words
from apps.sandbox.world import SandboxRequest, World

LONGEST = 2000
TEXTS = {"prompt": LONGEST, "structure": LONGEST, "email": fields.TEXTS["email"]}
NONE_WRITTEN = FAILING | {Scenario.NO_LYRICS, Scenario.UNPROCESSABLE}
AGENT = "That sounds like a lovely idea! Shall we talk about the mood first, before I write anything down?"


def write_lyrics(world: World, request: SandboxRequest) -> SandboxResponse:
    """200 with words and a sound prompt after 3 to 12 s; 422 with the agent's small talk if it wrote none."""
    form = request.form
    fields.check_texts(form, TEXTS)
    account = accounts.usable(world.state, request.caller.tenant, form.get("email"))
    if not request.called & NONE_WRITTEN:
        scenarios.check(request.called, email=account.email)
    chance = str(uuid.uuid4())
    lyrics = drafts.write(form["prompt"], form.get("structure", ""), chance)
    fired = Scenario.SONG_FIRED in request.called
    if fired:
        _fire(world, request, account, lyrics)
    if not request.called & SILENT:
        world.pause(jobs.seconds(request.called, form["prompt"], "lyrics", world.speed))
    if request.called & NONE_WRITTEN:
        return _without(account)
    plain = Scenario.PLAIN_LYRICS in request.called
    answer: dict[str, Any] = {
        "email": account.email,
        "title": None if plain else words.title(form["prompt"]),
        "lyrics": lyrics,
        "sound_prompt": None if plain else drafts.sound(form["prompt"]),
        "source": "text-part-fallback" if plain else "lyrics-create",
        "audio_create_song_fired": fired,
        "credits_burned": None if fired else 0,
    }
    return as_json(answer)


def _without(account: Account) -> SandboxResponse:
    problem = {"code": "no_lyrics", "message": "the agent produced no lyrics"}
    return as_json({"email": account.email, "error": problem, "agent_text": AGENT}, 422)


def _fire(world: World, request: SandboxRequest, account: Account, lyrics: str) -> None:
    """A song that nobody asked for: charged, and found in GET /music some time later. It has no job record."""
    state, now = world.state, time.time()
    prompt = drafts.sound(request.form["prompt"])
    job = SandboxJob(
        jobid=f"fired:{uuid.uuid4()}",
        tenant=account.tenant,
        number=request.caller.number,
        email=account.email,
        mode=jobs.HIDDEN,
        base=request.base,
        request={"prompt": f"{request.form['prompt']} {prompt}", "lyrics": lyrics},
        reference="",
        called=request.called,
        charged=CREDITS_PER_SONG,
        created=now,
        done_at=now + jobs.seconds(request.called, prompt, jobs.SONG, world.speed),
        operation="lyrics",
    )
    with state.transaction():
        jobs.insert(state, job)
        take = clips.take(job, 0, str(uuid.uuid4()))
        clips.insert(state, take)
        charges.charge(state, job, take.title)
