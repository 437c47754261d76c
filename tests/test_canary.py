"""A token's text is nowhere but in the call to the API: runs through all that can go wrong, each with a search."""

import base64
import http.client
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sentry_sdk
from celery import current_app
from django.contrib.auth import get_user_model
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from apps.accounts import account_sync, tokens
from apps.accounts.crypto import CannotDecrypt
from apps.accounts.models import ApiToken, FlowAccount, Subscription, Team
from apps.generation.models import Job, State
from apps.generation.operations import OPERATIONS
from apps.sandbox.scenarios import Scenario
from apps.sandbox.server import Sandbox
from apps.upstream.token import Token
from flowweb import sentry
from tests.leak_detector import Witness
from tests.leak_run import RAW, SECRET, Run
from tests.sandbox_control import order
from tests.upstream.scripted import ScriptedServer, reply

pytestmark = pytest.mark.django_db(transaction=True)

# Entered, but not known to the API; and entered, but no token at all.
WRONG = "user:777-unknownCANARYr8Ty52Mv"
CLUMSY = "user:777-sandboxCANARY with-a-space"
# Of a Flow Music account: one that is taken, one that is refused, and what is none.
REFRESH, REFUSED = "1//0gCANARYrefreshK8vTq2Zd", "bad-CANARYrefreshP3wLm9Xc"
CLUMSY_REFRESH = "1//0gCANARYrefresh with-a-space"
# The last four characters are shown, the number in the token is everywhere.
HIDDEN = (SECRET[:-4], WRONG.partition("-")[2][:-4], "sandboxCANARY with")
# Nothing of them is shown.
HIDDEN_REFRESH = ("CANARYrefresh",)


@pytest.fixture
def run(
    sandbox: Sandbox,
    live_server: LiveServer,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    """Webhooks come to a real address, reports go to a real Sentry, letters to the operator."""
    settings.USEAPI_BASE_URL, settings.PUBLIC_URL = sandbox.url, live_server.url
    settings.SITE_HOSTS |= {urlsplit(live_server.url).netloc}
    settings.WEBHOOKS, settings.MEDIA_ROOT = True, tmp_path / "media"
    settings.ADMINS = [("Operator", "operator@nightbus.example")]
    monkeypatch.setitem(OPERATIONS, "music", replace(OPERATIONS["music"], deadline_s=2.5))
    with Witness() as witness:
        sentry.start(witness.dsn)
        yield Run(witness, sandbox)
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)


def finish_everything(run: Run) -> None:
    for job in Job.objects.filter(state=State.RUNNING):
        order(run.sandbox.url, "finish", jobid=job.jobid)
    for _ in range(3):
        run.tick()


def meet(run: Run, scenarios: Iterable[Scenario]) -> None:
    for scenario in scenarios:
        job = run.ask(f"a waltz [short] [{scenario}]")
        run.tick()
        run.get(f"/jobs/{job.pk}/")
        run.get("/jobs/panel/")
        run.clear_the_way(job)


def meet_a_rude_server(run: Run, visit: Callable[[], object], secret: str) -> None:
    """One that quotes the request with its headers in the answer."""

    def quote(conn: object, request: bytes) -> None:
        reply(400, {"error": request.decode(), "code": 400}, headers={"X-Asked": RAW})(conn, request)  # type: ignore[arg-type]

    home = Subscription.objects.get()
    with ScriptedServer(quote) as server:
        move_token(f"{server.origin}/v1/flowmusic")
        tokens.settings.OPERATOR_ORIGINS |= {server.origin}
        visit()
        assert any(secret.encode() in request for request in server.requests), "the API got it"
    move_token(home.endpoint)


def ask_a_rude_server(run: Run) -> None:
    job = run.ask("a waltz for a rude server")
    run.tick()
    run.get(f"/jobs/{job.pk}/")
    assert Job.objects.get(pk=job.pk).state == State.REJECTED


