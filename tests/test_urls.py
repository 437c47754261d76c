"""Every URL × who may do what, in one table. A URL without a row fails, and so does a row without a URL.

A cell is "GET POST" as statuses. Whose everything is says sample_team.py.
"""

import re
import uuid
from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from apps.accounts.models import Membership
from tests.sample_team import HOOK, PEOPLE, House, standing, untouched
from tests.sign_in_urls import SIGN_IN
from tests.url_rows import (
    ACCOUNT,
    CHAIN,
    CHOSEN,
    CLIP,
    COLLECTION,
    DRAFT,
    FILE,
    INVITATION,
    ITEM,
    JOB,
    LENDING_REQUEST,
    MEMBER,
    PRESET,
    SWEEP,
    TOKEN,
    Row,
    everybody,
    row,
)

WORDS = {"version": 1, "newest": 1, "title": "Home", "lyrics": "[Verse]\nHome", "sound_prompt": "folk"}


@pytest.fixture(scope="module")
def _standing(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with standing(django_db_blocker, tmp_path_factory) as house:
        yield house


@pytest.fixture
def house(_standing: House) -> Iterator[House]:
    with untouched():
        yield deepcopy(_standing)


# 302 for anonymous: to the sign-in page. 401: what a page loads by itself. 404: not theirs. 403: not in their role.
# 405: the address has no such method, whoever asks.
TABLE = [
    #                        anonymous  stranger   viewer     member     owner
    everybody("home",       "302 405"),
    everybody("healthz",    "200 405"),
    everybody("readyz",     "200 405"),
    # The link is the owner's; whoever holds it is let in, which is what it is for.
    everybody("sign-in-link", "200 302", lambda house: (house.link,)),
    row("team-switch",      "405 302", "405 404", "405 302", "405 302", "405 302", team=lambda h: h.team.pk),
    row("team",             "302 405", "200 405", "200 405", "200 405", "200 405"),
    # Without a name.
    row("team-rename",      "405 302", "405 422", "405 403", "405 403", "405 422"),
    row("team-cap",         "405 302", "405 302", "405 403", "405 403", "405 302", monthly_cap="100"),
    row("team-new",         "302 302", "200 422", "200 422", "200 422", "200 422"),
    # The only owner of a team stays in it.
    row("team-leave",       "302 302", "302 302", "200 302", "200 302", "302 302"),
    row("member-role",      "405 302", "405 404", "405 403", "405 403", "405 302", args=MEMBER, role="member"),
    row("member-cap",       "302 302", "404 404", "403 403", "403 403", "200 302", args=MEMBER, monthly_cap="5"),
    row("member-remove",    "302 302", "404 404", "403 403", "403 403", "200 302", args=MEMBER),
    row("handover",         "302 302", "404 404", "403 403", "403 403", "200 302", args=MEMBER, stay="on"),
    # Nobody hands anything over here.
    row("handover-accept",  "405 302", *["405 404"] * 4),
    row("handover-end",     "405 302", *["405 404"] * 4),
    row("invitations",      "302 302", "302 200", "403 403", "403 403", "302 200", role="member"),
    row("invitation-resend", "302 302", "302 404", "403 403", "403 403", "302 200", args=INVITATION, by="link"),
    row("invitation-revoke", "405 302", "405 404", "405 403", "405 403", "405 302", args=INVITATION),
    # It is for an address that nobody here has: whoever is signed in is told so; nothing was opened before signing in.
    row("invitation",       "200 422", *["200 403"] * 4, args=lambda house: (house.invited,)),
    everybody("invitation-opened", "410 410"),
    row("audit",            "302 405", "200 405", "403 405", "403 405", "200 405"),
    row("profile",          "302 302", "200 302", "200 302", "200 302", "200 302", name="Ada", time_zone="Asia/Tokyo"),
    # Who owns a team alone, as the stranger and the owner do, hands it over first; others confirm their password.
    row("profile-delete",   "302 302", "200 422", "200 302", "200 302", "200 422"),
    row("team-two-step",    "405 302", "405 302", "405 403", "405 403", "405 302"),
    row("sessions-end",     "302 302", "405 302", "405 302", "405 302", "405 302"),
    row("tokens",           "302 302", "200 422", "200 403", "200 422", "200 422", token="no token"),
    # Signed in, but this site has no sandbox.
    row("token-sandbox",    "405 302", "405 404", "405 403", "405 404", "405 404"),
    row("token-check",      "405 302", "405 404", "405 404", "405 404", "405 302", args=TOKEN),
    row("token-remove",     "302 302", "404 404", "404 404", "404 404", "200 302", args=TOKEN),
    # Nobody lends the token of somebody else, whatever their role.
    row("token-lend",       "302 302", "404 404", "403 403", "404 404", "200 302", args=TOKEN,
        lent="1", monthly_cap="50", operations="music"),
    row("token-lend-stop",  "302 302", "404 404", "403 403", "404 404", "302 302", args=TOKEN),
    row("flow-accounts",    "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("flow-accounts-check", "405 302", "405 302", "405 403", "405 302", "405 302"),
    # Nothing is filled in, so nothing is asked of the remote side.
    row("flow-account-add", "302 302", "200 422", "403 403", "200 422", "200 422"),
    # The member has a token of the account's subscription too; what a teammate without one may do stands in
    # tests/accounts/views/test_account_connection.py.
    row("flow-account",     "302 302", "404 404", "200 403", "200 422", "200 422", args=ACCOUNT),
    row("flow-account-check", "405 302", "405 404", "405 403", "405 302", "405 302", args=ACCOUNT),
    row("flow-account-connect", "302 302", "404 404", "403 403", "200 422", "200 422", args=ACCOUNT),
    # The password is asked for first, as it is for every 302 of somebody who removes, erases or empties.
    row("flow-account-remove", "302 302", "404 404", "403 403", "200 302", "200 302", args=ACCOUNT),
    row("usage",            "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("usage-read",       "405 302", "405 302", "405 403", "405 302", "405 302"),
    row("usage-download",   "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("flow-account-usage", "302 405", "404 405", "200 405", "200 405", "200 405", args=ACCOUNT),
    row("flow-account-usage-read", "405 302", "405 404", "405 403", "405 302", "405 302", args=ACCOUNT),
    row("flow-account-usage-download", "302 405", "404 405", "200 405", "200 405", "200 405", args=ACCOUNT),
    row("usage-jobs-download", "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("flow-account-usage-jobs-download", "302 405", "404 405", "200 405", "200 405", "200 405", args=ACCOUNT),
    row("files",            "302 405", "200 405", "200 405", "200 405", "200 405"),
    # The address is of no account of theirs.
    row("file-upload",      "405 302", "405 422", "405 403", "405 422", "405 422", email="x@y.example"),
    row("file-send",        "405 302", "405 404", "405 403", "405 302", "405 302", args=FILE),
    row("file-retry",       "405 302", "405 404", "405 403", "405 302", "405 302", args=FILE),
    row("file-ask",         "405 302", "405 404", "405 403", "405 302", "405 302", args=FILE, ask=lambda h: h.viewer),
    row("lending-request-dismiss", "405 302", "405 404", "405 404", "405 404", "405 302", args=LENDING_REQUEST),
    row("file-delete",      "405 302", "405 404", "405 403", "405 302", "405 302", args=FILE),
    row("file-restore",     "405 302", "405 302", "405 403", "405 302", "405 302", args=FILE),
    row("file-thumb",       "401 405", "404 405", "200 405", "200 405", "200 405", args=FILE),
    row("file-audio",       "401 405", "404 405", "200 405", "200 405", "200 405", args=FILE),
    row("file-download",    "401 405", "404 405", "200 405", "200 405", "200 405", args=FILE),
    row("library",          "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("find",             "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("clip",             "302 405", "404 405", "200 405", "200 405", "200 405", args=CLIP),
    row("clip-menu",        "302 405", "404 405", "200 405", "200 405", "200 405", args=CLIP),
    row("clip-audio",       "401 405", "404 405", "200 405", "200 405", "200 405",
        args=lambda house: (house.clip.pk, "mp3")),
    row("clip-cover",       "401 405", "404 405", "200 405", "200 405", "200 405", args=CLIP),
    row("clip-thumb",       "401 405", "404 405", "200 405", "200 405", "200 405", args=CLIP),
    row("download-ready",   "401 405", "204 405", "204 405", "204 405", "204 405"),
    row("clip-peaks",       "401 405", "404 405", "200 405", "200 405", "200 405", args=CLIP),
    row("clip-sound",       "401 405", "404 405", "200 405", "200 405", "200 405", args=CLIP),
    row("clip-stems",       "302 405", "404 405", "200 405", "200 405", "200 405", args=CLIP),
    row("clip-versions",      "302 405", "404 405", "200 405", "200 405", "200 405", args=CLIP),
    row("storage",          "302 302", "200 302", "200 403", "200 403", "200 302", gigabytes="20"),
    row("import",           "302 405", "200 405", "200 405", "200 405", "200 405"),
    # Nobody brings in from an account for which they have no token of their own.
    row("import-begin",     "405 302", "405 404", "405 403", "405 302", "405 302",
        email=lambda house: house.account),
    row("import-stop",      "405 302", "405 404", "405 403", "405 302", "405 302",
        args=lambda house: (house.walk,)),
    row("clip-file-retry",  "405 302", "405 404", "405 403", "405 302", "405 302",
        args=lambda house: (house.clip.pk, "wav")),
    row("clip-favourite",       "405 302", "405 404", "405 302", "405 302", "405 302", args=CLIP, on="1"),
    row("clip-rating",       "405 302", "405 404", "405 302", "405 302", "405 302", args=CLIP, rating="4"),
    row("clip-tags",        "302 302", "404 404", "403 403", "200 302", "200 302", args=CLIP, add="demo"),
    row("song-rename",      "302 302", "404 404", "403 403", "200 302", "200 302",
        args=lambda house: (house.clip.song_id,)),
    row("clip-edit",        "302 302", "404 404", "403 403", "200 302", "200 302", nonce=lambda h: uuid.uuid4(),
        args=lambda house: (house.clip.pk, "cover")),
    row("clip-add-to-collection",     "302 405", "404 405", "403 405", "200 405", "200 405", args=CLIP),
    row("clip-restore",     "405 302", "405 404", "405 403", "405 302", "405 302", args=CLIP),
    # Nothing but what is in the trash can be erased.
    row("clip-erase",       "302 302", "404 404", "403 403", "404 404", "404 404", args=CLIP),
    row("trash",            "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("trash-empty",        "302 302", "200 302", "403 403", "200 302", "200 302"),
    row("collections",      "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("collection-create", "405 302", "405 422", "405 403", "405 422", "405 422"),  # without a name
    row("collection",       "302 405", "404 405", "200 405", "200 405", "200 405", args=COLLECTION),
    row("collection-rename", "302 302", "404 404", "403 403", "200 422", "200 422", args=COLLECTION),
    row("collection-delete", "405 302", "405 404", "405 403", "405 302", "405 302", args=COLLECTION),
    row("collection-move",  "405 302", "405 404", "405 403", "405 302", "405 302", args=ITEM, to="0"),
    row("collection-remove", "405 302", "405 404", "405 403", "405 302", "405 302", args=ITEM),
    row("selection",        "405 302", "405 404", "405 403", "405 302", "405 302", clip=CHOSEN, tags="x"),
    row("selection-delete", "405 302", "405 404", "405 403", "405 302", "405 302", clip=CHOSEN),
    row("selection-add-to-collection", "405 302", "405 404", "405 403", "405 302", "405 302", clip=CHOSEN,
        collection=lambda house: house.collection),
    row("selection-tag",    "405 302", "405 404", "405 403", "405 302", "405 302", clip=CHOSEN, tags="x"),
    row("selection-untag",  "405 302", "405 404", "405 403", "405 422", "405 422", clip=CHOSEN, tags="x"),
    row("selection-download", "405 302", "405 404", "405 200", "405 200", "405 200", clip=CHOSEN),
    # Whatever the token is: a wrong one is said, and nothing is undone.
    row("undo",             "405 302", "405 302", "405 403", "405 302", "405 302", token="none"),
    # Addresses of before: whoever asks is sent to the new one, where it is decided.
    row("trash-moved", "302 302", *["308 308"] * 4),
    row("trash-empty-moved", "302 302", *["308 308"] * 4),
    row("clip-versions-moved", "302 302", *["308 308"] * 4, args=CLIP),
    row("clip-favourite-moved", "302 302", *["308 308"] * 4, args=CLIP),
    row("clip-rating-moved", "302 302", *["308 308"] * 4, args=CLIP),
    row("clip-add-to-collection-moved", "302 302", *["308 308"] * 4, args=CLIP),
    row("selection-add-to-collection-moved", "302 302", *["308 308"] * 4),
    row("prompts-moved", "302 302", *["308 308"] * 4),
    row("sweep-resume-moved", "302 302", *["308 308"] * 4, args=SWEEP),
    row("lyric-rewrite-moved", "302 302", *["308 308"] * 4, args=DRAFT),
    row("job-mark-lost-moved", "302 302", *["308 308"] * 4, args=JOB),
    row("job-check-moved", "302 302", *["308 308"] * 4, args=JOB),
    row("job-remove-moved", "302 302", *["308 308"] * 4, args=JOB),
    row("job-undo-removal-moved", "302 302", *["308 308"] * 4, args=JOB),
    row("job-dismiss-moved", "302 302", *["308 308"] * 4, args=JOB),
    row("create",           "302 302", "200 302", "403 403", "200 302", "200 302",
        prompt="slow disco", count="1", nonce=lambda house: uuid.uuid4()),
    row("image",            "302 302", "200 302", "403 403", "200 302", "200 302",
        prompt="a ferry at night", nonce=lambda house: uuid.uuid4()),
    row("create-references", "302 405", "200 405", "403 405", "200 405", "200 405"),
    row("create-reference-send", "302 302", "302 404", "403 403", "302 404", "302 404", send="none"),
    row("lyrics",           "302 302", "200 302", "200 403", "200 302", "200 302",
        prompt="a road trip", nonce=lambda house: uuid.uuid4()),
    row("lyric-draft",      "302 302", "404 404", "200 403", "200 302", "200 302", args=DRAFT, **WORDS),
    row("lyric-rewrite",    "405 302", "405 404", "405 403", "405 302", "405 302", args=DRAFT,
        prompt="a road trip", nonce=lambda house: uuid.uuid4()),
    row("lyric-delete",     "405 302", "405 404", "405 403", "405 302", "405 302", args=DRAFT),
    row("sweeps",           "302 302", "200 302", "200 403", "200 302", "200 302",
        prompt="slow disco", count="1", cap="20", nonce=lambda house: uuid.uuid4()),
    row("sweep",            "302 405", "404 405", "200 405", "200 405", "200 405", args=SWEEP),
    # Paid with the token of who filled it in: the member. Nothing of it is a draft any more.
    row("sweep-start",      "405 302", "405 404", "405 403", "405 302", "405 403", args=SWEEP),
    row("sweep-stop",       "405 302", "405 404", "405 403", "405 302", "405 302", args=SWEEP),
    row("sweep-resume",     "302 302", "404 404", "403 403", "200 302", "403 403", args=SWEEP, cap="40"),
    row("sweep-delete",     "405 302", "405 404", "405 403", "405 302", "405 302", args=SWEEP),
    row("prompts",          "302 405", "200 405", "403 405", "200 405", "200 405"),
    row("presets",          "302 405", "200 405", "403 405", "200 405", "200 405"),
    # Without a name: it is asked for.
    row("preset-save",      "302 302", "302 200", "403 403", "302 200", "302 200", prompt="slow disco"),
    row("preset-rename",    "405 302", "405 404", "405 403", "405 422", "405 422", args=PRESET),
    row("preset-delete",    "405 302", "405 404", "405 403", "405 302", "405 302", args=PRESET),
    # Nothing was done to this take, so there is nothing to do again.
    row("clip-chain",       "302 302", "404 404", "403 403", "404 404", "404 404", args=CLIP),
    row("chain",            "302 405", "404 405", "200 405", "200 405", "200 405", args=CHAIN),
    row("chain-stop",       "405 302", "405 404", "405 403", "405 302", "405 302", args=CHAIN),
    row("chain-resume",     "405 302", "405 404", "405 403", "405 302", "405 403", args=CHAIN),
    row("jobs",             "302 405", "200 405", "200 405", "200 405", "200 405"),
    # Owners and admins decide for their team; nothing is held here.
    row("jobs-restored",    "302 302", "200 302", "403 403", "403 403", "200 302", do="resume"),
    row("panel",            "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("job",              "302 405", "404 405", "200 405", "200 405", "200 405", args=JOB),
    # The job is the member's, and owners may decide about everybody's.
    row("job-cancel",       "302 302", "404 404", "403 403", "200 302", "200 302", args=JOB),
    row("job-mark-lost",    "302 302", "404 404", "403 403", "200 302", "200 302", args=JOB),
    # It is still in line: there is nothing to be made again.
    row("job-retry",        "302 302", "404 404", "403 403", "200 422", "200 422", args=JOB),
    row("job-adopt",        "302 302", "404 404", "403 403", "200 422", "200 422", args=JOB),
    row("job-remove",       "302 302", "404 404", "403 403", "200 302", "200 302", args=JOB),
    row("job-undo-removal", "405 302", "405 404", "405 403", "405 302", "405 302", args=JOB),
    row("job-move",         "405 302", "405 404", "405 403", "405 302", "405 302", args=JOB),
    row("jobs-pause",       "405 302", "405 302", "405 403", "405 302", "405 302"),
    row("jobs-resume",      "405 302", "405 302", "405 403", "405 302", "405 302"),
    row("job-check",        "405 302", "405 404", "405 403", "405 302", "405 302", args=JOB),
    row("job-try-now",      "405 302", "405 404", "405 403", "405 302", "405 302", args=JOB),
    row("job-pause",        "405 302", "405 404", "405 403", "405 302", "405 302", args=JOB),
    row("job-resume",       "405 302", "405 404", "405 403", "405 302", "405 302", args=JOB),
    row("job-dismiss",      "405 302", "405 404", "405 403", "405 302", "405 302", args=JOB),
    everybody("hook",       "405 204", lambda house: (HOOK,)),
    *SIGN_IN,
]  # fmt: skip

BY_NAME = {entry.name: entry for entry in TABLE}
# What is said to other programs: no cookie, so no CSRF token either.
WITHOUT_CSRF = {"hook", "healthz", "readyz"}  # the last two take no POST


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def ask(house: House, who: str, entry: Row, method: str, **options: object) -> HttpResponse:
    """One request whose changes are undone: the next person finds the house as it was."""
    client = Client(raise_request_exception=False, **options)
    if who != "anonymous":
        client.force_login(house.people[who])
    address = reverse(entry.name, args=entry.arguments(house))
    with untouched():
        response = client.post(address, entry.form(house)) if method == "POST" else client.get(address)
        response.getvalue()  # a file is closed by being read to its end
    return response


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    names = [pattern.name for pattern in patterns()]
    assert None not in names, "a URL without a name"
    assert set(names) - set(BY_NAME) == set(), "a URL without a decision"
    assert set(BY_NAME) - set(names) == set(), "a row without a URL"
    assert len(TABLE) == len(BY_NAME), "a URL with two rows"


@pytest.mark.every_case
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("entry", TABLE, ids=BY_NAME)
def test_who_may_do_what(house: House, entry: Row, method: str) -> None:
    place = ("GET", "POST").index(method)
    expected = {who: int(cell.split()[place]) for who, cell in zip(PEOPLE, entry.cells, strict=True)}
    assert {who: ask(house, who, entry, method).status_code for who in PEOPLE} == expected


@pytest.mark.parametrize("entry", TABLE, ids=BY_NAME)
def test_a_post_without_a_csrf_token_is_refused(house: House, entry: Row) -> None:
    for who in ("anonymous", "owner"):
        response = ask(house, who, entry, "POST", enforce_csrf_checks=True)
        refused = response.status_code == 403 and "403_csrf.html" in {
            each.name for each in response.templates
        }
        assert refused != (entry.name in WITHOUT_CSRF), who


@pytest.mark.parametrize("entry", TABLE, ids=BY_NAME)
def test_no_cache_between_us_and_the_person_may_keep_a_page(house: House, entry: Row) -> None:
    response = ask(house, "owner", entry, "GET")
    caching = response.headers.get("Cache-Control", "")
    assert "public" not in caching
    assert "s-maxage" not in caching
    if response.status_code == 200 and entry.name not in {"healthz", "readyz"}:
        assert "private" in caching or "no-store" in caching or "Cookie" in response.headers.get("Vary", "")


@pytest.mark.parametrize("entry", TABLE, ids=BY_NAME)
def test_an_anonymous_person_is_sent_to_sign_in_and_nowhere_else(house: House, entry: Row) -> None:
    """Except where the page is about signing in itself, or the person comes with the secret of a link."""
    response = ask(house, "anonymous", entry, "GET")
    if response.status_code == 302 and entry.name != "account_logout":
        assert re.match(r"/auth/login/(\?|$)", response.headers["Location"]), response.headers["Location"]


def test_somebody_in_no_team_is_told_so(house: House) -> None:
    Membership.objects.filter(user=house.people["member"]).delete()
    for name in ("home", "create", "jobs", "library", "tokens"):
        response = ask(house, "member", BY_NAME[name], "GET")
        assert response.status_code == 404, name
        assert "accounts/no_team.html" in {each.name for each in response.templates}


def test_a_method_that_is_none_is_refused(house: House) -> None:
    client = Client()
    client.force_login(house.people["owner"])
    for name in ("create", "job-cancel", "tokens", "library"):
        address = reverse(name, args=BY_NAME[name].arguments(house))
        for method in ("put", "delete", "patch"):
            assert getattr(client, method)(address).status_code == 405, name
