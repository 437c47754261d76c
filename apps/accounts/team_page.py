"""What the team page lists: members with what they may and can do, and invitations that nobody has used yet."""

from dataclasses import dataclass
from enum import StrEnum

from apps.accounts import letters
from apps.accounts.lending import first_lent
from apps.accounts.memberships import GIVEN
from apps.accounts.models import ApiToken, Handover, Invitation, Membership, MonthlyCredits, Role, Team, User
from apps.accounts.models.monthly_credits import month_of


class Payment(StrEnum):
    """Whose token pays for what somebody creates."""

    OWN = "own token"
    LENT = "lent token"
    SANDBOX = "sandbox only"
    REFUSED = "own token, refused"
    NONE = "no token yet"
    NOTHING = "listens"  # there is nothing to pay for


@dataclass(frozen=True)
class MemberRow:
    """A member, as the person who looks sees them: what they may do with them."""

    membership: Membership
    pays: Payment
    lender: str  # whose token is lent to them, where it is LENT
    credits: int  # that count for them in this month
    roles: list[Role]  # that may be given
    may_cap: bool
    may_remove: bool
    may_hand_over: bool

    @property
    def person(self) -> User:
        return self.membership.user

    @property
    def has_menu(self) -> bool:
        return bool(self.roles) or self.may_cap or self.may_remove or self.may_hand_over


@dataclass(frozen=True)
class TeamPage:
    members: list[MemberRow]
    credits: int  # of all together, in this month
    invitations: list[Invitation]
    handover: Handover | None
    sends_mail: bool
    may_manage: bool
    is_asked: bool  # whether the handover is for the person who looks
    may_leave: bool


def of(viewer: Membership) -> TeamPage:
    """As this member of the team sees it. Eight queries, whatever the number of people."""
    team, rights = viewer.team, viewer.rights
    everybody = list(Membership.objects.filter(team=team).select_related("user").order_by("joined_at", "pk"))
    owners = [each for each in everybody if each.rights is Role.OWNER and each.user.is_active]
    payments = _payments(team)
    lent = first_lent(team, [each.user_id for each in everybody if each.rights.may_create])
    credits = _credits(team)
    rows = [
        _row(each, viewer, _pays(each, payments, lent), credits.get(each.user_id, 0), alone=owners == [each])
        for each in everybody
    ]
    open_ones = Invitation.objects.for_team(team).unused().select_related("invited_by")
    handover = Handover.objects.filter(team=team).select_related("giver__user", "receiver__user").first()
    return TeamPage(
        members=rows,
        credits=credits.get(None, 0),
        invitations=list(open_ones) if rights.may_manage else [],
        handover=handover,
        sends_mail=letters.mail_is_set_up(),
        may_manage=rights.may_manage,
        is_asked=handover is not None and handover.receiver_id == viewer.pk,
        may_leave=owners != [viewer],
    )


def _row(
    member: Membership, viewer: Membership, pays: tuple[Payment, str], credits: int, *, alone: bool
) -> MemberRow:
    """`alone`: the only owner, who stays one."""
    manages = viewer.may_manage(member) and not alone
    return MemberRow(
        membership=member,
        pays=pays[0],
        lender=pays[1],
        credits=credits,
        roles=[role for role in GIVEN if role is not member.rights] if manages else [],
        may_cap=viewer.may_manage(member),
        may_remove=manages and member.pk != viewer.pk,
        may_hand_over=viewer.rights is Role.OWNER and member.rights is not Role.OWNER,
    )


def _pays(member: Membership, payments: dict[int, Payment], lent: dict[int, ApiToken]) -> tuple[Payment, str]:
    """And whose token is lent to them, if it is that one."""
    if not member.rights.may_create:
        return Payment.NOTHING, ""
    own, token = payments.get(member.user_id, Payment.NONE), lent.get(member.user_id)
    return (own, "") if token is None or own is Payment.OWN else (Payment.LENT, token.owner.short_name)


def _credits(team: Team) -> dict[int | None, int]:
    """What counts in this month, by the person's key; None is of the whole team."""
    counts = MonthlyCredits.objects.filter(team=team, month=month_of(), token=None)
    return dict(counts.values_list("member", "credits"))


def _payments(team: Team) -> dict[int, Payment]:
    """By the person's key, the best of their tokens."""
    found: dict[int, Payment] = {}
    order = list(Payment)
    for token in ApiToken.objects.for_team(team).select_related("subscription"):
        kind = Payment.SANDBOX if token.subscription.is_sandbox else Payment.OWN
        pays = Payment.REFUSED if token.refused_at else kind
        found[token.owner_id] = min(pays, found.get(token.owner_id, Payment.NONE), key=order.index)
    return found