def connect_accounts(run: Run) -> None:
    """Refresh tokens that are taken, refused, typed wrong, lost on the way, and repeated by a rude server."""
    token = ApiToken.objects.get()
    form = {"token": token.pk, "maxJobs": 5}
    for refresh, status in ((CLUMSY_REFRESH, 422), (REFUSED, 422), (REFRESH, 302)):
        assert run.post("/flow-accounts/add/", refresh_token=refresh, **form).status_code == status
    email = FlowAccount.objects.get(email__startswith="flow-").email
    for scenario in ("401", "500", "truncated", "drop after", "422"):
        order(run.sandbox.url, "scenario", operation="add_account", scenario=scenario, times=1)
        answer = run.post(f"/flow-accounts/{email}/connect/", refresh_token=REFRESH)
        assert answer.status_code == 422, scenario
        ApiToken.objects.update(refused_at=None)
    order(run.sandbox.url, "scenario", operation="add_account", scenario="old server", times=1)
    page = f"/flow-accounts/{email}/"
    assert run.post(page, maxJobs=7).status_code == 422
    assert run.post(page, maxJobs=7, refresh_token=REFUSED).status_code == 422
    assert run.post(page, maxJobs=7, refresh_token=REFRESH).status_code == 302
    for part in ("", "connect/", "remove/", "usage/", "usage/usage.csv"):
        run.get(page + part)
    meet_a_rude_server(run, lambda: run.post(f"{page}connect/", refresh_token=REFRESH), REFRESH)
    run.post(f"{page}remove/")


def fail_while_connecting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of ours with the refresh token in the frames above and below."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken while connecting")

    form = {"token": ApiToken.objects.get().pk, "refresh_token": REFRESH}
    for place, name in ((http.client.HTTPConnection, "endheaders"), (account_sync, "save_one")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, broken)
            assert run.post("/flow-accounts/add/", **form).status_code == 500


def move_token(endpoint: str) -> None:
    """The person's token at another address: it is bound to the address, so it is encrypted anew for it."""
    Subscription.objects.update(endpoint=endpoint)
    token = ApiToken.objects.select_related("subscription").get()
    token.set_token(Token.parse(RAW))
    token.save(update_fields=["ciphertext"])


