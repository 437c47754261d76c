"""The migration by which a cap that is set later begins with what was spent in this month already."""

import importlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import MonthlyCredits
from apps.generation.jobs import decisions
from apps.generation.models import Job, State
from tests.generation.conftest import Studio
from tests.generation.test_caps import counted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def test_what_was_requested_before_there_were_caps_counts_in_its_month(studio: Studio) -> None:
    """The migration, which may be run once more; of jobs that nothing was spent for, and of older ones, nothing."""
    fill = importlib.import_module("apps.generation.migrations.0021_credits_of_this_month").fill
    sent, queued, removed, older = studio.ask(count=4)
    decisions.remove(removed, by=studio.user)
    Job.objects.update(counted_in=None, counted_credits=0)
    Job.objects.filter(pk=sent.pk).update(state=State.COMPLETED, price=7)
    Job.objects.filter(pk=older.pk).update(created_at=timezone.now() - timedelta(days=40))
    MonthlyCredits.objects.all().delete()

    def requested_meanwhile(execute: Any, sql: str, *args: Any) -> Any:
        """By the version before, which is at work until this one has begun."""
        if sql.startswith('UPDATE "generation_job"') and not late:
            late.append(Job.objects.create(**sent.request_fields(), asked_by=studio.user))
        return execute(sql, *args)

    late: list[Job] = []
    with transaction.atomic(), connection.execute_wrapper(requested_meanwhile):
        fill(apps, SimpleNamespace(connection=connection))
    assert counted(studio) == {(None, None): 12, (studio.user.pk, None): 12}
    assert late[0].pk in Job.objects.filter(counted_in=None).values_list("pk", flat=True)
    late[0].delete()
    with transaction.atomic():  # as a migration is
        fill(apps, SimpleNamespace(connection=connection))
    assert counted(studio) == {(None, None): 12, (studio.user.pk, None): 12}
    decisions.remove(Job.objects.get(pk=queued.pk), by=studio.user)
    assert counted(studio)[studio.user.pk, None] == 7
