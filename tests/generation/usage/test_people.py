"""What the team page says of each person: credits of this month, and what they leave behind."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import ApiToken, Membership, Role, Team
from apps.generation.models import Job, State
from apps.generation.usage import people
from tests.accounts.conftest import unasked
from tests.generation.conftest import member


def test_credits_are_of_this_month_and_of_what_was_sent(db: None) -> None:
    team = Team.objects.create(name="Night Bus")
    mara = member(team, "mara@nightbus.example", Role.OWNER)
    jonas = member(team, "jonas@nightbus.example")
    real = unasked(team, mara)
    sandbox = unasked(team, jonas, endpoint="http://127.0.0.1:9/v1/flowmusic")
    now = timezone.now()

    def job(token: ApiToken, state: State, **values: Any) -> None:
        sent = {"sent_at": now, "price": 7} | values
        Job.objects.create(
            team=team, asked_by=token.owner, token=token, subscription=token.subscription, state=state, **sent
        )

    job(real, State.COMPLETED)
    job(real, State.RUNNING, price=None)  # as a song usually costs
    job(real, State.COMPLETED, sent_at=now - timedelta(days=32))
    job(real, State.FAILED)
    job(real, State.QUEUED, sent_at=None)
    job(sandbox, State.COMPLETED)
    assert people.month_credits(team) == {mara.pk: 12}
    work = people.work_of(Membership.objects.select_related("team").get(user=mara))
    assert (work.songs, work.queued, work.running) == (0, 1, 1)
