"""The tokens and the webhook's secret are in nothing that anybody could read afterwards."""

from __future__ import annotations

import http.client
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from apps.upstream.deadline import Deadline
from apps.upstream.errors import UpstreamError
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.redaction import redactor
from apps.upstream.token import RefreshToken, Token
from tests.upstream import scripted
from tests.upstream.conftest import RAW_TOKEN
from tests.upstream.scripted import Script, ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
HOOK = "https://site.example/hooks/h00kS3cretValue/"
# A refresh token with everything that is spelled differently somewhere.
REFRESH = '1//0gR3fresh"Canary\\Bird+Token/9876543210%'
SECRETS = ("CanaryBird7Sings", "h00kS3cretValue", "R3fresh", "Bird+Token", "Bird%2BToken", "987654321")
PARAMS = {"prompt": "p", "replyUrl": HOOK, "replyRef": "ref-1"}


def echo(status: int) -> Script:
    """The rude server: quotes the whole request back, in every spelling."""

    def script(conn: object, request: bytes) -> None:
        text = request.decode()
        body = text.partition("\r\n\r\n")[2]
        body = {
            "error": f"cannot handle {text} or {json.dumps(text)} or {json.dumps(json.dumps(text))}"
            + "".join(quote(secret, safe="") for secret in (HOOK, REFRESH) if json.dumps(secret) in text),
            "agent_text": f"{text} {REFRESH if 'refresh' in text else ''}",
            "upstream": {"cf_ray": body},
            "code": body[:40] or status,
            "request": PARAMS,
            "nested": json.dumps({"replyUrl": HOOK, "a": json.dumps({"replyUrl": HOOK})}),
            "headers": {"authorization": f"Bearer {RAW_TOKEN}"},
        }
        scripted.reply(status, body, headers={"Server": RAW_TOKEN, "Location": f"/x?t={RAW_TOKEN}"})(
            conn, request
        )  # type: ignore[arg-type]

    return script


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any logger says, at its loudest."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    loud = [root, logging.getLogger("urllib3"), logging.getLogger("requests")]
    levels = [logger.level for logger in loud]
    root.addHandler(handler)
    for logger in loud:
        logger.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    for logger, level in zip(loud, levels, strict=True):
        logger.setLevel(level)


def told(error: UpstreamError) -> str:
    """What a log or a page gets out of it."""
    texts = [str(error), repr(error), error.user_message, json.dumps(error.evidence), repr(vars(error))]
    return "\n".join([*texts, "".join(traceback.format_exception(error))])


def variables(error: UpstreamError) -> str:
    """What an error report adds: the variables of our frames."""
    found = []
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_globals["__name__"].startswith("apps."):
            found += [repr(value) for value in step.tb_frame.f_locals.values()]
        step = step.tb_next
    return "\n".join(found)


FAULTS = {
    "drop": scripted.drop,
    "reset": scripted.reset,
    "cut": scripted.raw(
        scripted.head(201, {"Content-Length": "900"}) + f'{{"e":"{RAW_TOKEN}", "replyUrl": "{HOOK}'.encode()
    ),
    **{
        str(status): echo(status)
        for status in (200, 302, 400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 596)
    },
}


