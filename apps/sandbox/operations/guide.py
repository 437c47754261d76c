"""GET /: what can be tried here, as a page."""

from __future__ import annotations

from html import escape

from apps.sandbox.answers import Answer, html
from apps.sandbox.scenarios import GUIDE
from apps.sandbox.world import Request, World

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>flowweb sandbox</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body><main>
<h1>The sandbox</h1>
<p>A small stand-in for useapi.net's Flow Music API. Songs are made here, on this machine, {speed} times as fast as
the real ones. Nothing costs anything.</p>
<h2>Tokens</h2>
<p>Any <code>user:&lt;number&gt;-&lt;letters and digits&gt;</code> with <code>sandbox</code> in its second part, for
example <code>user:1000-sandboxdemo</code>. Each number is a subscription of its own.
<code>user:1000-sandboxempty</code> has no accounts, <code>user:1000-sandboxerror</code> only broken ones,
<code>user:1000-sandboxpoor</code> one without credits;
<code>user:402-sandbox</code> has no subscription.</p>
<h2>Words that the tune follows</h2>
<p><code>80 bpm</code>, slow, fast, sad, minor, dark, happy, bright, major, disco, rock, lofi, waltz;
<code>[long]</code> lasts three minutes, <code>[short]</code> eight seconds.</p>
<h2>Tags for what can go wrong</h2>
<p>Write one or more of them into the prompt, or order one for the next calls of an operation:
<code>POST /_sandbox/scenario {{"operation": "jobs", "scenario": "500", "times": 3}}</code></p>
{tables}
</main></body></html>
"""


def show(world: World, request: Request) -> Answer:
    tables = "\n".join(_table(title, rows) for title, rows in GUIDE)
    return html(200, PAGE.format(speed=f"{world.speed:g}", tables=tables))


def _table(title: str, rows: tuple[tuple[str, str], ...]) -> str:
    lines = (
        f'<tr><th scope="row"><code>[{escape(tag)}]</code></th><td>{escape(words)}</td></tr>'
        for tag, words in rows
    )
    return f"<h3>{escape(title)}</h3>\n<table>{''.join(lines)}</table>"