def fail_inside(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of ours: in a view with the token in its hands, in the HTTP library with the header in its frames, in a
    task that can't decrypt."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    token = ApiToken.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr(account_sync, "save", broken)
        assert run.add(RAW).status_code == 500
    with monkeypatch.context() as patch:
        patch.setattr(http.client.HTTPConnection, "endheaders", broken)
        assert run.post(f"/settings/tokens/{token.pk}/check/").status_code == 500
        run.ask("a waltz that breaks the sender")
        run.tick()
    ApiToken.objects.update(ciphertext=token.ciphertext[:-6] + "AAAAAA")
    run.post(f"/settings/tokens/{token.pk}/check/")
    run.ask("a waltz that nobody can pay")
    run.tick()
    ApiToken.objects.update(ciphertext=token.ciphertext, refused_at=None)


def make_a_song(run: Run) -> None:
    """And every file of it is fetched."""
    job = run.ask("a slow waltz, 90 bpm [short]")
    finish_everything(run)
    assert Job.objects.get(pk=job.pk).state == State.COMPLETED, list(job.story.values_list("state", "text"))
    for take in Job.objects.get(pk=job.pk).song.takes.all():
        for part in ("", "audio.mp3", "audio.m4a", "audio.wav", "cover.jpg", "thumb.webp", "peaks.json"):
            run.get(f"/library/clips/{take.pk}/{part}")


@pytest.fixture
def entered(run: Run) -> Run:
    """With the token, after one that is none and one that nobody knows."""
    for raw in (CLUMSY, WRONG):
        assert run.add(raw).status_code == 422
    assert run.add(RAW).status_code == 302
    return run


@pytest.fixture
def search(entered: Run, capfd: pytest.CaptureFixture[str], settings: Settings) -> Callable[[str], None]:
    """Opens every page, removes the token, looks everywhere: `places` are those where something must be seen."""

    def search(places: str) -> None:
        entered.open_pages()
        assert entered.get("/jobs/nothing/").status_code == 404
        entered.post(f"/settings/tokens/{ApiToken.objects.get().pk}/remove/")
        sentry_sdk.flush()
        witness = entered.witness
        witness.look_around(settings.MEDIA_ROOT)
        out, err = capfd.readouterr()
        witness.seen["terminal"] += [out, err]
        looked_at = {place for place, texts in witness.seen.items() if "".join(texts)}
        assert set(places.split()) <= looked_at, "everything was looked at"
        assert witness.found(*HIDDEN, *HIDDEN_REFRESH) == []
        hooks = re.findall(r"/hooks/([\w-]{20,})", "".join(witness.seen["log"]))
        assert witness.found(*hooks) in ([], ["log"])

    return search


# Where every run leaves something.
EVERYWHERE = "console log messages pages redis rows"
# So many scenarios in one run, that two processes share them.
AT_ONCE = 5
FIRST, *OTHERS = (list(Scenario)[begin : begin + AT_ONCE] for begin in range(0, len(Scenario), AT_ONCE))


@pytest.mark.parametrize(
    "scenarios",
    [FIRST, *(pytest.param(part, marks=pytest.mark.long) for part in OTHERS)],
    ids=lambda part: part[0].value,
)
def test_a_token_is_nowhere_whatever_the_api_answers(
    entered: Run, search: Callable[[str], None], scenarios: list[Scenario]
) -> None:
    meet(entered, scenarios)
    finish_everything(entered)
    search(EVERYWHERE)


def test_a_token_is_nowhere_when_a_song_is_made(entered: Run, search: Callable[[str], None]) -> None:
    make_a_song(entered)
    search(f"{EVERYWHERE} files terminal")


@pytest.mark.long
def test_a_token_is_nowhere_when_the_api_quotes_it(entered: Run, search: Callable[[str], None]) -> None:
    meet_a_rude_server(entered, lambda: ask_a_rude_server(entered), SECRET)
    search(EVERYWHERE)


@pytest.mark.long
def test_a_token_is_nowhere_when_accounts_are_connected(entered: Run, search: Callable[[str], None]) -> None:
    connect_accounts(entered)
    search(EVERYWHERE)


@pytest.mark.long
def test_a_token_is_nowhere_when_we_fail(
    entered: Run, search: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_inside(entered, monkeypatch)
    fail_while_connecting(entered, monkeypatch)
    search(f"{EVERYWHERE} errors letters reports terminal")
    seen = entered.witness.seen
    for words in ("broken on purpose", "broken while connecting"):
        assert any(words in text for text in seen["reports"])
    assert any("broken on purpose" in text for text in seen["letters"])
    assert any("CannotDecrypt" in text for text in seen["log"])


def test_the_search_finds_what_is_there(
    run: Run, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """The tests above would not pass by looking away."""
    run.add(RAW)
    ApiToken.objects.update(refused_reason=f"Bearer {RAW}")
    logging.getLogger("somewhere.new").debug("header %s", base64.b64encode(f"Bearer {RAW}".encode()).decode())
    current_app.send_task("generation.watch", args=[RAW])
    run.witness.redis.lpop("celery")
    run.witness.seen["messages"].append(base64.b64encode(f'[["{RAW}"]]'.encode()).decode())
    settings.MEDIA_ROOT.mkdir(exist_ok=True)
    (settings.MEDIA_ROOT / "x").write_text(SECRET.encode().hex())
    run.client.session.save()
    run.get(f"/settings/tokens/?q={RAW}")
    run.witness.look_around(settings.MEDIA_ROOT)
    assert {"rows", "log", "messages", "files", "pages"} <= set(run.witness.found(*HIDDEN))


def test_a_ciphertext_that_was_moved_does_not_decrypt(run: Run) -> None:
    run.add(RAW)
    token = ApiToken.objects.get()
    assert token.token().reveal() == RAW
    other_team = Team.objects.create(name="Elsewhere")
    other = get_user_model().objects.create_user("eve@elsewhere.example")
    second = tokens.save(
        Token.parse("user:777-sandboxother"),
        team=other_team,
        owner=other,
        endpoint=token.subscription.endpoint,
    ).token
    moves = (
        (second.pk, {"ciphertext": token.ciphertext}),
        (token.pk, {"team": Team.objects.create(name="Third")}),
        (token.pk, {"team": run.team, "owner": other}),
    )
    for pk, change in moves:
        ApiToken.objects.filter(pk=pk).update(**change)
        with pytest.raises(CannotDecrypt):
            ApiToken.objects.get(pk=pk).token()
    ApiToken.objects.filter(pk=token.pk).update(owner=run.user)
    assert ApiToken.objects.get(pk=token.pk).token().reveal() == RAW
