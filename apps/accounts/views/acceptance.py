"""/auth/invitation/<secret>/: where somebody who was invited joins, new here or not.

Whoever has an account signs in first and comes back to /auth/invitation/, which knows the invitation from the session:
the secret of the link stands in no other address.
"""

import time

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts import audit_trail, invitations, sign_in_limits
from apps.accounts.invitations import AddressTaken, NotValid
from apps.accounts.middleware import CAME_BY_LINK, FIRST_PAGE
from apps.accounts.models import Invitation, Membership, User
from apps.accounts.permissions import CHOSEN_TEAM
from apps.accounts.team_forms import JoinForm
from apps.accounts.views.sign_in import BACKEND, quiet

# In the session of somebody who signs in to accept: the hash of the link's secret.
OPENED = "invitation"
PASSKEY = "passkey"  # the button by which somebody new joins without a password


@sensitive_post_parameters("password1", "password2")
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, secret: str) -> HttpResponseBase:
    """GET shows whose invitation it is, so that a preview by a mail program doesn't use it up; POST joins."""
    return quiet(_answer(request, Invitation.find(secret)))


@sensitive_post_parameters("password1", "password2")
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def after_sign_in(request: HttpRequest) -> HttpResponseBase:
    """The invitation that was opened before signing in."""
    return quiet(_answer(request, Invitation.of_hash(request.session.get(OPENED, ""))))


def _answer(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    if invitation is None or not invitation.is_valid:
        return _gone(request, invitation)
    match request.POST.get("do") if request.method == "POST" else None:
        case "sign-in":
            return _sign_in(request, invitation)
        case "sign-out":
            get_adapter().logout(request)
            return _remember(request, invitation)
    if isinstance(request.user, User):
        return _for_person(request, invitation, request.user)
    return _for_nobody(request, invitation)


def _for_person(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    """Signed in: one press joins, unless the invitation is somebody else's."""
    if not invitations.is_for(invitation, user):
        return _page(request, invitation, "other", status=403 if request.method == "POST" else 200)
    if Membership.objects.filter(team=invitation.team_id, user=user).exists():
        return _in_already(request, invitation)
    if request.method != "POST":
        return _page(request, invitation, "join")
    try:
        return _welcome(request, invitations.accept(invitation, user))
    except NotValid:
        return _gone(request, invitation.as_of_now())


def _for_nobody(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Signed out: a form for who is new here; whoever has the address of an account signs in first."""
    if invitation.email and invitations.known_by(invitation.email):
        return _page(request, invitation, "known", status=409 if request.method == "POST" else 200)
    by_passkey = request.POST.get("do") == PASSKEY
    typed = request.POST if request.method == "POST" else None
    form = JoinForm(typed, invitation=invitation, by_passkey=by_passkey)
    if request.method != "POST" or not form.is_valid():
        return _page(request, invitation, "new", form=form, status=422 if form.errors else 200)
    try:
        return _join_as_new(request, invitation, form)
    except AddressTaken:
        return _page(request, invitation, "known", status=409)
    except NotValid:
        return _gone(request, invitation.as_of_now())


def _join_as_new(request: HttpRequest, invitation: Invitation, form: JoinForm) -> HttpResponse:
    values, by_passkey = form.cleaned_data, request.POST.get("do") == PASSKEY
    membership = invitations.accept_as_new(
        invitation,
        email=values.get("email", ""),
        name=values["name"],
        password=None if by_passkey else values["password1"],
        time_zone=values["time_zone"],
    )
    login(request, membership.user, backend=BACKEND)
    audit_trail.note(membership.user, "signed in by an invitation", by=membership.user)
    sign_in_limits.remember_person(request, membership.user)
    welcome = _welcome(request, membership)
    return _to_passkey(request, welcome.url) if by_passkey else welcome


def _to_passkey(request: HttpRequest, first_page: str) -> HttpResponse:
    """They are in, and nothing is open to them before they have a way in of their own (middleware.py)."""
    request.session[CAME_BY_LINK], request.session[FIRST_PAGE] = time.time(), first_page
    return redirect("mfa_add_webauthn")


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponseRedirect:
    """To the songs, which say what can be done here."""
    request.session.pop(OPENED, None)
    request.session[CHOSEN_TEAM] = str(membership.team_id)
    return redirect(f"{reverse('library')}?welcome=1")


def _in_already(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Nothing is used up: the link may be meant for somebody else."""
    request.session[CHOSEN_TEAM] = str(invitation.team_id)
    messages.info(request, f"You are in {invitation.team.name} already. The invitation was not used.")
    return redirect("library")


def _sign_in(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    request.session[OPENED] = invitation.secret_hash
    return redirect(f"{reverse('account_login')}?{urlencode({'next': reverse('invitation-opened')})}")


def _remember(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Signed out, and still at the invitation."""
    request.session[OPENED] = invitation.secret_hash
    return redirect("invitation-opened")


def _page(
    request: HttpRequest, invitation: Invitation, who: str, *, status: int = 200, **more: object
) -> HttpResponse:
    """`who`: new, known (has an account), join (signed in) or other (signed in as somebody else)."""
    context = {"invitation": invitation, "team": invitation.team, "who": who, **more}
    return TemplateResponse(request, "accounts/invitation.html", context, status=status)


def _gone(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    """In words: why, and what to do. Whoever used it is in the team, and only wants to go there."""
    used_by = invitation.accepted_by if invitation else None
    context = {"invitation": invitation, "is_own": used_by is not None and used_by == request.user}
    return TemplateResponse(request, "accounts/invitation_gone.html", context, status=410)
