"""kill -9 at every step of putting the next step of a chain in line: each step is charged once."""

import uuid

import pytest

from apps.generation.edits import chains
from apps.generation.edits.edit_steps import Step
from apps.generation.models import Chain, Job
from tests.faults import children, steps
from tests.faults.matrix import PARTS, numbers
from tests.faults.studio import FaultyStudio

CHAIN = [
    Step("extend", {"instruction": "an outro", "extend_s": 5}),
    Step("cover", {"instruction": "bossa nova"}),
]


@pytest.mark.parametrize("shard", PARTS)
def test_killed_between_two_steps(studio: FaultyStudio, shard: int, soak: bool) -> None:
    take = studio.take()
    studio.rest()

    def chain() -> Chain:
        plan = chains.ChainPlan(
            team=studio.team, by=studio.user, made_like=take, target=take, steps=CHAIN, nonce=uuid.uuid4()
        )
        made = plan.start()
        studio.dispatch()
        studio.finish(made.steps.get(number=1).job)
        studio.look()
        return made

    chain()
    whole = children.run(chains.advance)
    studio.rest()
    for number in numbers(whole, shard=shard, soak=soak, near=(steps.COMMIT,)):
        made = chain()
        children.run(chains.advance, steps.die_at(number))
        studio.rest()
        made.refresh_from_db()
        assert made.status == Chain.Status.DONE, f"step {number}"
        jobs = Job.objects.filter(chain_step__chain=made)
        assert [studio.charged(job) for job in jobs] == [1, 1], f"step {number}"
    assert set(studio.remote.charges().values()) == {1}
