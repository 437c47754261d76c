import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Lending, Membership, Subscription, Team, User
from apps.accounts.models.subscriptions import ApiTokenQuerySet
from apps.addresses import address
from apps.generation.models.ledger import Hold
from apps.generation.models.sweeps import SweepCell
from apps.generation.operations import SYNCHRONOUS
from apps.library.models import Clip, LyricDraft, ReferenceFile, Song


class State(models.TextChoices):
    """A job's life (docs/design.md, section 3). Changed only by apps/generation/jobs/transitions.py."""

    QUEUED = "queued", "Queued"
    SUBMITTING = "submitting", "Sending"
    RUNNING = "running", "Running"
    UNKNOWN = "unknown", "Outcome unknown"
    COLLECTING = "collecting", "Saving"
    COMPLETED = "completed", "Done"
    FAILED = "failed", "Failed"
    REJECTED = "rejected", "Rejected"
    CANCELLED = "cancelled", "Cancelled"
    ABANDONED = "abandoned", "Marked as lost"


# Something may still happen without a person asking again.
LIVE = frozenset({State.QUEUED, State.SUBMITTING, State.RUNNING, State.UNKNOWN, State.COLLECTING})
# Somebody other than who requested it did that.
ENDED_BY_ANOTHER = Q(state__in=[State.CANCELLED, State.ABANDONED], decided_by__isnull=False) & ~Q(
    decided_by=F("asked_by")
)
# It may have gone through.
DOUBTED = frozenset({State.UNKNOWN, State.ABANDONED})
# May hold a slot at the remote side.
OUT_THERE = frozenset({State.SUBMITTING, State.RUNNING, State.UNKNOWN})


def new_reference() -> str:
    """Sent as `replyRef`: by it a job whose answer was lost is found again."""
    return "fw-" + secrets.token_urlsafe(18)


def may_be_paid() -> Exists:
    """Of jobs: their token works and is the asker's own, or lent to them for this. The token of somebody who has left,
    or only listens by now, sends nothing more; nor does a lent one for such a person.

    Only subqueries: beside a join, an UPDATE of Postgres would not look at the row once more after it was locked.
    """
    return Exists(_payers().filter(pk=OuterRef("token")))


def has_payer() -> Exists:
    """Of jobs: some token of their team and subscription may pay for them, whichever it was until now."""
    return Exists(_payers().filter(team=OuterRef("team"), subscription=OuterRef("subscription")))


def _payers() -> ApiTokenQuerySet:
    """Tokens that may pay for the job outside."""
    asker, team = OuterRef(OuterRef("asked_by")), OuterRef(OuterRef("team"))
    lent = Lending.objects.allowing(operation=OuterRef(OuterRef("operation")), asker=asker)
    asker_creates = Exists(Membership.objects.creating().filter(team=team, user=asker))
    is_lent = Exists(lent.filter(token=OuterRef("pk"))) & asker_creates
    return ApiToken.objects.paying().filter(Q(owner=OuterRef("asked_by")) | Q(is_lent))


class JobQuerySet(models.QuerySet["Job"]):
    def for_team(self, team: Team) -> "JobQuerySet":
        return self.filter(team=team)

    def live(self) -> "JobQuerySet":
        return self.filter(state__in=LIVE)

    def in_lane(self, *, synchronous: bool) -> "JobQuerySet":
        """Those whose answer is all there is, or those that run in a slot and are watched."""
        named = Q(operation__in=SYNCHRONOUS)
        return self.filter(named if synchronous else ~named)

    def not_on_hold(self) -> "JobQuerySet":
        """Of teams for which may be sent: of the others a person decides first, after a restored backup."""
        return self.exclude(Exists(Hold.objects.filter(team=OuterRef("team"))))

    def ready(self, now: datetime) -> "JobQuerySet":
        """Queued rows that may be sent now, as far as the row and who pays for it say."""
        return self.not_on_hold().filter(
            may_be_paid(),
            Q(not_before=None) | Q(not_before__lte=now),
            state=State.QUEUED,
            paused=False,
            cancel_requested_at=None,
        )


