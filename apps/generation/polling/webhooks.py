"""Webhooks are hints: the jobid in the body is a candidate, believed when its record shows our reference."""

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.models.users import hash_secret
from apps.generation.models import Job, SeenJob
from apps.upstream.parsing import storable
from apps.wake import wake

LARGEST = 256 * 1024
CANDIDATES_PER_SUBSCRIPTION = 200  # unread ones; whoever knows a secret can't fill the table


@login_not_required
@csrf_exempt
@require_POST
def hook(request: HttpRequest, secret: str) -> HttpResponse:
    """POST /hooks/<secret>/: 204 for whatever the body is, 404 for an unknown secret, 413 for too much."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST:
        return HttpResponse(status=413)
    job = (
        Job.objects.filter(hook_hash=hash_secret(secret))
        .only("pk", "subscription_id", "team_id", "jobid")
        .first()
    )
    if job is None:
        return HttpResponse(status=404)
    jobid = _jobid(request.read(LARGEST + 1))
    if jobid:
        take_hint(job, jobid)
    return HttpResponse(status=204)


def _jobid(body: bytes) -> str:
    try:
        record: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    jobid = record.get("jobid") if isinstance(record, dict) else None
    if not isinstance(jobid, str) or not jobid.startswith("job:") or len(jobid) > 400:
        return ""
    return jobid if storable(jobid) == jobid else ""


def take_hint(job: Job, jobid: str) -> None:
    """Has the record read soon: of our job if the jobid is known to be its own, else of a candidate."""
    now = timezone.now()
    if job.jobid == jobid:
        Job.objects.filter(pk=job.pk, finished_at=None, collecting_since=None).update(check_at=now)
    else:
        unread = SeenJob.objects.filter(subscription_id=job.subscription_id, read_at=None).count()
        if unread >= CANDIDATES_PER_SUBSCRIPTION:
            return
        SeenJob.objects.get_or_create(
            subscription_id=job.subscription_id,
            jobid=jobid,
            defaults={"first_seen_at": now, "team_id": job.team_id},
        )
    wake("generation.read", job.subscription_id)
