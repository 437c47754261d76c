"""The edits of one take done again to another, against the sandbox: each step once, on the result of the one before."""

import uuid

import pytest
from django.utils import timezone

from apps.accounts.models import Membership, Role
from apps.generation.edits import chains, edit_steps
from apps.generation.edits.edit_steps import Step
from apps.generation.jobs import decisions
from apps.generation.models import Chain, ChainStep, Job
from apps.generation.restore import guard
from apps.library.models import Clip, Song
from tests.generation.conftest import Studio, member, state, with_token

pytestmark = pytest.mark.django_db(transaction=True)

EXTEND = Step("extend", {"instruction": "an outro", "extend_s": 5})
COVER = Step("cover", {"instruction": "bossa nova", "strength": 0.5})
STEMS = Step("stems", {})


def start(studio: Studio, take: Clip, *steps: Step, nonce: uuid.UUID | None = None) -> Chain:
    plan = chains.ChainPlan(
        team=studio.team,
        by=studio.user,
        made_like=take,
        target=take,
        steps=list(steps),
        nonce=nonce or uuid.uuid4(),
    )
    return plan.start()


def jobs_of(chain: Chain) -> list[Job | None]:
    return [step.job for step in ChainStep.objects.filter(chain=chain).select_related("job")]


def make(studio: Studio, job: Job | None) -> Clip:
    """The step that stands in line is made, up to its first take."""
    assert job
    studio.dispatch(synchronous=job.is_synchronous)
    if not job.is_synchronous:
        studio.finish(job)
        studio.look()
    assert state(job) == "collecting"
    return job.song.takes.get() if not job.is_synchronous else job.song.takes.first()


def status(chain: Chain) -> tuple[str, str]:
    chain.refresh_from_db()
    return chain.status, chain.text


def all_charged(studio: Studio) -> list[int]:
    return [studio.charged(job) for job in Job.objects.filter(operation__in=("extend", "cover"))]


def test_each_step_runs_on_the_result_of_the_one_before(studio: Studio) -> None:
    take = studio.take()
    chain = start(studio, take, EXTEND, COVER, STEMS)
    extend, *later = jobs_of(chain)
    assert later == [None, None], "what a step is done to isn't there before the one before it"
    assert extend
    assert (extend.source, extend.params) == (take, {"clip": take.clip_id, **EXTEND.params})
    studio.tick()
    assert jobs_of(chain)[1] is None
    longer = make(studio, extend)
    studio.tick()
    cover = jobs_of(chain)[1]
    assert cover
    assert (cover.source, cover.params["clip"]) == (longer, longer.clip_id)
    covered = make(studio, cover)
    studio.tick()
    stems = jobs_of(chain)[2]
    assert stems
    assert stems.source == covered
    make(studio, stems)
    studio.tick()
    studio.tick()
    assert status(chain)[0] == "done"
    assert Song.objects.get(operation="stems").source == covered
    assert all_charged(studio) == [1, 1]
    assert Job.objects.filter(operation__in=("extend", "cover", "stems")).count() == 3


def test_the_same_form_twice_starts_one_chain(studio: Studio) -> None:
    take, nonce = studio.take(), uuid.uuid4()
    first = start(studio, take, COVER, nonce=nonce)
    assert start(studio, take, COVER, nonce=nonce) == first
    assert Job.objects.filter(operation="cover").count() == 1
    other = studio.take()
    with pytest.raises(chains.AnotherForm):
        start(studio, other, COVER, nonce=nonce)


def test_whoever_queues_the_next_step_twice_finds_it_there(studio: Studio) -> None:
    """As after a crash between the job and what remembers it, and with two ticks at once."""
    take = studio.take()
    chain = start(studio, take, EXTEND, COVER)
    make(studio, jobs_of(chain)[0])
    chains.advance()
    first = jobs_of(chain)[1]
    ChainStep.objects.filter(chain=chain, number=2).update(job=None)
    chains.advance()
    chains.advance()
    assert jobs_of(chain)[1] == first
    assert Job.objects.filter(operation="cover").count() == 1


