"""The token and the webhook's secret are in nothing that anybody could read afterwards."""

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
from apps.upstream.token import Token
from tests.upstream import scripted
from tests.upstream.conftest import RAW_TOKEN
from tests.upstream.scripted import Script, ScriptedServer

Serve = Callable[..., ScriptedServer]
Client = Callable[[ScriptedServer], FlowMusic]
HOOK = "https://site.example/hooks/h00kS3cretValue/"
SECRETS = ("CanaryBird7Sings", "h00kS3cretValue")
PARAMS = {"prompt": "p", "replyUrl": HOOK, "replyRef": "ref-1"}


def echo(status: int) -> Script:
    """The rude server: quotes the whole request back, in every spelling."""

    def script(conn: object, request: bytes) -> None:
        text = request.decode()
        body = {
            "error": f"cannot handle {text} or {json.dumps(text)}"
            + (quote(HOOK, safe="") if HOOK in text else ""),
            "code": status,
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
    for call in (
        lambda: flow.music(PARAMS, deadline=Deadline(5)),
        lambda: flow.accounts(),
        lambda: flow.download_mp3("clip", io.BytesIO(), deadline_s=5, max_bytes=100),
    ):
        try:
            call()
        except UpstreamError as exc:
            logging.getLogger("test").exception("failed", exc_info=exc)
            raised.append(exc)
    assert raised
    out, err = capfd.readouterr()
    read = "\n".join([*map(told, raised), log.getvalue(), out, err, repr(flow)])
    assert [secret for secret in SECRETS if secret in read] == []
    assert "CanaryBird7Sings" not in "".join(map(variables, raised))
    assert all("\n" not in str(error) for error in raised), "a log line that a remote side can break"


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
