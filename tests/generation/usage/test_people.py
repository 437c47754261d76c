"""What the page that asks before somebody is removed says of what they leave behind."""

from apps.accounts.models import Membership, Role, Team
from apps.generation.models import Job, State
from apps.generation.usage import people
from tests.accounts.conftest import unasked
from tests.generation.conftest import member


def test_what_somebody_leaves_behind_is_theirs_and_of_this_team(db: None) -> None:
    team = Team.objects.create(name="Night Bus")
    mara, jonas = member(team, "mara@nightbus.example", Role.OWNER), member(team, "jonas@nightbus.example")
    for who, state in (
        (mara, State.RUNNING),
        (mara, State.QUEUED),
        (mara, State.FAILED),
        (jonas, State.QUEUED),
    ):
        token = unasked(team, who)
        Job.objects.create(team=team, asked_by=who, token=token, subscription=token.subscription, state=state)
    lent = unasked(team, mara)
    Job.objects.create(team=team, asked_by=jonas, token=lent, subscription=lent.subscription)
    work = people.work_of(Membership.objects.select_related("team").get(user=mara))
    assert (work.songs, work.queued, work.running, work.paid_for) == (0, 1, 1, 1)