def test_a_step_that_fails_stops_it_and_asking_again_goes_on(studio: Studio) -> None:
    take = studio.take()
    chain = start(studio, take, Step("extend", {"instruction": "like a famous band [moderated]"}), COVER)
    failed = jobs_of(chain)[0]
    assert failed
    studio.dispatch()
    studio.finish(failed)
    studio.look()
    assert state(failed) == "failed"
    studio.tick()
    assert status(chain) == ("stopped", "Flow Music could not make step 1. Nothing more is spent.")
    studio.tick()
    assert jobs_of(chain)[1] is None
    Job.objects.filter(pk=failed.pk).update(params={"clip": take.clip_id, "instruction": "an outro"})
    failed.refresh_from_db()
    again = decisions.retry(failed, by=studio.user)
    studio.tick()
    assert status(chain) == ("running", "")
    assert jobs_of(chain)[0] == again
    make(studio, again)
    studio.tick()
    assert jobs_of(chain)[1]


def test_what_somebody_else_does_again_is_taken_and_the_rest_waits_for_who_pays(studio: Studio) -> None:
    chain = start(studio, studio.take(), EXTEND, COVER)
    stopped = jobs_of(chain)[0]
    assert stopped
    decisions.cancel(stopped, by=studio.user)
    studio.tick()
    stopped.refresh_from_db()
    mate = member(studio.team, "ada@nightbus.example", Role.ADMIN)
    with_token(studio.sandbox, studio.team, mate)
    again = decisions.retry(stopped, by=mate)
    make(studio, again)
    studio.tick()
    assert jobs_of(chain) == [again, None]
    assert status(chain) == ("stopped", chains.BY_ANOTHER.format(who="ada", number=1))
    assert chains.resume(chain)
    assert jobs_of(chain)[1]


def test_an_outcome_that_is_not_known_is_waited_for(studio: Studio) -> None:
    take = studio.take()
    chain = start(studio, take, EXTEND, COVER)
    job = jobs_of(chain)[0]
    assert job
    Job.objects.filter(pk=job.pk).update(
        state="unknown", unknown_since=timezone.now(), sent_at=timezone.now()
    )
    studio.tick()
    assert status(chain)[0] == "running"
    job.refresh_from_db()
    decisions.mark_as_lost(job, by=studio.user)
    studio.tick()
    assert status(chain)[0] == "stopped"


def test_a_person_stops_it(studio: Studio) -> None:
    take = studio.take()
    chain = start(studio, take, EXTEND, COVER)
    job = jobs_of(chain)[0]
    assert job
    assert chains.stop(chain, by=studio.user)
    assert state(job) == "cancelled"
    assert status(chain)[0] == "cancelled"
    assert not chains.stop(chain, by=studio.user)
    running = start(studio, take, EXTEND, COVER)
    made = jobs_of(running)[0]
    studio.dispatch()
    chains.stop(running, by=studio.user)
    make_anyway(studio, made)
    studio.tick()
    assert jobs_of(running)[1] is None
    assert Job.objects.filter(operation="cover").count() == 0


def make_anyway(studio: Studio, job: Job | None) -> None:
    assert job
    studio.finish(job)
    studio.look()
    assert state(job) == "collecting"


def test_a_result_in_the_bin_or_too_short_stops_it(studio: Studio) -> None:
    take = studio.take()
    chain = start(
        studio, take, COVER, Step("replace", {"instruction": "x", "mask_start_s": 1, "mask_end_s": 9})
    )
    result = make(studio, jobs_of(chain)[0])
    Clip.objects.filter(pk=result.pk).update(duration_s=5.0)
    studio.tick()
    assert "Step 2 does not fit: it reaches to 0:09, but the take ends at 0:05 there." in status(chain)[1]
    Clip.objects.filter(pk=result.pk).update(duration_s=50.0, deleted_at=timezone.now())
    chains.resume(chain)
    assert "in the trash" in status(chain)[1]
    Clip.objects.filter(pk=result.pk).update(deleted_at=None)
    chains.resume(chain)
    assert jobs_of(chain)[1]


