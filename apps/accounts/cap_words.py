"""Says which monthly cap credits don't fit under, by how many they are over it, who can raise it, and when it begins
anew."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.text import get_text_list

from apps.accounts import caps
from apps.accounts.caps import Cap, CapReached, Scope, Spender
from apps.accounts.models import ApiToken, Membership, Role, User
from apps.accounts.models.monthly_credits import month_of
from apps.plural import counted

MOST_NAMED = 3


@dataclass(frozen=True)
class CapRefusal:
    """`fits`: how many of the songs or steps that were asked for there is room for. `is_readers`: they can raise it."""

    words: str
    fits: int
    of: int
    price: int  # of all that fit
    is_readers: bool


@dataclass(frozen=True)
class CapLeft:
    """What the nearest of somebody's caps leaves in this month. What a lent token leaves stands beside its name."""

    words: str
    left: int
    limit: int

    def is_near(self, cost: int) -> bool:
        """So that it is said before the click; static/js/forms/song-form.js decides the same."""
        return self.left < cost or self.left * 5 <= self.limit


def left_of(member: Membership) -> CapLeft | None:
    """None without a cap."""
    cap = caps.nearest(caps.of_member(member, month_of()))
    if cap is None:
        return None
    whose = "the team’s" if cap.scope is Scope.TEAM else "your"
    words = f"{cap.left:,} of {whose} {counted(cap.limit, 'credit')} left this month."
    return CapLeft(words, cap.left, cap.limit)


def refusal(reached: CapReached, *, songs: int = 1, reader: User | None = None) -> CapRefusal:
    """Of what was asked for as a whole. `reader`: for whom it is said, None for everybody in the team."""
    room = [reached.cap, *caps.of(reached.spender, reached.month)]
    cap, each = caps.nearest(room) or reached.cap, max(1, reached.asked // songs)
    fits = min(songs - 1, cap.left // each)
    people = _who_can_raise(reached.spender, cap.scope)
    words = (
        f"This is {counted(max(1, reached.asked - cap.left), 'credit')} over {said(cap, reached.spender, reader)} "
        f"{_raised_by(people, reader)} {begins_anew(reached.month)}"
    )
    return CapRefusal(words, fits, songs, fits * each, reader in people)


def foreseen(
    spender: Spender, *, price: int, songs: int = 1, reader: User | None = None
) -> CapRefusal | None:
    """Of what nobody has asked for yet; None while there is room for all of it."""
    month, asked = month_of(), price * songs
    cap = caps.nearest(caps.of(spender, month))
    if cap is None or asked <= cap.left:
        return None
    return refusal(CapReached(cap, asked, spender=spender, month=month), songs=songs, reader=reader)


def said(cap: Cap, spender: Spender, reader: User | None) -> str:
    """As `your cap of 100 credits a month, of which 15 are left.`"""
    left = "none is" if not cap.left else "1 is" if cap.left == 1 else f"{cap.left:,} are"
    return f"{whose(cap, spender, reader)} of {counted(cap.limit, 'credit')} a month, of which {left} left."


def whose(cap: Cap, spender: Spender, reader: User | None) -> str:
    if cap.scope is Scope.TEAM:
        return "the team’s cap"
    if cap.scope is Scope.TOKEN:
        return f"the cap of {_genitive(_lender(spender))} token"
    person = User.objects.filter(pk__in=[spender.member_id]).first()
    return "your cap" if person == reader and reader else f"{_genitive(person)} cap"


def begins_anew(month: date) -> str:
    anew = (month + timedelta(days=31)).replace(day=1)
    return f"It begins anew on {anew.day} {anew:%B}, 00:00 UTC."


def _who_can_raise(spender: Spender, scope: Scope) -> list[User]:
    """The lender of a token; else owners and admins, an owner's own cap only owners."""
    if scope is Scope.TOKEN:
        lender = _lender(spender)
        return [lender] if lender else []
    roles = [Role.OWNER, Role.ADMIN]
    here = Membership.objects.filter(team=spender.team_id, user__is_active=True).select_related("user")
    managers = list(here.filter(role__in=roles).order_by("joined_at", "pk"))
    owns = scope is Scope.MEMBER and any(
        each.user_id == spender.member_id and each.rights.may_own for each in managers
    )
    return [each.user for each in managers if each.rights.may_own or not owns]


def _raised_by(people: list[User], reader: User | None) -> str:
    if reader in people:
        return "You can raise it."
    names = [person.short_name for person in people]
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], "another admin"]
    return f"{get_text_list(names, 'or')} can raise it." if names else "Nobody here can raise it."


def _lender(spender: Spender) -> User | None:
    token = ApiToken.objects.filter(pk__in=[spender.token_id]).select_related("owner").first()
    return token.owner if token else None


def _genitive(person: User | None) -> str:
    name = person.short_name if person else "somebody"
    return f"{name}’s"
