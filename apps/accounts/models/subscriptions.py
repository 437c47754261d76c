import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from apps.accounts.crypto import decrypt, encrypt
from apps.accounts.models.teams import Membership, Team
from apps.accounts.models.users import User
from apps.upstream.token import Token

REAL = "https://"  # how the endpoint of whoever charges for it starts; a sandbox is on this machine
# About, by the API's start page: until an account's own usage says it better (apps/accounts/learned_prices.py).
CREDITS_PER_SONG = 5


class Subscription(models.Model):
    """A paid place at a provider, known by the number in its tokens. It owns Flow Music accounts, slots and polling,
    however many people hold a token of it, in however many teams."""

    class Provider(models.TextChoices):
        FLOWMUSIC = "flowmusic", "Flow Music by useapi.net"
        MUSICAPI = "musicapi", "MusicAPI"

    provider = models.CharField(max_length=20, choices=Provider.choices)
    endpoint = models.CharField(max_length=200)
    number = models.CharField(max_length=40)

    next_poll_at = models.DateTimeField(null=True)  # when generation asks for GET /jobs again
    # Why nothing is sent for now, in plain words (the useapi.net subscription has ended), and when to try again.
    blocked_reason = models.CharField(max_length=300, blank=True)
    blocked_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "endpoint", "number"], name="one_subscription")
        ]
        indexes: ClassVar = [models.Index(fields=["next_poll_at"])]

    @property
    def is_sandbox(self) -> bool:
        return not self.endpoint.startswith(REAL)


class FlowAccountQuerySet(models.QuerySet["FlowAccount"]):
    def for_team(self, team: Team) -> "FlowAccountQuerySet":
        """All under a working token of the team, each once. What it saw before: apps/accounts/visibility.py."""
        subscriptions = ApiToken.objects.for_team(team).working().values("subscription")
        return self.filter(subscription__in=subscriptions)

    def owned_by(self, user: User, team: Team) -> "FlowAccountQuerySet":
        """Those under the person's own working tokens in the team."""
        subscriptions = ApiToken.objects.for_team(team).owned_by(user).working().values("subscription")
        return self.filter(subscription__in=subscriptions)

    def connected(self) -> "FlowAccountQuerySet":
        """Without those that were removed: they keep their songs and their history, and count for nothing else."""
        return self.exclude(block=FlowAccount.Block.GONE)

    def credits_left(self) -> int | None:
        """On all of them that are still configured, as far as it is known; None when nothing is.

        The sandbox's credits are no money: they count only while there is no real account. One query.
        """
        return credits_left(self.select_related("subscription"))

    def too_poor(self) -> "FlowAccountQuerySet":
        """Those known to have less left than a song costs there."""
        return self.filter(credits__lt=Coalesce("song_credits", CREDITS_PER_SONG))


class FlowAccount(models.Model):
    """A Flow Music account under a subscription, as the API last described it."""

    class Block(models.TextChoices):
        NONE = "", "usable"
        ERROR = "error", "needs a new sign-in"
        CREDITS = "credits", "out of credits"
        BUSY = "busy", "told to wait"
        GONE = "gone", "not configured any more"

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="flow_accounts")
    email = models.CharField(max_length=254)
    tier = models.CharField(max_length=20, default="unknown")
    max_jobs = models.PositiveSmallIntegerField(default=1)
    credits = models.IntegerField(null=True)
    checked_at = models.DateTimeField(null=True)  # when tier, credits and error were last asked for

    # What a song costs here, learned from the account's usage; null until then. An account with less can't make one.
    song_credits = models.PositiveSmallIntegerField(null=True)
    song_credits_fixed = models.BooleanField(default=False)  # the recent ones all cost the same
    usage_asked_at = models.DateTimeField(null=True)
    usage_wanted_at = models.DateTimeField(null=True)  # when a person asked for it to be read
    usage_wanted_with = models.ForeignKey(
        "ApiToken", on_delete=models.SET_NULL, null=True, related_name="+"
    )  # the person's own, or one of their team
    usage_read_at = models.DateTimeField(null=True)  # when what is kept of it (UsageRow) was read
    charges_counted_at = models.DateTimeField(null=True)  # the reading by which jobs were counted last
    usage_problem = models.CharField(
        max_length=300, blank=True
    )  # why that was not possible since, in plain words

    running = models.PositiveSmallIntegerField(default=0)  # of all sources, in the newest GET /jobs
    elsewhere = models.PositiveSmallIntegerField(default=0)  # of these, not started by us
    # Grows with every slot taken: two dispatchers that counted the same free slot can't both have it.
    slot_version = models.PositiveIntegerField(default=0)

    block = models.CharField(max_length=10, choices=Block.choices, default="", blank=True)
    block_reason = models.CharField(max_length=300, blank=True)  # the API's own words
    # When to try or look again; null: when a person has mended it.
    block_until = models.DateTimeField(null=True)

    objects: ClassVar = FlowAccountQuerySet.as_manager()

    # Set on what a team sees no more, but saw until then (apps/accounts/visibility.py): its values are of that time.
    as_of: datetime | None = None

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "email"], name="one_flow_account")
        ]
        ordering: ClassVar = ["email"]

    def __str__(self) -> str:
        return self.email

    @property
    def is_gone(self) -> bool:
        return self.block == FlowAccount.Block.GONE

    @property
    def price(self) -> int:
        """Credits that a song costs here, as far as it is known."""
        return self.song_credits or CREDITS_PER_SONG

    @property
    def songs_left(self) -> int:
        """About how many songs its credits are."""
        return (self.credits or 0) // self.price

    @property
    def short(self) -> str:
        """`studio@`, as the pages call it; the full address belongs in a title."""
        return self.email.partition("@")[0] + "@"


