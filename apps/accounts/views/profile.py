"""/settings/account/: a person's name and time zone, their ways to sign in, and where they are signed in."""

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import own_deletion, own_sessions
from apps.accounts.memberships import NotPossible
from apps.accounts.permissions import ask_again, in_own_zone, person
from apps.accounts.profile_forms import ProfileForm
from apps.accounts.two_step import TwoStep


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponseBase:
    """A POST: `name`, `time_zone`."""
    user = person(request)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    user.refresh_from_db(fields=["name", "time_zone"])  # what can't be saved is not what the nav says
    in_own_zone(user)
    context = {
        "form": form,
        "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "email"),
        "two_step": TwoStep.of(user),
        "sessions": own_sessions.listed(request, user),
    }
    return TemplateResponse(request, "accounts/profile.html", context, status=422 if form.errors else 200)


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponseBase:
    """`session`: one of the person's own; without it all but this one."""
    user = person(request)
    pk = request.POST.get("session", "")
    if not pk:
        own_sessions.end_others(request, user)
        messages.success(request, "You are signed out everywhere else.")
        return redirect("profile")
    key = request.session.session_key
    others = UserSession.objects.filter(user=user).exclude(session_key=key)
    row = get_object_or_404(others, pk=int(pk) if pk.isascii() and pk.isdecimal() and len(pk) < 19 else 0)
    own_sessions.end(row, by=user)
    messages.success(request, "Signed out there.")
    return redirect("profile")


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponseBase:
    """GET says what is lost and what stays."""
    user = person(request)
    obstacles = own_deletion.obstacles(user)
    if request.method != "POST" or obstacles:
        context = {
            "obstacles": obstacles,
            "lent": own_deletion.lent(user),
            "borrows": own_deletion.borrows(user),
        }
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, "accounts/profile_delete.html", context, status=status)
    ask_again(request)
    try:
        own_deletion.delete(user)
    except NotPossible as error:
        messages.error(request, error.words)
        return redirect("profile-delete")
    request.session.flush()
    messages.success(request, "You are deleted from this site.")
    return redirect("account_login")


@require_safe
def to_profile(request: HttpRequest) -> HttpResponseBase:
    return redirect("profile")
