"""A query whose SQL is written once finds what the plain one finds, whatever the values and the thread."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Membership, Role, Team, User
from apps.prepared import MOST, prepared, share_out

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def by_rows(team: Team, user: User) -> QuerySet[Membership]:
    return Membership.objects.filter(team=team, user=user).select_related("user", "team")


def by_ids(team_id: uuid.UUID, *user_ids: int) -> QuerySet[Membership, tuple[Any, ...]]:
    found = Membership.objects.filter(team=team_id, user__in=user_ids).order_by("user__email")
    return found.values_list("user__email", "team", "joined_at")


def by_time(moment: datetime, team_id: uuid.UUID) -> QuerySet[Membership]:
    found = Membership.objects.filter(~Q(joined_at=moment), joined_at__lte=moment, team=team_id)
    return found.exclude(role=Role.VIEWER).annotate(teams=Count("user__memberships")).order_by("pk")[:2]


@pytest.fixture
def people() -> list[Membership]:
    teams = [Team.objects.create(name=name) for name in ("Night Bus", "Harbour")]
    users = [User.objects.create_user(email=f"{name}@nightbus.example") for name in "abc"]
    return [Membership.objects.create(team=team, user=user) for team in teams for user in users]


def test_it_finds_what_the_plain_one_finds(people: list[Membership]) -> None:
    rows, ids, times = prepared(by_rows), prepared(by_ids), prepared(by_time)
    for number, each in enumerate(people):
        (found,) = rows(each.team, each.user)
        assert (found, found.joined_at) == (each, each.joined_at)
        assert found.user.email == each.user.email
        assert found.team.name == each.team.name
        some = [other.user_id for other in people[: number % 3 + 1]]
        assert ids(each.team_id, *some) == list(by_ids(each.team_id, *some)) != []
        for moment in (timezone.now(), each.joined_at):
            plain = list(by_time(moment, each.team_id))
            assert times(moment, each.team_id) == plain
            assert [row.teams for row in times(moment, each.team_id)] == [row.teams for row in plain]
    many = range(MOST + 1)
    assert ids(people[0].team_id, *many) == list(by_ids(people[0].team_id, *many))


def test_it_finds_what_has_changed_since(people: list[Membership]) -> None:
    rows = prepared(by_rows)
    rows(people[0].team, people[0].user)
    Team.objects.update(name="Ferry")
    assert rows(people[1].team, people[1].user)[0].team.name == "Ferry"
    Membership.objects.all().delete()
    assert rows(people[0].team, people[0].user) == []


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_by_its_own_connection(people: list[Membership]) -> None:
    rows = prepared(by_rows)

    def ask(each: Membership) -> bool:
        try:
            return rows(each.team, each.user) == [each]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, people * 5)) == [True] * 30


def test_rows_are_shared_out_as_prefetching_does(
    people: list[Membership], django_assert_num_queries: Any
) -> None:
    teams = list(Team.objects.all())
    rows = [each for each in people if each.role != Role.OWNER]
    share_out(teams, "memberships", rows[:4], by="team")
    share_out(teams, "users", rows[:4], by="team", of="user")
    with django_assert_num_queries(0):
        for team in teams:
            own = [each for each in rows[:4] if each.team_id == team.pk]
            assert team.memberships.all() == own
            assert all(each.team is team for each in own)
            assert team._prefetched_objects_cache["users"] == [each.user for each in own]


def test_what_its_values_alone_do_not_decide_is_refused(people: list[Membership]) -> None:
    def made_now(team: Team) -> QuerySet[Membership]:
        return Membership.objects.filter(team=team, joined_at__lt=timezone.now())

    def unused(team: Team) -> QuerySet[Membership]:
        return Membership.objects.filter(role=Role.OWNER)

    def by_name(team: Team) -> QuerySet[Team]:
        return Team.objects.filter(name=team.name)

    def fetched(team: Team) -> QuerySet[Team]:
        return Team.objects.filter(pk=team.pk).prefetch_related("memberships")

    for build in (made_now, unused, by_name, fetched):
        with pytest.raises(RuntimeError, match="can't be prepared"):
            prepared(build)(people[0].team)
    with pytest.raises(TypeError):
        prepared(by_ids)(1.5)  # type: ignore[arg-type]