def pool(accounts: list[FlowAccount]) -> list[FlowAccount]:
    """Those that are added up: the sandbox's credits are no money, they count only while there is no real account."""
    return [each for each in accounts if not each.subscription.is_sandbox] or accounts


def credits_left(accounts: Iterable[FlowAccount]) -> int | None:
    """Of accounts with their subscriptions; as FlowAccount.objects.credits_left() has it."""
    connected = [each for each in accounts if not each.is_gone]
    known = [each.credits for each in pool(connected) if each.credits is not None]
    return sum(known) if known else None


def _owner_is_here(**conditions: bool) -> Exists:
    """Of tokens: whether their owner is in the token's team."""
    return Exists(Membership.objects.filter(team=OuterRef("team"), user=OuterRef("owner"), **conditions))


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def for_team(self, team: Team) -> "ApiTokenQuerySet":
        return self.filter(team=team)

    def owned_by(self, user: User) -> "ApiTokenQuerySet":
        return self.filter(owner_id=user.pk)

    def of_people_here(self) -> "ApiTokenQuerySet":
        """Whose owner is in the token's team, and not locked out."""
        return self.filter(_owner_is_here(user__is_active=True))

    def working(self) -> "ApiTokenQuerySet":
        """Those by which their team may see and read: not refused by the API, of people who are in it."""
        return self.of_people_here().filter(refused_at=None)

    def left_behind(self) -> "ApiTokenQuerySet":
        """Of people who left the team, and are not in it again."""
        return self.filter(~_owner_is_here(), owner_left_at__isnull=False)

    def reading_jobs(self) -> "ApiTokenQuerySet":
        """Those by which a team hears what became of its jobs: working ones, and of people who have just left it."""
        has_just_left = Q(owner_left_at__isnull=False, owner__is_active=True)
        return self.filter(_owner_is_here(user__is_active=True) | has_just_left, refused_at=None)

    def paying(self) -> "ApiTokenQuerySet":
        """Working ones of people who may ask for songs: those who only listen pay for nothing."""
        creating = Membership.objects.creating().filter(team=OuterRef("team"), user=OuterRef("owner"))
        return self.filter(Exists(creating), refused_at=None)


class ApiToken(models.Model):
    """A person's API token in a team. The text is encrypted and bound to this row, its team and its owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="tokens")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="tokens")
    ciphertext = models.TextField(editable=False)
    last4 = models.CharField(max_length=4)
    added_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)  # the API answered 401; nothing is sent until it is replaced
    refused_reason = models.CharField(max_length=300, blank=True)
    # Its owner left: it is erased when nothing that it paid for is under way (apps/generation/queue/left_tokens.py).
    owner_left_at = models.DateTimeField(null=True)

    # How long it may still read of the jobs that were sent with it. It pays for nothing from the first moment on.
    READS_AFTER_LEAVING = timedelta(hours=24)

    # Set by the token page: the accounts under it, as the token's team sees them.
    accounts: "list[FlowAccount]"
    # Of one that is lent, credits in this month: `spent` by others, set by the token page, and `left` of its cap, set
    # by apps/accounts/lending.py.
    spent: int
    left: int

    objects: ClassVar = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "owner", "subscription"],
                name="one_token_per_subscription",
            )
        ]
        ordering: ClassVar = ["added_at"]

    def __str__(self) -> str:
        return f"token …{self.last4}"

    @property
    def left_words(self) -> str:
        """Of one that is lent, with its `left` and its `lending`."""
        cap = self.lending.monthly_cap
        return f"{self.left:,} of {cap:,} credit{'' if cap == 1 else 's'} left this month"

    @property
    def bound_to(self) -> str:
        """What the encrypted text is bound to: copied to another row, team, owner or endpoint it does not decrypt."""
        place = self.subscription
        return f"api_token:{self.pk}:{self.team_id}:{self.owner_id}:{place.provider}:{place.number}:{place.endpoint}"

    def set_token(self, token: Token) -> None:
        """Not saved. The row's team and owner must be set, for the text is bound to them."""
        self.ciphertext = encrypt(token, bound_to=self.bound_to)
        self.last4 = token.last4

    def token(self) -> Token:
        """Raises crypto.CannotDecrypt."""
        return decrypt(self.ciphertext, bound_to=self.bound_to)

    def refuse(self, *, at: datetime, reason: str) -> None:
        """The API answered 401 to this text. Does nothing if the token was replaced meanwhile."""
        ApiToken.objects.filter(pk=self.pk, ciphertext=self.ciphertext).update(
            refused_at=at, refused_reason=reason
        )
