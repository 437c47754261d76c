"""Whatever the remote side answers can be kept, and every page that shows it opens, on both databases."""

from collections.abc import Iterator
from itertools import islice

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from apps.accounts import account_sync, learned_prices, tokens
from apps.accounts.models import FlowAccount, Role, Team
from apps.generation.models import Job
from apps.generation.recovery import candidates
from apps.library.importing import actions, runner
from apps.library.models import Clip, LyricDraft, ReferenceFile
from apps.upstream.token import Token
from tests.generation.conftest import Studio, member
from tests.generation.hostile import EMAIL, VALUES, Answers
from tests.generation.pages import signed_in
from tests.generation.remote_columns import OURS, REMOTE, WITHOUT, misfits
from tests.upstream.scripted import ScriptedServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]


# The ones that most often break something; the others are left to `make test-all`.
USUAL = {"beyond every column", "not a number", "a NUL", "half a surrogate pair", "overlong"}
CASES = [name if name in USUAL else pytest.param(name, marks=pytest.mark.long) for name in VALUES]


@pytest.fixture(params=CASES)
def hostile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    answers = Answers(VALUES[request.param])
    with ScriptedServer(answers) as server:
        answers.origin = server.origin
        monkeypatch.setattr(settings, "OPERATOR_ORIGINS", settings.OPERATOR_ORIGINS | {server.origin})
        yield answers


def studio_at(hostile: Answers) -> Studio:
    team = Team.objects.create(name="Night Bus")
    user = member(team, "mara@nightbus.example", Role.OWNER)
    endpoint = hostile.origin + tokens.PATH
    taken = tokens.add(Token.parse("user:1000-sandboxdemo"), team=team, owner=user, endpoint=endpoint)
    return Studio(None, team, user, taken.token)


def test_every_value_is_kept_and_every_page_opens(hostile: Answers) -> None:
    studio = studio_at(hostile)
    account = FlowAccount.objects.get()
    assert account.email == EMAIL
    use_everything(studio, account, hostile)
    jobs = sorted((job.operation, job.state) for job in Job.objects.all())
    assert jobs == [
        ("image", "completed"),
        ("lyrics", "completed"),
        ("music", "collecting"),
        ("music", "unknown"),
    ]
    assert {each.email for each in FlowAccount.objects.all()} <= {EMAIL, "b@nightbus.example"}
    assert [
        misfit for label in REMOTE for row in apps.get_model(label).objects.all() for misfit in misfits(row)
    ] == []
    client = signed_in(studio)
    assert {path: status(client, path) for path in pages(studio)} == dict.fromkeys(pages(studio), 200)


def use_everything(studio: Studio, account: FlowAccount, hostile: Answers) -> None:
    """Each call that keeps something, as the workers make it."""
    learned_prices.learn(studio.token.subscription_id, studio.team.pk)
    (job,) = studio.ask()
    draft = LyricDraft.objects.create(team=studio.team, made_by=studio.user)
    studio.ask_for("lyrics", lyric_draft=draft, prompt="a slow waltz")
    frame = {"team": studio.team, "subscription": studio.subscription, "kind": "image", "origin": "made"}
    studio.ask_for("image", file=ReferenceFile.objects.create(**frame), prompt="a slow waltz")
    hostile.reference = job.reference
    FlowAccount.objects.update(block="", block_until=None, credits=None, elsewhere=0)
    studio.dispatch()
    studio.dispatch(synchronous=True)
    studio.look()
    Job.objects.filter(pk=job.pk).update(check_at=timezone.now())  # as if a webhook had hinted at it
    studio.look()
    account_sync.recheck(account, token=studio.token)
    assert account_sync.refresh(studio.token) is None
    walk = actions.begin(studio.team, account, by=studio.user)
    runner.walk(str(walk.pk))
    (lost,) = studio.ask("lost")
    Job.objects.filter(pk=lost.pk).update(state="unknown", ran_on=account, sent_at=lost.created_at)
    candidates.start_search(lost, by=studio.user)
    assert candidates.search(str(lost.pk))


def pages(studio: Studio) -> list[str]:
    fixed = (
        "/ /settings/tokens/ /flow-accounts/ /flow-accounts/usage/ /flow-accounts/usage/usage.csv /create/ "
    )
    fixed += "/create/lyrics/ /create/image/ /jobs/ /jobs/panel/ /library/ /library/files/ /library/import/ "
    fixed += "/library/storage/ /create/sweeps/"
    found = fixed.split()
    for account in FlowAccount.objects.all():
        found += [f"/flow-accounts/{account.email}/", f"/flow-accounts/{account.email}/usage/"]
    found += [f"/jobs/{job.pk}/" for job in Job.objects.all()]
    found += [f"/jobs/{job.pk}/adopt/" for job in Job.objects.filter(state="unknown", operation="music")]
    found += [f"/create/lyrics/{draft.pk}/" for draft in LyricDraft.objects.all()]
    for clip in islice(Clip.objects.for_team(studio.team), 3):
        here = f"/library/clips/{clip.pk}/"
        found += [
            here,
            f"{here}versions/",
            *(f"{here}edit/{name}/" for name in ("effect", "extend", "replace")),
        ]
    return found


def status(client: Client, path: str) -> int:
    return client.get(path, follow=path == "/").status_code


def test_every_table_and_column_has_a_decision() -> None:
    """Whoever adds one that holds a remote value says so: then it is looked at above."""
    tables = {model._meta.label for app in ("accounts", "library", "generation") for model in models_of(app)}
    assert tables == REMOTE.keys() | set(WITHOUT.split())
    for label in REMOTE:
        columns = {field.name for field in apps.get_model(label)._meta.concrete_fields}
        assert columns == set(f"{REMOTE[label]} {OURS[label]}".split()), label


def models_of(app: str) -> Iterator[type[Model]]:
    return apps.get_app_config(app).get_models()
