"""Every URL × who may do what, in one table. A URL without a row fails, and so does a row without a URL.

A cell is "GET POST" as statuses. Whose everything is says sample_team.py.
"""

import uuid
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from apps.upstream import transport
from tests.sample_team import HOOK, House, standing
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
from tests.visitors import Visitors, check_headers, is_refused

WORDS = {"version": 1, "newest": 1, "title": "Home", "lyrics": "[Verse]\nHome", "sound_prompt": "folk"}


@pytest.fixture(scope="module")
def _standing(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with standing(django_db_blocker, tmp_path_factory) as house:
        yield house


@pytest.fixture(scope="module")
def visitors(_standing: House) -> Iterator[Visitors]:
    """Who isn't answered by the remote side is told so at once."""
    with patch.object(transport, "LONGEST_PAUSE_S", 0.0):
        yield Visitors(_standing)


# 302 for anonymous: to the sign-in page. 401: what a page loads by itself. 404: not theirs. 403: not in their role.
# 405: the address has no such method, whoever asks. An admin gets what an owner does, but in an owner's own affairs: a
# token that is not lent is nothing to them. Who works in another team gets what a stranger does.
TABLE = [
    #                        anonymous  stranger   viewer     member     owner
    everybody("home",       "302 405"),
    everybody("healthz",    "200 405"),
    everybody("readyz",     "200 405"),
    # The link is the owner's; whoever holds it is let in, which is what it is for.
    everybody("sign-in-link", "200 302", lambda house: (house.link,)),
    row("team-switch",      "405 302", "405 404", "405 302", "405 302", "405 302", team=lambda h: h.team.pk,
        others={"elsewhere": "405 302"}),
    row("team",             "302 405", "200 405", "200 405", "200 405", "200 405"),
    # Without a name.
    row("team-rename",      "405 302", "405 422", "405 403", "405 403", "405 422"),
    row("team-cap",         "405 302", "405 302", "405 403", "405 403", "405 302", monthly_cap="100"),
    row("team-new",         "302 302", "200 422", "200 422", "200 422", "200 422"),
    # The only owner of a team stays in it.
    row("team-leave",       "302 302", "302 302", "200 302", "200 302", "302 302", others={"admin": "200 302"}),
    row("member-role",      "405 302", "405 404", "405 403", "405 403", "405 302", args=MEMBER, role="member"),
    row("member-cap",       "302 302", "404 404", "403 403", "403 403", "200 302", args=MEMBER, monthly_cap="5"),
    row("member-remove",    "302 302", "404 404", "403 403", "403 403", "200 302", args=MEMBER),
    row("handover",         "302 302", "404 404", "403 403", "403 403", "200 302", args=MEMBER, stay="on",
        others={"admin": "403 403"}),
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
    row("profile-delete",   "302 302", "200 422", "200 302", "200 302", "200 422",
        others={"admin": "200 302", "invited": "200 302", "removed": "200 302"}),
    row("team-two-step",    "405 302", "405 302", "405 403", "405 403", "405 302", others={"admin": "405 403"}),
    row("sessions-end",     "302 302", "405 302", "405 302", "405 302", "405 302"),
    # The password is asked for before; not of the admin, who is new and has none yet.
    row("tokens",           "302 302", "200 302", "200 403", "200 302", "200 302", token="no token",
        others={"admin": "200 422"}),
    # Signed in, but this site has no sandbox.
    row("token-sandbox",    "405 302", "405 404", "405 403", "405 404", "405 404"),
    row("token-check",      "405 302", "405 404", "405 404", "405 404", "405 302", args=TOKEN,
        others={"admin": "405 404"}),
    row("token-remove",     "302 302", "404 404", "404 404", "404 404", "200 302", args=TOKEN,
        others={"admin": "404 404"}),
    # Nobody lends the token of somebody else, whatever their role.
    row("token-lend",       "302 302", "404 404", "403 403", "404 404", "200 302", args=TOKEN,
        others={"admin": "404 404"}, lent="1", monthly_cap="50", operations="music"),
    row("token-lend-stop",  "302 302", "404 404", "403 403", "404 404", "302 302", args=TOKEN,
        others={"admin": "404 404"}),
    row("flow-accounts",    "302 405", "200 405", "200 405", "200 405", "200 405"),
    row("flow-accounts-check", "405 302", "405 302", "405 403", "405 302", "405 302"),
    # Nothing is filled in, so nothing is asked of the remote side.
    row("flow-account-add", "302 302", "200 422", "403 403", "200 422", "200 422"),
    # The member has a token of the account's subscription too; what a teammate without one may do stands in
    # tests/accounts/views/test_account_connection.py.
    row("flow-account",     "302 302", "404 404", "200 403", "200 422", "200 422", args=ACCOUNT,
        others={"admin": "200 403"}),
    row("flow-account-check", "405 302", "405 404", "405 403", "405 302", "405 302", args=ACCOUNT,
        others={"admin": "405 403"}),
    row("flow-account-connect", "302 302", "404 404", "403 403", "200 422", "200 422", args=ACCOUNT,
        others={"admin": "403 403"}),
    # The password is asked for first, as it is for every 302 of somebody who removes, erases or empties.
    row("flow-account-remove", "302 302", "404 404", "403 403", "200 302", "200 302", args=ACCOUNT,
        others={"admin": "403 403"}),
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
    row("lending-request-dismiss", "405 302", "405 404", "405 404", "405 404", "405 302", args=LENDING_REQUEST,
        others={"admin": "405 404"}),
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
        email=lambda house: house.account, others={"admin": "405 404"}),
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
        args=lambda house: (house.clip.pk, "cover"), others={"admin": "200 409"}),
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
        prompt="slow disco", count="1", nonce=lambda house: uuid.uuid4(), others={"admin": "302 422"}),
    row("image",            "302 302", "200 302", "403 403", "200 302", "200 302",
        prompt="a ferry at night", nonce=lambda house: uuid.uuid4(), others={"admin": "302 422"}),
    row("create-references", "302 405", "200 405", "403 405", "200 405", "200 405"),
    row("create-reference-send", "302 302", "302 404", "403 403", "302 404", "302 404", send="none"),
    row("lyrics",           "302 302", "200 302", "200 403", "200 302", "200 302",
        prompt="a road trip", nonce=lambda house: uuid.uuid4(), others={"admin": "200 422"}),
    row("lyric-draft",      "302 302", "404 404", "200 403", "200 302", "200 302", args=DRAFT, **WORDS),
    row("lyric-rewrite",    "405 302", "405 404", "405 403", "405 302", "405 302", args=DRAFT,
        prompt="a road trip", nonce=lambda house: uuid.uuid4(), others={"admin": "405 422"}),
    row("lyric-delete",     "405 302", "405 404", "405 403", "405 302", "405 302", args=DRAFT),
    row("sweeps",           "302 302", "200 302", "200 403", "200 302", "200 302",
        prompt="slow disco", count="1", cap="20", nonce=lambda house: uuid.uuid4(), others={"admin": "200 422"}),
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
    row("job-undo-removal", "405 302", "405 404", "405 403", "405 302", "405 403", args=JOB),
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


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    names = [pattern.name for pattern in patterns()]
    assert None not in names, "a URL without a name"
    assert set(names) - set(BY_NAME) == set(), "a URL without a decision"
    assert set(BY_NAME) - set(names) == set(), "a row without a URL"
    assert len(TABLE) == len(BY_NAME), "a URL with two rows"


