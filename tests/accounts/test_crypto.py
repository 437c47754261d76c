import base64

import pytest

from apps.accounts.crypto import CannotDecrypt, decrypt, encrypt
from apps.accounts.models import ApiToken, Membership, Role, Subscription, Team
from apps.upstream.token import Token
from tests.accounts.conftest import RAW, People, unasked

OLD, NEW = ("k1", b"1" * 32), ("k2", b"2" * 32)


def test_a_token_comes_back_and_is_not_readable_meanwhile() -> None:
    text = encrypt(Token.parse(RAW), bound_to="here")
    assert decrypt(text, bound_to="here").reveal() == RAW
    assert "sandbox" not in text
    assert b"sandbox" not in base64.urlsafe_b64decode(text.split(".")[3] + "==")


def test_the_format_says_version_and_key(settings) -> None:
    settings.FIELD_KEYS = (NEW, OLD)
    version, kid, nonce, sealed = encrypt(Token.parse(RAW), bound_to="here").split(".")
    assert (version, kid) == ("v1", "k2")
    assert len(base64.urlsafe_b64decode(nonce + "==")) == 12
    assert len(base64.urlsafe_b64decode(sealed + "==")) == len(RAW) + 16


def test_two_encryptions_of_one_token_differ() -> None:
    token = Token.parse(RAW)
    assert encrypt(token, bound_to="here") != encrypt(token, bound_to="here")


def test_a_text_that_was_changed_anywhere_does_not_decrypt() -> None:
    parts = encrypt(Token.parse(RAW), bound_to="here").split(".")
    for place in (2, 3):
        raw = bytearray(base64.urlsafe_b64decode(parts[place] + "=="))
        for byte in range(len(raw)):
            flipped = bytes([*raw[:byte], raw[byte] ^ 1, *raw[byte + 1 :]])
            changed = [*parts]
            changed[place] = base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()
            with pytest.raises(CannotDecrypt):
                decrypt(".".join(changed), bound_to="here")


@pytest.mark.parametrize(
    "text", ["", "v1", RAW, "v1.k1.a.b", "v2.k1.AAAA.AAAA", "v1.k1.!!.??", "v1.k9.AAAA.AAAA"]
)
def test_what_is_no_encrypted_text_raises(text: str) -> None:
    with pytest.raises(CannotDecrypt) as caught:
        decrypt(text, bound_to="here")
    assert RAW not in str(caught.value)


def test_another_key_of_the_same_name_raises(settings) -> None:
    settings.FIELD_KEYS = (OLD,)
    text = encrypt(Token.parse(RAW), bound_to="here")
    settings.FIELD_KEYS = (("k1", b"x" * 32),)
    with pytest.raises(CannotDecrypt):
        decrypt(text, bound_to="here")


def test_the_key_id_is_authenticated(settings) -> None:
    settings.FIELD_KEYS = (("k1", b"1" * 32), ("k2", b"1" * 32))
    text = encrypt(Token.parse(RAW), bound_to="here")
    with pytest.raises(CannotDecrypt):
        decrypt(text.replace("v1.k1.", "v1.k2."), bound_to="here")


def test_a_text_in_another_row_team_or_owner_does_not_decrypt(people: People) -> None:
    token = unasked(people.team, people.owner)
    assert token.token().reveal() == RAW

    teammates = unasked(people.team, people.member, "user:1000-sandboxother")
    ApiToken.objects.filter(pk=teammates.pk).update(ciphertext=token.ciphertext)
    strangers_team = Membership.objects.get(user=people.stranger).team
    same = {"pk": token.pk, "team": people.team, "owner": people.owner, "subscription": token.subscription}
    moved = [
        ApiToken.objects.get(pk=teammates.pk),
        ApiToken(**same | {"team": strangers_team}, ciphertext=token.ciphertext),
        ApiToken(**same | {"owner": people.stranger}, ciphertext=token.ciphertext),
    ]
    for row in moved:
        with pytest.raises(CannotDecrypt):
            row.token()


@pytest.mark.parametrize(
    "change", [{"endpoint": "https://evil.example/v1"}, {"number": "1001"}, {"provider": "musicapi"}]
)
def test_a_subscription_that_was_pointed_elsewhere_gets_no_token(
    people: People, change: dict[str, str]
) -> None:
    """Who can write to the database, but has no key, must not have tokens sent to an address of theirs."""
    token = unasked(people.team, people.owner)
    Subscription.objects.filter(pk=token.subscription_id).update(**change)
    with pytest.raises(CannotDecrypt):
        ApiToken.objects.get(pk=token.pk).token()


def test_a_token_row_shows_four_characters_only(people: People) -> None:
    token = unasked(people.team, people.owner)
    assert token.last4 == RAW[-4:]
    assert RAW not in repr(token) + str(token) + str(vars(token))


def test_a_late_refusal_does_not_hit_the_token_that_replaced_the_refused_one(people: People) -> None:
    first = unasked(people.team, people.owner)
    unasked(people.team, people.owner, "user:1000-sandboxnew")
    first.refuse(at=first.added_at, reason="refused")
    assert ApiToken.objects.get(pk=first.pk).refused_at is None


def test_roles_order() -> None:
    assert [role.may_create for role in Role] == [True, True, True, False]
    assert [role.may_manage for role in Role] == [True, True, False, False]
    assert str(Team(name="Night Bus")) == "Night Bus"
