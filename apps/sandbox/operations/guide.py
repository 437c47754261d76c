"""GET /: what can be tried here, as a page."""

from __future__ import annotations

from html import escape

from apps.sandbox.operations.control import OPERATIONS
from apps.sandbox.responses import SandboxResponse, html
from apps.sandbox.scenarios import GUIDE
from apps.sandbox.world import SandboxRequest, World

OFFERED = (
    ("GET /accounts", "the accounts"),
    ("POST /accounts", "adds one by its refresh token, repairs one, or changes its maxJobs"),
    ("GET /accounts/{email}", "one account with its balance"),
    ("DELETE /accounts/{email}", "removes it"),
    ("GET /accounts/usage", "what it was charged and given"),
    ("POST /music", "a song: 5 credits"),
    ("POST /music/edit", "effect, extend, replace, cover, remix or stems of a clip: 5 credits each"),
    ("POST /music/lyrics", "lyrics alone: no credits"),
    ("GET /music", "an account's clips"),
    ("GET /music/download", "a clip as mp3"),
    ("POST /files", "an image or a recording, as raw bytes"),
    ("POST /files/generate", "an image: 1 credit"),
    ("GET /jobs", "what is running"),
    ("GET /jobs/{jobid}", "one job"),
    ("DELETE /jobs/{jobid}", "cancels it; what it cost is spent"),
)
CONTROLS = (
    ("GET /_sandbox/charges", "charges by replyRef; ?by=operation counts stems, lyrics and images too"),
    ("GET /_sandbox/requests", "calls by route; ?method=, ?path= and ?token= choose"),
    ("GET /_sandbox/jobs", "all jobs, also those that the API has no record of"),
    ("GET /_sandbox/hooks", "all webhooks"),
    ("POST /_sandbox/scenario", "{operation, scenario, times, number}: the next calls go this way"),
    ("DELETE /_sandbox/scenario", "clears the scenarios that were set"),
    ("POST /_sandbox/accounts", "{email, number, kind, credits, error, maxJobs, remove}: changes an account"),
    ("POST /_sandbox/finish", "{jobid}: ends it now"),
    (
        "POST /_sandbox/render",
        "{jobid}: makes its audio and covers now, as a real song has them when it is done",
    ),
    ("POST /_sandbox/speed", "{speed}: for all requests from now on"),
    (
        "POST /_sandbox/clips",
        "{email, count, title}: clips that were created elsewhere, newer than all others",
    ),
    ("POST /_sandbox/history", "{email, days, titles}: usage of the days before today"),
    ("POST /_sandbox/reset", "as freshly started"),
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>flowweb sandbox</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body><main>
<h1>The sandbox</h1>
<p>A small stand-in for useapi.net's Flow Music API. Songs are created here, on this machine, {speed} times as fast as
the real ones. Nothing costs anything.</p>
<h2>What it does</h2>
<p>Below <code>/v1/flowmusic</code>, as the pages of the API say:</p>
<ul>{operations}</ul>
<h2>Tokens</h2>
<p>Any <code>user:&lt;number&gt;-&lt;letters and digits&gt;</code> with <code>sandbox</code> in its second part, for
example <code>user:1000-sandboxdemo</code>. Each number is a subscription of its own.
<code>user:1000-sandboxempty</code> has no accounts, <code>user:1000-sandboxerror</code> only broken ones,
<code>user:1000-sandboxpoor</code> one without credits;
<code>user:402-sandbox</code> has no subscription.</p>
<p>An account is added with any refresh token of ten characters: <code>sandbox-refresh-mary</code> is that of
mary@sandbox.example, <code>sandbox-refresh-free.joe</code> has the plan in its name (free, starter, plus, member),
and one that begins with <code>bad</code> is refused.</p>
<h2>Parts of a prompt that shape the tune</h2>
<p><code>80 bpm</code>, slow, fast, sad, minor, dark, happy, bright, major, disco, rock, lofi, waltz;
<code>[long]</code> lasts three minutes, <code>[short]</code> eight seconds.</p>
<h2>Tags for what can go wrong</h2>
<p>Write one or more of them into the prompt, the instruction, the title or the lyrics of an edit, or order one for
the next calls of an operation:
<code>POST /_sandbox/scenario {{"operation": "jobs", "scenario": "500", "times": 3}}</code>. Operations are
{names}.</p>
{tables}
<h2>How tests control and query it</h2>
<ul>{controls}</ul>
</main></body></html>
"""


def show(world: World, request: SandboxRequest) -> SandboxResponse:
    tables = "\n".join(_table(title, rows) for title, rows in GUIDE)
    text = PAGE.format(
        speed=f"{world.speed:g}",
        operations=_list(OFFERED),
        controls=_list(CONTROLS),
        names=", ".join(f"<code>{name}</code>" for name in OPERATIONS),
        tables=tables,
    )
    return html(200, text)


def _list(rows: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"<li><code>{escape(label)}</code> {escape(words)}</li>" for label, words in rows)


def _table(title: str, rows: tuple[tuple[str, str], ...]) -> str:
    lines = (
        f'<tr><th scope="row"><code>[{escape(tag)}]</code></th><td>{escape(words)}</td></tr>'
        for tag, words in rows
    )
    return f"<h3>{escape(title)}</h3>\n<table>{''.join(lines)}</table>"
