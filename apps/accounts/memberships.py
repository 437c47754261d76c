"""Changes who is in a team, and as what: one change after the other, each with its line in the audit trail.

A team always has an owner: the last one can't be removed, demoted, nor leave. Nobody becomes an owner but by a
handover, which one owner begins and the other person accepts.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.accounts import letters
from apps.accounts.models import ApiToken, Handover, Invitation, Lending, Membership, Role, Team
from apps.accounts.models.teams import cap_text
from apps.wake import wake

GIVEN = (Role.ADMIN, Role.MEMBER, Role.VIEWER)  # roles that can be given; ownership is handed over
LAST_OWNER = (
    "A team needs an owner, and {name} is the only one. Hand the team over first: the other person accepts, and then "
    "this is possible."
)

MEANWHILE = "Somebody changed this meanwhile. Look at the list again."


class NotPossible(Exception):
    """Nothing was changed: `words` say why, and what to do."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def change_role(member: Membership, role: Role, *, by: Membership) -> None:
    """Raises NotPossible."""
    with transaction.atomic():
        here = _as_of_now(member, by=by)
        if here.rights is role:
            return
        if here.is_last_owner:
            raise NotPossible(LAST_OWNER.format(name=here.user.short_name))
        subject = f"{here.user.email}, from {here.role} to {role.value}"
        _set_role(here, role)
        here.team.note("role changed", by=by.user, subject=subject)
        if not role.may_create:
            _stop_lending(here, by=by)


def change_cap(member: Membership, credits: int | None, *, by: Membership) -> None:
    """What they may spend in a month; None takes their cap off. Raises NotPossible."""
    with transaction.atomic():
        here = _as_of_now(member, by=by)
        before = here.monthly_cap
        if before == credits:
            return
        Membership.objects.filter(pk=here.pk).update(monthly_cap=credits)
        subject = f"{here.user.email}, from {cap_text(before)} to {cap_text(credits)}"
        here.team.note("member cap changed", by=by.user, subject=subject)


def remove(member: Membership, *, by: Membership) -> None:
    """Somebody else, or oneself. Their tokens pay for nothing from now on; what is queued waits. Raises NotPossible."""
    with transaction.atomic():
        here = _as_of_now(member, by=by, or_own=True)
        if here.is_last_owner:
            raise NotPossible(LAST_OWNER.format(name=here.user.short_name))
        action = "member left" if here.user_id == by.user_id else "member removed"
        here.team.note(action, by=by.user, subject=f"{here.user.email}, {here.role}")
        _revoke_invitations(here)
        _stop_lending(here, by=by)
        _give_up_tokens(here)
        here.delete()


def hand_over(team: Team, *, giver: Membership, receiver: Membership, giver_stays: bool) -> None:
    """The first step: the other person is asked. In place of a handover that was not accepted. Raises NotPossible."""
    with transaction.atomic():
        here = _as_of_now(receiver, by=giver)
        if here.rights is Role.OWNER:
            raise NotPossible(f"{here.user.short_name} is an owner already.")
        values = {"giver": giver, "receiver": here, "giver_stays": giver_stays}
        Handover.objects.update_or_create(team=team, defaults=values)
        team.note("ownership handover begun", by=giver.user, subject=here.user.email)
        _tell_receiver(here, giver, giver_stays)


def accept(handover: Handover, *, by: Membership) -> None:
    """The second step. Raises NotPossible if it was withdrawn meanwhile, or its giver owns the team no more."""
    with transaction.atomic():
        handover.team.lock()
        same = Handover.objects.filter(pk=handover.pk, receiver=by, giver__role=Role.OWNER)
        found = same.select_related("giver__user", "receiver").first()
        if found is None:
            raise NotPossible("The handover was withdrawn meanwhile. Nothing has changed.")
        found.delete()
        _set_role(found.receiver, Role.OWNER)
        if not found.giver_stays:
            _set_role(found.giver, Role.ADMIN)
        subject = f"from {found.giver.user.email} to {by.user.email}"
        handover.team.note("ownership handed over", by=by.user, subject=subject)


def end(handover: Handover, *, by: Membership) -> None:
    """Declined by who was asked, or withdrawn by an owner."""
    with transaction.atomic():
        declined = handover.receiver_id == by.pk
        subject = handover.receiver.user.email
        if Handover.objects.filter(pk=handover.pk).delete()[0]:
            action = "ownership handover " + ("declined" if declined else "withdrawn")
            handover.team.note(action, by=by.user, subject=subject)


def _as_of_now(member: Membership, *, by: Membership, or_own: bool = False) -> Membership:
    """The member, once nobody else changes the team's people. Raises NotPossible if one of the two was changed
    meanwhile, so that this is not theirs to decide any more. `or_own`: everybody decides it for themselves."""
    member.team.lock()
    found = {each.pk: each for each in Membership.objects.filter(pk__in=[member.pk, by.pk]).select_related()}
    here, decides = found.get(member.pk), found.get(by.pk)
    if here is None or decides is None:
        raise NotPossible(MEANWHILE)
    if not (decides.may_manage(here) or (or_own and here.pk == decides.pk)):
        raise NotPossible(MEANWHILE)
    return here


def _tell_receiver(receiver: Membership, giver: Membership, giver_stays: bool) -> None:
    """By mail, where mail is set up; the team page says the same."""
    words: dict[str, object] = {
        "team": receiver.team,
        "by": giver.user,
        "giver_stays": giver_stays,
        "link": settings.PUBLIC_URL + reverse("team"),
    }
    subject = f"{giver.user.short_name} wants to hand {receiver.team.name} over to you"
    letters.send("handover", to=receiver.user.email, subject=subject, words=words)


def _set_role(member: Membership, role: Role) -> None:
    """Whoever manages people no more has no invitation open either: by its link they could come back as more."""
    Membership.objects.filter(pk=member.pk).update(role=role)
    member.role = role
    if not role.may_manage:
        _revoke_invitations(member)
    if role is not Role.OWNER:
        Handover.objects.filter(giver=member).delete()
    for subscription_id in _own_tokens(member).values_list("subscription_id", flat=True):
        wake("generation.changed", subscription_id)


def _revoke_invitations(member: Membership) -> None:
    made = Invitation.objects.for_team(member.team).unused().filter(invited_by=member.user_id)
    made.update(revoked_at=timezone.now())


def _stop_lending(member: Membership, *, by: Membership) -> None:
    """Their tokens pay for nothing more here. Whoever may create again lends anew, if they like."""
    theirs = Lending.objects.of_member(member)
    for lending in theirs.select_related("token__subscription", "token__team", "token__owner"):
        lending.stop(by=by.user)


def _give_up_tokens(member: Membership) -> None:
    own = _own_tokens(member)
    own.update(owner_left_at=timezone.now())
    for subscription_id in own.values_list("subscription_id", flat=True):
        wake("generation.changed", subscription_id)


def _own_tokens(member: Membership) -> "QuerySet[ApiToken]":
    return ApiToken.objects.filter(team=member.team_id, owner=member.user_id)
