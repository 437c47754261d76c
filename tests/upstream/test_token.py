from __future__ import annotations

import copy
import json
import pickle
from urllib.parse import quote

import pytest
from requests import Request

from apps.upstream.token import RefreshToken, Token, json_body

RAW = "user:1000-AbCd1234efgh"


def test_signs_a_request() -> None:
    prepared = Request("GET", "https://api.example/", auth=Token(f"  {RAW}\n")).prepare()
    assert prepared.headers["Authorization"] == f"Bearer {RAW}"


def test_shows_four_characters_only() -> None:
    token = Token(RAW)
    shown = [
        repr(token),
        str(token),
        f"{token}",
        f"{token:>40}",
        repr([token]),
        str(vars(token)),
    ]
    assert not any("AbCd" in text or "1234" in text for text in shown)
    assert repr(token) == "Token(…efgh)"
    assert (token.last4, token.number) == ("efgh", "1000")


def test_a_short_token_shows_nothing() -> None:
    assert Token("abc").last4 == ""


def test_reveals_on_demand() -> None:
    assert Token(RAW).reveal() == RAW


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
def test_is_not_copied(copier: object) -> None:
    with pytest.raises(TypeError) as caught:
        copier(Token(RAW))  # type: ignore[operator]
    assert "AbCd" not in str(caught.value)


def test_equality_without_a_hash() -> None:
    assert Token(RAW) == Token(f" {RAW} ")
    assert Token(RAW) != Token(RAW + "x")
    assert Token(RAW) != RAW
    with pytest.raises(TypeError):
        hash(Token(RAW))


@pytest.mark.parametrize("raw", ["", "  \n", "user:1-ab cd", "user:1-ab\r\nX: y", "tökén", "user:1-a\x00b"])
def test_what_is_no_token(raw: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Token(raw)


@pytest.mark.parametrize(
    "raw", ["user:1000", "user:-abc", "user:12x-abc", "1000-abc", "user:1000-", "user:1-a_b"]
)
def test_what_is_no_useapi_token(raw: str) -> None:
    with pytest.raises(ValueError, match="user:1234") as caught:
        Token.parse(raw)
    assert raw not in str(caught.value)
    assert Token(raw).number == ""  # another provider's may look like this


def test_parse_takes_a_useapi_token() -> None:
    assert Token.parse(RAW).number == "1000"


def test_redacts_itself_in_every_spelling() -> None:
    text = f"{RAW} user%3A1000-AbCd1234efgh key AbCd1234efgh"
    assert "AbCd1234" not in Token(RAW).redact(text)


REFRESH = '1//0gR3fresh"Canary\\Bird+Token/9876543210'


def test_a_refresh_token_shows_nothing_and_is_not_copied() -> None:
    token = RefreshToken.parse(f'  "{REFRESH}"\n')
    shown = [repr(token), str(token), f"{token:>40}", repr([token]), repr(dir(token))]
    assert [text for text in shown if "R3fresh" in text or "3210" in text] == []
    for copier in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            copier(token)
        assert "R3fresh" not in str(caught.value)
    assert json.loads(json_body({"refresh_token": token, "maxJobs": 2})) == {
        "refresh_token": REFRESH,
        "maxJobs": 2,
    }


@pytest.mark.parametrize(
    "raw", ["", " ", "short-one", '"short-one"', "with a space in it", "line\nbreak-in-it", "tökén-tökén"]
)
def test_what_is_no_refresh_token(raw: str) -> None:
    with pytest.raises(ValueError, match="A refresh token has") as caught:
        RefreshToken.parse(raw)
    assert not raw.strip() or raw.strip() not in str(caught.value)


@pytest.mark.parametrize("raw", [REFRESH, "0123456789", "eyJhbGciOi.J9-_=.c2ln", "https://x.example/[odd"])
def test_a_refresh_token_is_taken_out_of_a_text(raw: str) -> None:
    token, spelled = RefreshToken(raw), json.dumps(raw)
    texts = [
        raw,
        spelled,
        json.dumps(spelled),
        quote(raw),
        quote(raw, safe=""),
        raw[:-1],
        raw[1:],
        f"a {raw}, b",
    ]
    for text in texts:
        assert raw[4:9] not in token.redact(text)
    assert token.redact("nothing of it is here") == "nothing of it is here"


def test_only_a_refresh_token_becomes_text() -> None:
    with pytest.raises(TypeError):
        json_body({"token": Token(RAW)})
