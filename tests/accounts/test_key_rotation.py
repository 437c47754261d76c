from io import StringIO

import pytest
from django.apps import apps
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command

from apps.accounts import outbox
from apps.accounts.crypto import open_sealed
from apps.accounts.key_rotation import SEALED, KeysDontFit, check_keys
from apps.accounts.models import ApiToken, KeyCanary, Mail
from tests.accounts.conftest import RAW, People, unasked

OLD, NEW = ("k1", b"1" * 32), ("k2", b"2" * 32)


@pytest.fixture(autouse=True)
def _ring(settings, db: None) -> None:
    settings.FIELD_KEYS = (OLD,)


def test_the_first_start_writes_a_canary_and_later_ones_read_it() -> None:
    check_keys()
    written = KeyCanary.objects.get().ciphertext
    check_keys()
    assert KeyCanary.objects.get().ciphertext == written


def test_another_key_under_the_same_name_stops_the_start_in_one_line(settings) -> None:
    check_keys()
    settings.FIELD_KEYS = (("k1", b"x" * 32),)
    with pytest.raises(KeysDontFit) as caught:
        check_keys()
    assert "k1" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_key_stops_the_start(settings) -> None:
    check_keys()
    settings.FIELD_KEYS = (NEW,)
    with pytest.raises(KeysDontFit, match="no key 'k1'"):
        check_keys()


def test_a_token_under_a_key_that_left_no_canary_stops_the_start(settings, people: People) -> None:
    unasked(people.team, people.owner)
    settings.FIELD_KEYS = (NEW,)
    with pytest.raises(KeysDontFit, match="no key 'k1'"):
        check_keys()


def test_rotation_moves_every_token_to_the_first_key_and_lets_the_old_one_go(
    settings, people: People
) -> None:
    check_keys()
    tokens = [unasked(people.team, owner) for owner in (people.owner, people.member)]
    settings.FIELD_KEYS = (NEW, OLD)
    check_keys()
    call_command("rotate_keys", stdout=StringIO())
    settings.FIELD_KEYS = (NEW,)
    check_keys()
    for token in tokens:
        moved = ApiToken.objects.get(pk=token.pk)
        assert moved.ciphertext.startswith("v1.k2.")
        assert moved.token().reveal() == RAW


@pytest.fixture
def letter() -> Mail:
    """On its way out, sealed with the old key."""
    outbox.Outbox().send_messages([EmailMessage("Reset", "a link", "site@x.example", ["mara@x.example"])])
    return Mail.objects.get()


def test_rotation_moves_mail_that_waits_too(settings, letter: Mail) -> None:
    check_keys()
    settings.FIELD_KEYS = (NEW, OLD)
    call_command("rotate_keys", stdout=StringIO())
    settings.FIELD_KEYS = (NEW,)
    check_keys()
    letter.refresh_from_db()
    assert letter.ciphertext.startswith("v1.k2.")
    assert "a link" in open_sealed(letter.ciphertext, bound_to=f"mail:{letter.pk}")


def test_a_mail_under_a_key_that_is_gone_stops_the_start(settings, letter: Mail) -> None:
    settings.FIELD_KEYS = (NEW,)
    with pytest.raises(KeysDontFit, match="no key 'k1', with which a mail is"):
        check_keys()


def test_rotation_knows_every_table_with_something_encrypted() -> None:
    tables = {model for model in apps.get_models() if any(f.name == "ciphertext" for f in model._meta.fields)}
    assert tables == {*SEALED, KeyCanary}


def test_rotation_counts_what_it_changed(settings, people: People) -> None:
    unasked(people.team, people.owner)
    settings.FIELD_KEYS = (NEW, OLD)
    first, second = StringIO(), StringIO()
    call_command("rotate_keys", stdout=first)
    call_command("rotate_keys", stdout=second)
    assert first.getvalue().startswith("1 ")
    assert second.getvalue().startswith("0 ")


def test_check_keys_as_a_command(settings) -> None:
    out = StringIO()
    call_command("check_keys", stdout=out)
    assert "fit" in out.getvalue()
    settings.FIELD_KEYS = (("k1", b"x" * 32),)
    with pytest.raises(CommandError):
        call_command("check_keys")
    with pytest.raises(CommandError):
        call_command("rotate_keys")