class Job(models.Model):
    """One request of a person that is one call to the API: at most one song charged, whatever happens."""

    # An unknown outcome may hold a slot this long, and is searched for this long before a person must decide.
    UNKNOWN_HOLDS_SLOT = timedelta(minutes=15)
    SEARCH_LASTS = timedelta(minutes=40)
    # Splitting that was under way has ended by then; asked again it gives the same stems (post-flowmusic-music-edit).
    STEMS_SETTLE = timedelta(seconds=180)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="jobs")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="jobs",
    )
    token = models.ForeignKey(
        ApiToken, on_delete=models.SET_NULL, null=True, related_name="jobs"
    )  # whose money
    # Its owner: known also when the token is gone. Changes with it (apps/generation/jobs/counted_credits.py).
    paid_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="paid_jobs"
    )
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="jobs")
    account = models.ForeignKey(  # the person's choice; null: the dispatcher chooses
        FlowAccount,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="chosen_jobs",
    )
    account_is_fixed = models.BooleanField(default=False)  # a choice stays one when its account is gone
    operation = models.CharField(max_length=20, default="music")
    params = models.JSONField(default=dict)  # what the person chose, by the API's parameter names
    # What it is about: the take that is edited, the file that is sent or created, the lyric draft that is written.
    source = models.ForeignKey(Clip, on_delete=models.SET_NULL, null=True, related_name="edit_jobs")
    file = models.ForeignKey(ReferenceFile, on_delete=models.SET_NULL, null=True, related_name="jobs")
    lyric_draft = models.ForeignKey(
        LyricDraft, on_delete=models.SET_NULL, null=True, related_name="jobs", db_column="sheet_id"
    )
    cell = models.ForeignKey(SweepCell, on_delete=models.SET_NULL, null=True, related_name="jobs")

    nonce = models.UUIDField(default=uuid.uuid4)  # of the form: a double click makes one job
    batch_index = models.PositiveSmallIntegerField(default=0)
    batch_size = models.PositiveSmallIntegerField(default=1)
    retry_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="retries")

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    position = models.FloatField(default=0)  # place in the person's own queue; equal ones by age
    paused = models.BooleanField(default=False)
    decided_by = models.ForeignKey(  # who paused, resumed, removed, cancelled it or marked it as lost, last
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    not_before = models.DateTimeField(null=True)
    wait_reason = models.CharField(max_length=300, blank=True)  # plain words, while queued

    # Sending
    reference = models.CharField(max_length=60, unique=True, default=new_reference, editable=False)
    hook_hash = models.CharField(max_length=64, blank=True, db_index=True)
    claim = models.UUIDField(null=True)
    claim_expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    ran_on = models.ForeignKey(FlowAccount, on_delete=models.SET_NULL, null=True, related_name="jobs")
    price = models.PositiveSmallIntegerField(null=True)  # credits counted off that account when it was taken
    # What counts for it against caps (apps/generation/jobs/counted_credits.py), and the first day of the month.
    counted_credits = models.PositiveIntegerField(default=0, db_default=0)
    counted_in = models.DateField(null=True)
    charge_known = models.BooleanField(default=False, db_default=False)  # it is what Flow Music charged

    # At the remote side
    jobid = models.CharField(max_length=400, null=True)
    accepted_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField(null=True)  # its record is to be read again then
    reader_until = models.DateTimeField(
        null=True
    )  # somebody reads it now; then at the latest that one is dead
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_sent_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)

    # Not known
    unknown_since = models.DateTimeField(null=True)
    times_checked = models.PositiveIntegerField(default=0, db_column="looks")
    last_checked_at = models.DateTimeField(null=True, db_column="looked_at")
    restored_at = models.DateTimeField(null=True)  # its row came from a backup, and may have been sent since

    # The end
    collecting_since = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    song = models.OneToOneField(Song, on_delete=models.SET_NULL, null=True, related_name="job")
    error_code = models.CharField(max_length=60, blank=True)
    error_text = models.CharField(max_length=500, blank=True)  # plain words: what happened, and what to do
    error_quote = models.CharField(max_length=500, blank=True)  # the remote side's own words
    evidence = models.JSONField(default=dict)  # for support; holds no secret
    incident = models.JSONField(null=True)  # a second jobid for the same request, kept and shown
    hidden_at = models.DateTimeField(null=True)

    is_retried: bool  # read for its card (apps/generation/job_pages/panel.py)

    objects: ClassVar = JobQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["nonce", "batch_index"], name="one_job_per_wish"),
            models.UniqueConstraint(fields=["subscription", "jobid"], name="one_job_per_jobid"),
            models.UniqueConstraint(  # two calls side by side would split, and charge, twice
                fields=["source"],
                condition=Q(operation="stems", state__in=[State.QUEUED, State.SUBMITTING]),
                name="one_split_per_take",
            ),
            models.UniqueConstraint(
                fields=["retry_of"],
                condition=Q(state__in=sorted(LIVE)),
                name="one_live_retry",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subscription", "state"]),
            models.Index(fields=["team", "-created_at"]),
            models.Index(
                fields=["claim_expires_at"],
                condition=Q(state="submitting"),
                name="claim_due",
            ),
        ]
        ordering: ClassVar = ["position", "created_at", "batch_index"]

    def __str__(self) -> str:
        return f"{self.operation} {self.id} ({self.state})"

    def get_absolute_url(self) -> str:
        return address("job", self.pk)

    @property
    def is_synchronous(self) -> bool:
        """Its answer is all there is: no slot, no record."""
        return self.operation in SYNCHRONOUS

    @property
    def decided_by_another(self) -> User | None:
        """Who decided about it last, where that was not who requested it."""
        return self.decided_by if self.decided_by_id != self.asked_by_id else None

    @property
    def ended_by_another(self) -> User | None:
        """Who removed or cancelled it or marked it as lost, where that was not who requested it."""
        return self.decided_by_another if self.state in {State.CANCELLED, State.ABANDONED} else None

    @property
    def takes(self) -> list[Clip]:
        return list(self.song.takes.all()) if self.song else []

    @property
    def given_up(self) -> bool:
        """Unknown, and searched for as long as that makes sense: now a person decides."""
        since = self.unknown_since
        if self.state != State.UNKNOWN or since is None:
            return False
        return self.is_synchronous or timezone.now() - since >= self.SEARCH_LASTS

    @property
    def settles_at(self) -> datetime | None:
        """Before then it may not be retried, for what was sent may still be at work; None: at any time."""
        sent_at = self.restored_at or self.sent_at
        if self.operation != "stems" or self.state not in DOUBTED or sent_at is None:
            return None
        settled = sent_at + self.STEMS_SETTLE
        return settled if settled > timezone.now() else None

    def request_fields(self) -> dict[str, Any]:
        """The request, by the names of the fields: for a job with the same one."""
        request = ("team_id", "subscription_id", "account_id", "account_is_fixed", "operation", "params")
        about = ("source_id", "file_id", "lyric_draft_id", "cell_id")
        place = ("batch_index", "batch_size")  # its song is still the third of ten
        return {name: getattr(self, name) for name in (*request, *about, *place)}
