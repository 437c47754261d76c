"""Whatever people write, it does no harm: on no page, in no mail, file of a spreadsheet, file name or line of a log."""

import csv
import io
import logging
import unicodedata
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from email import message_from_bytes, policy

import pytest
from allauth.mfa.models import Authenticator
from django import forms
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.accounts import invitations, memberships
from apps.accounts.email_addresses import plain
from apps.accounts.models import AuditEntry, Membership, Role, Team, UsageRow, User
from apps.generation.lending_requests import requests
from apps.generation.models import Job, LendingRequest, Preset, Sweep
from apps.library.models import Clip, ClipFile, Collection, LyricDraft, LyricVersion, ReferenceFile, Song, Tag
from apps.one_line import clean
from flowweb.settings import BASE_DIR
from tests.library.playback.test_downloads import name_of
from tests.page import Page
from tests.sample_team import House, standing, untouched
from tests.test_text_direction import astray
from tests.test_urls import TABLE

# A formula, a tag with an attribute, signs that turn a text, a line break, a head of a mail, a path: 40 as a tag has.
SIGNS = '=1+"><evil-tag onx=1>\u202e\u2066\r\nBcc: e@x/../'
RAW = SIGNS  # as a column may have it: Postgres takes no NUL
NUL, LONG = SIGNS + "\0", SIGNS + "m" * 10_000

# What people write, by the table: a new column of text fails the test until it is decided.
WRITTEN = {
    "accounts.AuditEntry": "subject browser",
    "accounts.Invitation": "email",
    "accounts.Team": "name",
    "accounts.User": "email name",
    "generation.ChainStep": "params",
    "generation.Job": "params",
    "generation.Preset": "name key fields",
    "generation.Sweep": "inputs",
    "generation.SweepCell": "params",
    "library.Clip": "title lyrics",
    "library.ClipFile": "title_in_tags",
    "library.ClipSearchText": "terms",
    "library.Collection": "name",
    "library.LyricDraft": "idea structure",
    "library.LyricVersion": "title lyrics sound_prompt",
    "library.ReferenceFile": "name prompt",
    "library.Song": "name prompt params",
    "library.Tag": "name key",
}
# Secrets, hashes and ids; words of ours; what Flow Music answers (tests/generation/test_hostile_values.py).
NOT_WRITTEN = {
    "accounts.ApiToken": "ciphertext last4 refused_reason",
    "accounts.AuditEntry": "action",
    "accounts.FlowAccount": "email tier usage_problem block_reason",
    "accounts.Invitation": "secret_hash",
    "accounts.KeyCanary": "kid ciphertext",
    "accounts.Lending": "operations",
    "accounts.Mail": "ciphertext",
    "accounts.Sight": "accounts",
    "accounts.SignInLink": "secret_hash",
    "accounts.Subscription": "endpoint number blocked_reason",
    "accounts.UsageRow": "type conversation_id title",
    "accounts.User": "password time_zone",
    "generation.Chain": "text",
    "generation.ChainStep": "operation",
    "generation.Job": "operation wait_reason reference hook_hash jobid error_code error_text error_quote evidence "
    "incident",
    "generation.JobEvent": "state text",
    "generation.Lease": "name",
    "generation.LendingRequest": "operation",
    "generation.LostSongSearch": "problem clips",
    "generation.SeenJob": "jobid reference",
    "generation.SendLedger": "database",
    "library.Clip": "clip_id jobid stem_type uneditable lyrics_timing peaks rms",
    "library.ClipFile": "source_url sha256 content_type former last_error",
    "library.Import": "anchors problem",
    "library.ReferenceFile": "content_type sha256 problem last_error asset_id source_url clip_id operation_id",
    "library.Song": "operation tone",
}
TEXTS = (models.CharField, models.TextField, models.JSONField)
# Of forms. Texts of several lines go to Flow Music as they are written, and are shown in an element of their own.
LINES = {"prompt", "lyrics", "instruction", "structure", "sound_prompt", "title"}
FIELDS = (*LINES, "name", "add", "tags", "idea", "email", "q", "next", "login", "provider")
ASKED = (
    "q",
    "on",
    "kind",
    "who",
    "what",
    "since",
    "from",
    "to",
    "days",
    "before",
    "after",
    "email",
    "prompt",
    "next",
)
SECRETS = {"token", "refresh_token", "password", "password1", "password2", "code", "credential"}


def test_every_column_of_text_has_a_decision() -> None:
    for app in ("accounts", "library", "generation"):
        for model in apps.get_app_config(app).get_models():
            label = model._meta.label
            texts = [
                each for each in model._meta.concrete_fields if isinstance(each, TEXTS) and not each.choices
            ]
            decided = f"{WRITTEN.get(label, '')} {NOT_WRITTEN.get(label, '')}".split()
            assert sorted(each.name for each in texts if not each.primary_key or decided) == sorted(
                decided
            ), label


