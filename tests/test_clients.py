"""Whose token a call is made with: of the team for which it is made, working, or none at all.

Two teams have tokens of one subscription, and one of them loses its only one. Whatever is done for that team then,
nothing is asked at the remote side: not with the lost token, and not with the other team's.
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone

from apps.accounts import account_connection, account_sync, learned_prices, tokens, usage_sync
from apps.accounts.api_clients import NoToken
from apps.accounts.models import FlowAccount, Role, Team
from apps.generation.account_removal import removal
from apps.generation.dispatch import dispatcher
from apps.generation.jobs import transitions
from apps.generation.models import Job, LostSongSearch, SeenJob, State
from apps.generation.polling import record_reader
from apps.generation.queue import blocked_accounts
from apps.generation.recovery import candidates
from apps.library.archiving import archiver
from apps.library.importing import actions, runner
from apps.library.models import Clip, ClipFile
from apps.sandbox.server import Sandbox
from apps.upstream.token import RefreshToken
from tests.generation.conftest import Studio, member, with_token

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[1]
MAKERS = {"of_team", "of_token", "to_check", "at_endpoint"}
HERE, THERE = "user:1000-sandboxhere", "user:1000-sandboxthere"


# Ways to lose a token.


def erased(studio: Studio) -> None:
    tokens.remove(studio.token, by=studio.user)
    studio.token.pk = None


def refused(studio: Studio) -> None:
    studio.token.refuse(at=timezone.now(), reason="refused")


def left(studio: Studio) -> None:
    studio.user.memberships.all().delete()


def locked_out(studio: Studio) -> None:
    studio.user.is_active = False
    studio.user.save()


LOST = (erased, refused, left, locked_out)
# Its owner may ask the API about a refused token: that is how it comes to work again.
GONE = (left, locked_out)
# What needs the token in hand can't be begun without it.
IN_HAND = (refused, left, locked_out)


@dataclass
class Bereft:
    """A team that had a token, made a song, and has another one that is not known; `account` is where."""

    studio: Studio
    account: FlowAccount
    clip: Clip
    lost: Job

    @property
    def team(self) -> Team:
        return self.studio.team


# What is done for it, by the function that makes the client.


def _learn(bereft: Bereft) -> object:
    FlowAccount.objects.update(usage_asked_at=None)
    return learned_prices.learn(bereft.account.subscription_id, bereft.team.pk)


def _read_usage(bereft: Bereft) -> None:
    usage_sync.want([bereft.account], team=bereft.team, by=bereft.studio.user)
    learned_prices.learn_wanted(bereft.account.pk)
    FlowAccount.objects.update(usage_wanted_with=bereft.studio.token, usage_asked_at=None)
    learned_prices.learn_wanted(bereft.account.pk)


def _connect(bereft: Bereft) -> object:
    mary = RefreshToken.parse("sandbox-refresh-mary")
    return account_connection.connect(mary, max_jobs=None, token=bereft.studio.token, by=bereft.studio.user)


def _change(bereft: Bereft) -> None:
    studio = bereft.studio
    account_connection.change(bereft.account, max_jobs=2, token=studio.token, by=studio.user)


def _remove_account(bereft: Bereft) -> None:
    removal.remove(bereft.account, token=bereft.studio.token, by=bereft.studio.user)


def _look_at_blocked(bereft: Bereft) -> None:
    FlowAccount.objects.update(block=FlowAccount.Block.CREDITS, block_until=timezone.now())
    blocked_accounts.recheck(bereft.account.pk, bereft.team.pk)
    FlowAccount.objects.update(block=FlowAccount.Block.CREDITS, block_until=timezone.now())
    blocked_accounts.recheck(bereft.account.pk)


def _send(bereft: Bereft) -> None:
    """Also what was taken from the queue just before the token was lost."""
    (job,) = Job.objects.filter(state=State.QUEUED)
    bereft.studio.sandbox.world.speed = 1
    assert dispatcher.run(bereft.account.subscription_id) == 0
    account = FlowAccount.objects.get(pk=bereft.account.pk)
    claim = transitions.claim(job, account, slot_version=account.slot_version)
    assert claim
    dispatcher.submit(job, account, claim)
    job.refresh_from_db()
    assert job.state == State.QUEUED


def _read_records(bereft: Bereft) -> None:
    now = timezone.now()
    Job.objects.filter(pk=bereft.lost.pk).update(jobid="job:1", check_at=now)
    SeenJob.objects.create(
        subscription=bereft.studio.subscription, jobid="job:2", first_seen_at=now, team=bereft.team
    )
    record_reader.hinted(bereft.account.subscription_id)
    bereft.studio.look()


def _look_for_lost(bereft: Bereft) -> None:
    candidates.start_search(bereft.lost, by=bereft.studio.user)
    candidates.search(str(bereft.lost.pk))
    assert LostSongSearch.objects.get().clips == []


def _fetch_files(bereft: Bereft) -> None:
    """The links have expired; an mp3 has none."""
    files = bereft.clip.files.filter(kind__in=ClipFile.FIRST)
    files.update(source_url="", next_try_at=timezone.now(), tries=1)
    for file in files:
        archiver.archive(file.pk)


def _bring_in(bereft: Bereft) -> None:
    runner.walk(str(actions.begin(bereft.team, bereft.account, by=bereft.studio.user).pk))


Way = Callable[[Studio], None]
# Every function that makes a client. A new one fails the test below until it is decided what it does without a token.
DECIDED: dict[str, tuple[Callable[[Bereft], object], tuple[Way, ...]]] = {
    "accounts.account_connection.change": (_change, IN_HAND),
    "accounts.account_connection.connect": (_connect, IN_HAND),
    "accounts.account_sync.recheck": (
        lambda bereft: account_sync.recheck(bereft.account, token=bereft.studio.token),
        GONE,
    ),
    "accounts.account_sync.refresh": (lambda bereft: account_sync.refresh(bereft.studio.token), GONE),
    "accounts.learned_prices.learn": (_learn, LOST),
    # By what a person has just typed, who is in the team: there is no row yet that could be lost.
    "accounts.tokens.add": (lambda _: None, ()),
    "accounts.usage_sync.take_wanted": (_read_usage, IN_HAND),
    "generation.queue.blocked_accounts._recheck": (_look_at_blocked, LOST),
    "generation.dispatch.dispatcher._client": (_send, IN_HAND),
    "generation.polling.record_reader.reader": (_read_records, LOST),
    "generation.account_removal.removal.remove": (_remove_account, IN_HAND),
    "generation.recovery.candidates._read": (_look_for_lost, LOST),
    "library.archiving.fetching._token_of": (_fetch_files, LOST),
    "library.importing.errors.client_of": (_bring_in, LOST),
}
CASES = [(name, way) for name, (_, ways) in DECIDED.items() for way in ways]


@pytest.fixture
def bereft(db: None, sandbox: Sandbox) -> Bereft:
    team, other = Team.objects.create(name="Night Bus"), Team.objects.create(name="Elsewhere")
    studio = with_token(sandbox, team, member(team, "mara@nightbus.example", Role.OWNER), HERE)
    with_token(sandbox, other, member(other, "eve@elsewhere.example", Role.OWNER), THERE)
    clip = studio.take()
    (lost,) = studio.ask("a lost one [hang] [hook never]", account=clip.account)
    Job.objects.filter(pk=lost.pk).update(
        state=State.UNKNOWN, sent_at=timezone.now(), unknown_since=timezone.now(), ran_on=clip.account
    )
    studio.ask("one that waits [short]")
    lost.refresh_from_db()
    return Bereft(studio, FlowAccount.objects.get(pk=clip.account_id), clip, lost)


@pytest.mark.parametrize(("name", "way"), CASES, ids=[f"{name} {way.__name__}" for name, way in CASES])
def test_without_a_working_token_no_call_goes_out(bereft: Bereft, name: str, way: Way) -> None:
    sandbox = bereft.studio.sandbox
    way(bereft.studio)
    before = [sandbox.requests(token=token) for token in (HERE, THERE)]
    with suppress(NoToken):
        DECIDED[name][0](bereft)
    assert [sandbox.requests(token=token) for token in (HERE, THERE)] == before
    assert sandbox.charged_operations() == {"song": 1}


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, (_, ways) in DECIDED.items() if ways])
def test_with_one_the_same_is_asked_with_it_and_no_other(bereft: Bereft, name: str) -> None:
    """Or the test above would say nothing."""
    sandbox = bereft.studio.sandbox
    ours, theirs = sandbox.requests(token=HERE), sandbox.requests(token=THERE)
    with suppress(AssertionError, removal.AccountBusy):
        DECIDED[name][0](bereft)
    assert sandbox.requests(token=HERE) != ours
    assert sandbox.requests(token=THERE) == theirs


def test_every_function_that_makes_a_client_is_decided() -> None:
    assert sorted(set(_functions_that_make_clients())) == sorted(DECIDED)


def test_clients_are_made_in_one_module() -> None:
    """Whoever builds one by itself goes round it."""
    elsewhere = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "apps").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _called(node) == "FlowMusic"
    ]
    assert elsewhere == ["apps/accounts/api_clients.py"]


def _functions_that_make_clients() -> Iterator[str]:
    """`app.module.function` of whatever names one of the makers of apps/accounts/api_clients.py."""
    for path in sorted((ROOT / "apps").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "apps").with_suffix("").parts)
        if module == "accounts.api_clients":
            continue
        tree = ast.parse(path.read_text())
        makers = {f"api_clients.{name}" for name in MAKERS} | set(_imported(tree))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and makers & {
                ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Name | ast.Attribute)
            }:
                yield f"{module}.{function.name}"


def _imported(tree: ast.Module) -> Iterator[str]:
    """Makers that a module calls by their bare names, or by others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "apps.accounts.api_clients":
            yield from (each.asname or each.name for each in node.names if each.name in MAKERS)


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]
