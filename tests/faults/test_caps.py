"""Many people at a monthly cap with room for ten songs, and processes that die meanwhile: ten are made, never more."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from apps.accounts.caps import CapReached, Scope
from apps.accounts.models import FlowAccount, Lending, Membership, MonthlyCredits, Role, Team
from apps.generation.models import Job, State
from tests.faults import children, steps
from tests.faults.children import Child
from tests.faults.studio import FaultyStudio
from tests.generation.conftest import member, with_token

pytestmark = pytest.mark.databases

SUBMITS, ROOM, PRICE = 50, 10, 5
PLENTY = 100_000


def lent(studio: FaultyStudio, email: str, *, cap: int = PLENTY) -> FaultyStudio:
    """As somebody of the team sees it who has no token but the studio's own, which is lent to everybody."""
    Lending.objects.create(token=studio.token, monthly_cap=cap, operations=Lending.joined(["music"]))
    return FaultyStudio(studio.remote, studio.team, member(studio.team, email), studio.token, studio.clock)


def set_cap(scope: Scope, credits: int) -> None:
    kinds = {Scope.TEAM: Team, Scope.MEMBER: Membership, Scope.TOKEN: Lending}
    for each, kind in kinds.items():
        kind.objects.update(monthly_cap=credits if each is scope else PLENTY)


def submit(studio: FaultyStudio) -> None:
    with suppress(CapReached):
        studio.ask()


def counts(studio: FaultyStudio) -> dict[str, int]:
    found = MonthlyCredits.objects.filter(team=studio.team).values_list("member", "token", "credits")
    return {"token" if token else "member" if person else "team": credits for person, token, credits in found}


@pytest.mark.parametrize(
    "scope",
    [
        Scope.TEAM,
        pytest.param(Scope.MEMBER, marks=pytest.mark.long),
        pytest.param(Scope.TOKEN, marks=pytest.mark.long),
    ],
)
def test_fifty_at_once_where_ten_fit(studio: FaultyStudio, scope: Scope) -> None:
    """Each fifth is killed, every one a step later than the one before."""
    jonas = lent(studio, "jonas@nightbus.example")
    set_cap(scope, ROOM * PRICE + PRICE - 1)
    for account in FlowAccount.objects.all():
        studio.remote.account(account.email, credits=5000)
    FlowAccount.objects.update(credits=5000)
    whole = len(children.run(lambda: submit(jonas)).steps)
    Job.objects.all().delete()
    MonthlyCredits.objects.all().delete()
    racers = [
        Child(
            lambda: submit(jonas),
            steps.nothing if number % 5 else steps.die_at(1 + number // 5 * whole // ROOM),
        )
        for number in range(SUBMITS)
    ]
    assert sum(racer.wait().killed for racer in racers) > 1
    assert Job.objects.count() == ROOM
    assert counts(studio) == dict.fromkeys(["team", "member", "token"], ROOM * PRICE)
    send_while_senders_die(studio)
    assert studio.remote.charges() == dict.fromkeys(Job.objects.values_list("reference", flat=True), 1)
    assert set(Job.objects.values_list("state", flat=True)) == {State.COMPLETED}
    assert counts(studio) == dict.fromkeys(["team", "member", "token"], ROOM * PRICE)


def send_while_senders_die(studio: FaultyStudio) -> None:
    """One between its claim and the call, another with the whole request on its way; then everybody does their work."""
    plans = [steps.die_at_first(steps.COMMITTED), steps.die_at_first(steps.SENT, nth=2), steps.nothing]
    for sender in [Child(studio.dispatch, plan) for plan in plans]:
        sender.wait()
    studio.rest()


def test_two_teams_with_one_subscription_have_their_own_caps(studio: FaultyStudio) -> None:
    """Each lends a token of its own to its people: neither takes from the other, nor sees the other's figure."""
    other = Team.objects.create(name="Day Ferry")
    made = with_token(studio.remote, other, member(other, "nele@dayferry.example", Role.OWNER))
    theirs = FaultyStudio(made.sandbox, other, made.user, made.token, studio.clock)
    assert theirs.token.subscription_id == studio.token.subscription_id
    jonas, ivo = lent(studio, "jonas@nightbus.example", cap=12), lent(theirs, "ivo@dayferry.example", cap=17)
    asks: list[Callable[[], object]] = [lambda: submit(jonas), lambda: submit(ivo)]
    children.race(asks * 6)
    assert [Job.objects.filter(team=team).count() for team in (studio.team, other)] == [2, 3]
    assert (counts(studio), counts(theirs)) == (
        dict.fromkeys(["team", "member", "token"], 10),
        dict.fromkeys(["team", "member", "token"], 15),
    )
    assert MonthlyCredits.objects.count() == 6