def test_every_field_to_write_in_has_a_decision() -> None:
    """A name is cleaned by its field; an address is checked; the rest is a text of several lines, or a secret."""
    undecided = set()
    for form in set(forms_of(forms.BaseForm)):
        for name, field in form.base_fields.items():
            is_text = isinstance(field, forms.CharField) and not isinstance(field, forms.EmailField)
            if is_text and not isinstance(field, forms.UUIDField) and name not in LINES | SECRETS:
                try:
                    said = field.clean(SIGNS)
                except forms.ValidationError:
                    continue
                if said != clean(SIGNS):
                    undecided.add(f"{form.__name__}.{name}")
    # Checked where they are used: one of the person's accounts; nobody signs up (a name is made of the address).
    assert undecided <= {"PresetForm.email", "ClosedSignupForm.username"}


def forms_of(base: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for each in base.__subclasses__():
        if each.__module__.startswith("apps."):
            yield each
        yield from forms_of(each)


@pytest.mark.parametrize(
    "address",
    [
        '"<script>"@x.example',
        '"a\tb"@x.example',
        "a@x.example\r\nBcc: e@evil.example",
        "a\u202e@x.example",
        SIGNS,
    ],
)
def test_no_such_address_is_taken(address: str) -> None:
    with pytest.raises(forms.ValidationError):
        plain(address)


@pytest.fixture(scope="module")
def _standing(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with standing(django_db_blocker, tmp_path_factory) as house:
        yield house


@pytest.fixture
def house(_standing: House, caplog: pytest.LogCaptureFixture) -> Iterator[House]:
    caplog.set_level(logging.INFO)
    with untouched():
        yield deepcopy(_standing)
    assert [each for each in caplog.messages if "evil" in each] == []


@pytest.fixture
def client(house: House) -> Client:
    """The owner's, who is not asked for a password."""
    owner = house.people["owner"]
    owner.set_unusable_password()
    owner.save()
    client = Client()
    client.force_login(owner)
    return client


def names() -> Iterator[tuple[str, str]]:
    """Every name that is stored now, with whose it is."""
    for model in (User, Team, Song, Collection, Tag, Preset, ReferenceFile):
        for name in model._default_manager.values_list("name", flat=True):
            yield model.__name__, name


LATER = (
    pytest.mark.long
)  # of forms that refuse it: each has its own checks of length, and Django's against NUL


@pytest.mark.parametrize(
    "words",
    [pytest.param(words, marks=LATER) for words in (SIGNS, NUL, LONG)],
    ids=["signs", "NUL", "long"],
)
def test_every_form_takes_it_cleaned_or_refuses_it_in_words(house: House, client: Client, words: str) -> None:
    """Whatever of it a form asks for, and where it asks for an address, a formula as well."""
    typed, taken, found = dict.fromkeys(FIELDS, words), set(), {}
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    for entry in TABLE:
        known = {name: value for name, value in entry.form(house).items() if name not in FIELDS}
        client.cookies[settings.SESSION_COOKIE_NAME] = session  # whatever was done with it is undone
        with untouched():
            address = reverse(entry.name, args=entry.arguments(house))
            nobody = entry.name in {"invitation", "account_login", "account_reset_password"}
            who = Client() if nobody else client
            assert who.get(address, dict.fromkeys(ASKED, words[:1000])).status_code < 500, entry.name
            answer = who.post(address, typed | known)
            assert answer.status_code < 500, entry.name
            found[entry.name] = [*harms(answer)]
            taken |= {(whose, name) for whose, name in names() if "evil" in name}
    assert {name: each for name, each in found.items() if each} == {}
    assert [name for _, name in taken if name != clean(name)] == []
    if words == SIGNS:
        assert {"User", "Team", "Song", "Preset", "Collection", "Tag"} <= {whose for whose, _ in taken}


def write(house: House) -> None:
    """As rows of before may have it, and as Flow Music may answer: past every form."""
    short, text = RAW, RAW.replace("\r\n", "\n") + "m" * 10_000
    line = RAW + "m" * 200
    asked = {"prompt": text, "lyrics": text, "instruction": text, "title": line}
    User.objects.update(name=line[:80])
    Team.objects.update(name=line[:80])
    Song.objects.update(name=line[:120], prompt=text, params=asked)
    Clip.objects.update(title=line, lyrics=text, lyrics_timing=[[1, 2]], duration_s=60)
    house.clip.tags.add(Tag.objects.create(team=house.team, name=short, key=short))
    Collection.objects.update(name=line[:80])
    LyricDraft.objects.update(idea=text, structure=text)
    lyrics = {"origin": "own", "title": line, "lyrics": text, "sound_prompt": text}
    LyricVersion.objects.create(draft_id=house.lyric_draft, number=1, **lyrics)
    ReferenceFile.objects.update(name=line[:200], prompt=text)
    Preset.objects.update(name=line[:60], key=line[:60], fields=asked)
    Sweep.objects.update(inputs={"prompt": [text], "lyrics": [text], "ghostwriter": [""], "model": [""]})
    Job.objects.update(params=asked, error_text=line, error_quote=line)
    AuditEntry.objects.create(team=house.team, action="team renamed", subject=line[:200], browser=line[:200])
    day = timezone.now().date()
    UsageRow.objects.create(account=house.clip.account, day=day, type="generate", title=line, tokens=60)
    key = Authenticator(user=house.people["owner"], type="webauthn", data={"name": line, "credential": {}})
    key.save()


def harms(answer: HttpResponse) -> Iterator[str]:
    if any(sign in value for value in answer.headers.values() for sign in "\r\n"):
        yield f"{answer.headers}"
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return
    page = Page(answer)
    yield from (each.tag for each in page.all() if each.tag == "evil-tag" or "onx" in each.attributes)
    yield from set(astray(page, words="evil-tag"))


def test_every_page_shows_it_as_text(house: House, client: Client) -> None:
    write(house)
    shown, found = 0, {}
    for entry in TABLE:
        if entry.name == "mfa_reauthenticate_webauthn":
            continue  # it asks a device, which there is not
        answer = client.get(reverse(entry.name, args=entry.arguments(house)))
        assert answer.status_code < 500, entry.name
        found[entry.name] = [*harms(answer)]
        shown += b"&lt;evil-tag" in (b"" if answer.streaming else answer.content)
    assert {name: each for name, each in found.items() if each} == {}
    assert shown > 30


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_no_cell_of_a_spreadsheet_reckons(house: House, client: Client) -> None:
    write(house)
    for address in ("/team/audit/?format=csv", reverse("usage-download")):
        head, *rows = cells(client.get(address).getvalue())
        assert any("evil" in cell for row in rows for cell in row), address
        assert {len(row) for row in rows} == {len(head)}
        assert [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r\n"))] == []


def is_a_file_name(name: str) -> bool:
    return not name.startswith(".") and not any(
        sign in '/\\:*?"<>|' or unicodedata.category(sign)[0] == "C" for sign in name
    )


def test_no_file_is_called_so(house: House, client: Client) -> None:
    write(house)
    clip = f"/library/clips/{house.clip.pk}"
    for address in (
        *(f"{clip}/audio.{kind}?download=1" for kind in ("mp3", "m4a")),
        f"{clip}/cover.jpg?download=1",
        reverse("file-download", args=[house.file]),
    ):
        answer = client.get(address)
        answer.getvalue()
        assert "evil-tag" in name_of(answer), address
        assert is_a_file_name(name_of(answer)), name_of(answer)
    zipped = client.post("/library/selection/download/", {"clip": house.clip.pk, "name": RAW})
    (inside,) = zipfile.ZipFile(io.BytesIO(zipped.getvalue())).namelist()
    assert is_a_file_name(name_of(zipped))
    assert is_a_file_name(inside.rpartition("/")[2]), inside
    stored = [file.file.name for file in ClipFile.objects.exclude(file="")]
    assert stored
    assert not any("evil" in name for name in stored)


def test_no_mail_has_it_in_its_head(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the house's own words; the subjects of django-allauth's are the same for everybody."""
    subjects = [*(BASE_DIR / "templates").rglob("*_subject.txt")]
    assert subjects
    assert [path.name for path in subjects if "{{" in path.read_text()] == []
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
    write(house)
    owner, member = (Membership.objects.get(user=house.people[name]) for name in ("owner", "member"))
    team = Team.objects.get(pk=house.team.pk)
    invitations.invite(team, email="ada@nightbus.example", role=Role.MEMBER, by=owner.user)
    memberships.hand_over(team, giver=owner, receiver=member, giver_stays=False)
    LendingRequest.objects.all().delete()  # once a day
    requests.ask(owner, by=member, operation="cover", subject=Clip.objects.get(pk=house.clip.pk))
    assert len(mail.outbox) == 3
    for letter in mail.outbox:
        sent = message_from_bytes(letter.message().as_bytes(), policy=policy.default)
        assert {"Bcc", "Cc"}.isdisjoint(sent.keys())
        assert clean(sent["Subject"]) == sent["Subject"]
        assert not any(line.startswith("Bcc:") for line in str(letter.body).splitlines())
