"""Runs a sweep: saves it as a draft, starts it, requests song after song from the tick, stops and resumes it.

What drives it are rows: `step` looks at what was asked for and what it costs, and puts at most a few songs more in
line. It may be called at any time, by several processes, and die anywhere: every song of a cell has its place in the
unique (nonce, index) of the jobs, and who steps holds the row of the sweep.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.caps import CapReached
from apps.accounts.models import ApiToken, AuditEntry, FlowAccount, Team, User
from apps.generation.jobs import decisions, endings
from apps.generation.jobs.requests import FormAlreadyUsed, JobRequest
from apps.generation.models import Job, PanelVersion, State, Sweep, SweepCell
from apps.generation.queue import payers
from apps.generation.sweeps.grid import Matrix
from apps.generation.sweeps.progress import Progress
from apps.library.curation import undo
from apps.wake import wake

Phase, Ended = Sweep.Phase, Sweep.Ended


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """A valid form: what is to be swept, on whose money and within what."""

    by: User
    token: ApiToken
    account: FlowAccount | None
    inputs: Mapping[str, list[str]]
    songs_each: int
    cap: int
    favourites: int | None
    nonce: uuid.UUID


def draft(team: Team, plan: SweepPlan) -> Sweep:
    """Kept to be looked at before it costs anything; the same form again changes it. Raises FormAlreadyUsed."""
    values = {
        "token": plan.token,
        "subscription_id": plan.token.subscription_id,
        "account": plan.account,
        "account_is_fixed": plan.account is not None,
        "inputs": dict(plan.inputs),
        "songs_each": plan.songs_each,
        "cap": plan.cap,
        "favourites_wanted": plan.favourites,
    }
    try:
        with transaction.atomic():
            sweep, _ = Sweep.objects.update_or_create(
                pk=plan.nonce, team=team, made_by=plan.by, phase=Phase.DRAFT, deleted_at=None, defaults=values
            )
            sweep.cells.all().delete()
            SweepCell.objects.bulk_create(
                SweepCell(sweep=sweep, row=row, column=column, params=params)
                for row, column, params in Matrix.of(plan.inputs).cells()
            )
    except IntegrityError:
        raise FormAlreadyUsed("These variations were started already.") from None
    return sweep


def start(sweep: Sweep, *, as_of: datetime) -> bool:
    """False when it was changed since it was looked at, or started already."""
    seen = Sweep.objects.live().filter(pk=sweep.pk, phase=Phase.DRAFT, changed_at=as_of, token__isnull=False)
    return _run(sweep) if seen.update(phase=Phase.RUNNING, stepped_at=timezone.now()) else False


def _run(sweep: Sweep) -> bool:
    PanelVersion.bump(sweep.team_id)
    wake("generation.sweep", str(sweep.pk))
    return True


@transaction.atomic
def stop(sweep: Sweep, *, by: User) -> bool:
    """Nothing more is sent: what is queued is paused, what runs is finished."""
    running = Sweep.objects.filter(pk=sweep.pk, phase=Phase.RUNNING)
    if not running.update(phase=Phase.STOPPED, ended=Ended.PERSON):
        return False
    queued = _queued(sweep)
    decisions.pause_if_returned(Job.objects.filter(cell__in=sweep.cells.all()))
    for job in queued:
        decisions.pause(job, True, by=by)
    PanelVersion.bump(sweep.team_id)
    return True


@transaction.atomic
def resume(sweep: Sweep, *, by: User, cap: int, favourites: int | None) -> bool:
    """With what was paused and what is left, perhaps within another cap.

    What goes beyond the new cap is called off before anything of it may be sent: the dispatcher is as quick as a look.
    """
    over = Sweep.objects.live().filter(pk=sweep.pk, phase__in=[Phase.STOPPED, Phase.DONE])
    if not over.update(phase=Phase.RUNNING, ended="", cap=cap, favourites_wanted=favourites):
        return False
    waiting = _queued(sweep)
    progress = Progress(Sweep.objects.select_related("account").get(pk=sweep.pk))
    progress.call_off_what_is_too_much()
    if (
        favourites is None or progress.favourite_count < favourites
    ):  # else the look that follows calls all of it off
        for job in waiting:
            decisions.pause(job, False, by=by)
    return _run(sweep)


def due() -> list[str]:
    return [str(pk) for pk in Sweep.objects.filter(phase=Phase.RUNNING).values_list("pk", flat=True)]


def step(sweep_id: str) -> None:
    """One look: more songs queued, or the end."""
    try:
        with transaction.atomic():
            # The first statement writes: on every database one process steps, and the others wait for what it did.
            if Sweep.objects.filter(pk=sweep_id, phase=Phase.RUNNING).update(stepped_at=timezone.now()):
                _step(Sweep.objects.select_related("team", "made_by", "token", "account").get(pk=sweep_id))
    except IntegrityError:
        return  # somebody has asked for it meanwhile: the next look counts anew


def _step(sweep: Sweep) -> None:
    _queued(sweep)
    progress = Progress(sweep)
    found_more = progress.favourite_count != sweep.favourites_found
    if found_more:
        Sweep.objects.filter(pk=sweep.pk).update(favourites_found=progress.favourite_count)
    _go_on(sweep, progress)
    if found_more:
        PanelVersion.bump(sweep.team_id)  # last, for jobs are locked before it (docs/design.md, section 3)


def _go_on(sweep: Sweep, progress: Progress) -> None:
    if sweep.favourites_wanted is not None and progress.favourite_count >= sweep.favourites_wanted:
        _end(sweep, progress, Ended.FAVOURITES, "Not sent: there are enough favourites. Nothing spent.")
        return
    progress.call_off_what_is_too_much()
    payer = payer_of(sweep)
    try:
        while payer and (missing := progress.next()) and progress.has_place and progress.fits:
            progress.add(_ask(sweep, payer, *missing))
    except CapReached:
        _wait_for_room(sweep)
        return
    if progress.unsettled:
        return
    if progress.next() is None:
        _end(sweep, progress, Ended.ALL, "")
    elif not progress.fits:
        _end(sweep, progress, Ended.CAP, "")


def _end(sweep: Sweep, progress: Progress, why: str, text: str) -> None:
    Sweep.objects.filter(pk=sweep.pk).update(phase=Phase.DONE, ended=why)
    decisions.pause_if_returned(Job.objects.filter(cell__in=sweep.cells.all()))
    for job in progress.queued:
        endings.call_off(job, text)
    PanelVersion.bump(sweep.team_id)


def _wait_for_room(sweep: Sweep) -> None:
    """A monthly cap leaves no room for the next song: what is queued has its own, and a person resumes the rest."""
    Sweep.objects.filter(pk=sweep.pk).update(phase=Phase.STOPPED, ended=Ended.MONTH)
    PanelVersion.bump(sweep.team_id)


def payer_of(sweep: Sweep) -> ApiToken | None:
    """None while whose sweep it is may not ask for songs here, or the token or the chosen account is not there."""
    if sweep.account_is_fixed and not sweep.account:
        return None
    return payers.token_of(
        sweep.made_by,
        team=sweep.team,
        subscription_id=sweep.subscription_id,
        operation="music",
        wanted=sweep.token_id,
    )


def _ask(sweep: Sweep, payer: ApiToken, cell: SweepCell, index: int) -> Job:
    job_request = JobRequest(
        team=sweep.team,
        by=cast(User, sweep.made_by),  # who has a payer
        token=payer,
        account=sweep.account,
        operation="music",
        params=cell.params,
        count=1,
        nonce=cell.pk,
        cell=cell,
        first=index,
        size=sweep.songs_each,
    )
    (job,) = job_request.enqueue()
    return job


def _queued(sweep: Sweep) -> list[Job]:
    """Locked, before anything that others lock after their job: so nobody waits for somebody who waits for him."""
    line = Job.objects.filter(cell__in=sweep.cells.all(), state=State.QUEUED)
    return list(line.order_by("pk").select_for_update())


def delete(sweep: Sweep, *, by: User) -> bool:
    """Only what was never started, or is over."""
    over = Sweep.objects.live().filter(Q(phase__in=[Phase.DRAFT, Phase.DONE, Phase.STOPPED]), pk=sweep.pk)
    with transaction.atomic():
        deleted = over.update(deleted_at=timezone.now()) == 1
        if deleted:
            AuditEntry.objects.create(
                team_id=sweep.team_id, by=by, action="sweep deleted", subject=str(sweep)[:200]
            )
    return deleted


def _undelete(team: Team, by: User, sweep: str) -> str:
    """Brings one back; says what came of it."""
    Sweep.objects.for_team(team).filter(pk=sweep).update(deleted_at=None)
    return "The variations are restored."


undo.ACTIONS["delete-sweep"] = _undelete
