from __future__ import annotations

import copy
import pickle

import pytest
from requests import Request

from apps.upstream.token import Token

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