def test_without_a_token_it_waits_for_a_person(studio: Studio) -> None:
    take = studio.take()
    chain = start(studio, take, EXTEND, COVER)
    make(studio, jobs_of(chain)[0])
    studio.token.delete()
    studio.tick()
    assert "no token" in status(chain)[1]


def test_after_a_restored_backup_nothing_goes_on_by_itself(studio: Studio) -> None:
    take = studio.take()
    chain = start(studio, take, EXTEND, COVER)
    make(studio, jobs_of(chain)[0])
    guard.hold()
    studio.tick()
    assert jobs_of(chain)[1] is None
    assert "backup" in status(chain)[1]
    assert chains.resume(chain)
    assert jobs_of(chain)[1]


def test_steps_of_a_take_are_the_way_to_it(studio: Studio) -> None:
    take = studio.take()
    extend = studio.ask_for("extend", source=take, instruction="an outro", extend_s=5, title="Longer")
    longer = make(studio, extend)
    stems = make(studio, studio.ask_for("stems", source=longer))
    assert edit_steps.steps_of(studio.team, take) == []
    assert edit_steps.steps_of(studio.team, longer) == [EXTEND], "without the clip and the title"
    assert edit_steps.steps_of(studio.team, stems) == [EXTEND, STEMS]
    loud = make(studio, studio.ask_for("effect", source=stems, effect="Gain", gain_db=3))
    gain = Step("effect", {"effect": "Gain", "gain_db": 3})
    assert edit_steps.steps_of(studio.team, loud) == [gain], "stems end a chain: this one begins with a stem"


TRIM = Step("effect", {"effect": "Trim", "start_s": 10, "end_s": 40})
REPLACE = Step("replace", {"mask_start_s": 48, "mask_end_s": 72, "instruction": "x"})
FADE = Step("effect", {"effect": "Fade", "fade_in_s": 0, "fade_out_s": 8})


@pytest.mark.parametrize(
    ("steps", "length", "said"),
    [
        ([REPLACE], 72, []),
        (
            [REPLACE],
            60,
            ["Step 1, Replace 0:48–1:12: x: it reaches to 1:12, but the take ends at 1:00 there."],
        ),
        ([REPLACE], None, ["not known yet"]),
        ([COVER, EXTEND], None, []),
        ([TRIM, REPLACE], 100, ["Step 2"]),
        ([TRIM, EXTEND, REPLACE], 100, ["Step 3"]),
        ([Step("extend", {"extend_s": 60}), REPLACE], 30, []),
        ([Step("extend", {"extend_s": 5, "extend_from_s": 40}), REPLACE], 90, ["Step 2"]),
        ([Step("extend", {"extend_from_s": 40})], 30, ["Step 1"]),
        ([Step("extend", {"extend_from_s": 0, "extend_s": 5}), FADE], 30, ["the fade lasts 0:08"]),
    ],
)
def test_times_beyond_the_end_are_refused(steps: list[Step], length: float | None, said: list[str]) -> None:
    found = edit_steps.misfits(steps, length)
    assert len(found) == len(said)
    for words, expected in zip(found, said, strict=True):
        assert expected in words


def test_nobody_pays_for_somebody_who_left(studio: Studio) -> None:
    take, other = studio.take(), member(studio.team, "jonas@nightbus.example")
    assert chains.payer(studio.team, other, take, "extend") is None
    assert chains.payer(studio.team, None, take, "extend") is None
    assert chains.payer(studio.team, studio.user, take, "extend") == studio.token
    Membership.objects.filter(user=studio.user).update(role=Role.VIEWER)
    assert chains.payer(studio.team, studio.user, take, "extend") is None