@pytest.mark.parametrize("script", FAULTS.values(), ids=FAULTS.keys())
def test_no_secret_in_an_error(
    script: Script,
    serve: Serve,
    client: Client,
    log: io.StringIO,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    flow = client(serve(script))
    raised = []
    records = []
    file = {"size": 3_000, "content_type": "image/png", "email": "a+b@c.d", "strip_metadata": None}
    for call in (
        lambda: flow.music(PARAMS, deadline=Deadline(5)),
        lambda: flow.edit(PARAMS, deadline=Deadline(5)),
        lambda: flow.stems(PARAMS, deadline=Deadline(5)),
        lambda: flow.lyrics({"prompt": "p"}, deadline=Deadline(5)),
        lambda: flow.generate_image({"prompt": "p"}, deadline=Deadline(5)),
        lambda: flow.upload(io.BytesIO(b"x" * 3_000), deadline=Deadline(5), **file),  # type: ignore[arg-type]
        lambda: flow.add_account(RefreshToken(REFRESH), max_jobs=2),
        lambda: flow.set_max_jobs("a@b.c", 2),
        lambda: flow.remove_account("a@b.c"),
        lambda: flow.accounts(),
        lambda: flow.download_mp3("clip", io.BytesIO(), deadline_s=5, max_bytes=100),
    ):
        try:
            records.append(call())
        except UpstreamError as exc:
            logging.getLogger("test").exception("failed", exc_info=exc)
            raised.append(exc)
    assert raised
    out, err = capfd.readouterr()
    read = "\n".join([*map(told, raised), log.getvalue(), out, err, repr(flow), repr(records)])
    assert [secret for secret in SECRETS if secret in read] == []
    kept = "".join(map(variables, raised))
    assert [secret for secret in SECRETS if secret in kept and secret != "h00kS3cretValue"] == []
    assert all("\n" not in str(error) for error in raised), "a log line that a remote side can break"


def test_an_account_that_repeats_its_refresh_token(serve: Serve, client: Client) -> None:
    """The page says that it comes back redacted; a server that forgets to must not make us keep it."""
    names = ("email", "tier", "subscription_plan", "provider", "error", "refresh_token", "note")
    record = dict.fromkeys(names, f"a@{REFRESH}") | {REFRESH: [REFRESH]}
    account = client(serve(scripted.reply(201, record))).add_account(RefreshToken(REFRESH))
    assert [secret for secret in SECRETS if secret in repr(account)] == []


@pytest.mark.parametrize("status", [201, 400])
def test_an_answer_that_is_cut_within_the_refresh_token(status: int, serve: Serve, client: Client) -> None:
    quoted = f'{{"error": "bad token {REFRESH[:-6]}'.encode()
    script = scripted.raw(scripted.head(status, {"Content-Length": "900"}) + quoted)
    with pytest.raises(UpstreamError) as caught:
        client(serve(script)).add_account(RefreshToken(REFRESH))
    assert [secret for secret in SECRETS if secret in told(caught.value) + variables(caught.value)] == []
    assert "bad token [hidden]" in caught.value.evidence["body"]


@pytest.mark.parametrize(
    "script", [scripted.reset, scripted.hang, scripted.refuse_early(500, {"error": RAW_TOKEN})]
)
def test_no_secret_in_an_upload_that_breaks(script: Script, serve: Serve, client: Client) -> None:
    flow, size = client(serve(script, read=False)), 4_000_000
    with pytest.raises(UpstreamError) as caught:
        flow.upload(
            io.BytesIO(bytes(size)),
            size=size,
            content_type="image/png",
            email="secret@mail.example",
            strip_metadata=True,
            deadline=Deadline(1.5),
        )
    read = told(caught.value) + variables(caught.value)
    assert [secret for secret in (*SECRETS, "\\x00" * 20) if secret in read] == []
    assert "secret@mail" not in told(caught.value), "the query is not told"


def test_an_error_has_no_chain(serve: Serve, client: Client) -> None:
    """A chained exception of requests would carry the request, with its headers."""
    with pytest.raises(UpstreamError) as caught:
        client(serve(scripted.drop)).music(PARAMS, deadline=Deadline(5))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_mp3s_query_is_not_told(serve: Serve, client: Client) -> None:
    with pytest.raises(UpstreamError) as caught:
        client(serve(scripted.html(500))).download_mp3(
            "user:1-a@b.c-clip:77", io.BytesIO(), deadline_s=5, max_bytes=9
        )
    assert "clip:77" not in told(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"replyUrl": "https://x/SECRET7"}',
        '{"replyUrl":"https:\\/\\/x\\/SECRET7"}',
        '"{\\"replyUrl\\": \\"https://x/SECRET7\\"}"',
        '{"replyUrl": "https://x/SECRET7',
        '{"refresh_token": "SECRET7", "session_id": "SECRET7"}',
        "Authorization: Bearer SECRET7",
        "user:12-SECRET77 is unknown",
        "user%3A12-SECRET77.",
        '{"access_token": null, "ACCESS_TOKEN": "SECRET7"}',
    ],
)
def test_redaction_of_other_peoples_secrets(text: str) -> None:
    assert "SECRET7" not in redactor()(text)


def test_ids_stay_readable() -> None:
    ids = (
        "job:aaaabbbb-cccc-4ddd-8eee-ffff99990000-user:1234-username@email.com-bot:flowmusic "
        "user:1234-first.last@email.com-clip:a1b2 user:1234-username+tag@email.com user%3A1234-username%40email.com"
    )
    assert redactor(Token(RAW_TOKEN), [HOOK])(ids) == ids