@pytest.mark.parametrize("entry", TABLE, ids=BY_NAME)
def test_who_may_do_what(visitors: Visitors, entry: Row) -> None:
    """Whoever is refused leaves no trace: no row, no line of the audit trail, nobody woken."""
    house, expected = visitors.house, entry.all_cells
    address, got, traces = reverse(entry.name, args=entry.arguments(house)), {}, {}
    for who in expected:
        for method in ("GET", "POST"):
            form = entry.form(house) if method == "POST" else None
            is_rendered = (method, who) == ("GET", "owner")
            answer, left = visitors.ask(who, method, address, form, is_rendered=is_rendered)
            got[who] = f"{got.get(who, '')} {answer.status_code}".strip()
            if is_refused(answer):
                traces |= {f"{method} by {who}": left.found} if left.found else {}
            if method == "GET":
                check_headers(entry.name, who, answer)
    assert got == expected
    assert traces == {}


@pytest.mark.parametrize("entry", TABLE, ids=BY_NAME)
def test_a_post_without_a_csrf_token_is_refused(visitors: Visitors, entry: Row) -> None:
    address = reverse(entry.name, args=entry.arguments(visitors.house))
    for who in ("anonymous", "owner"):
        answer, _ = visitors.ask(who, "POST", address, entry.form(visitors.house), with_csrf_check=True)
        refused = answer.status_code == 403 and "403_csrf.html" in {each.name for each in answer.templates}
        assert refused != (entry.name in WITHOUT_CSRF), who


def test_a_trace_would_be_seen(visitors: Visitors) -> None:
    entry = BY_NAME["job-remove"]
    address = reverse(entry.name, args=entry.arguments(visitors.house))
    answer, traces = visitors.ask("member", "POST", address, is_rendered=False)
    assert answer.status_code == 302
    told = " ".join(traces.found)
    assert all(each in told for each in ("generation_job", "accounts_auditentry", "a task is woken"))
    assert visitors.ask("member", "GET", address)[1].found == [], "and it was undone"


def test_somebody_in_no_team_is_told_so(visitors: Visitors) -> None:
    for who in ("invited", "removed"):
        for name in ("home", "create", "jobs", "library", "tokens"):
            answer, _ = visitors.ask(who, "GET", reverse(name))
            assert answer.status_code == 404, name
            assert "accounts/no_team.html" in {each.name for each in answer.templates}


def test_a_method_that_is_none_is_refused(visitors: Visitors) -> None:
    for name in ("create", "job-cancel", "tokens", "library"):
        address = reverse(name, args=BY_NAME[name].arguments(visitors.house))
        for method in ("PUT", "DELETE", "PATCH"):
            assert visitors.ask("owner", method, address)[0].status_code == 405, name
