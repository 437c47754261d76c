"""Titles and queries as musicians write them: the same table on both databases, and in the palette's collections."""

import pytest

from apps.library import text_folding
from apps.library.models import Clip
from apps.library.search import search_index, terms
from apps.one_line import without_hidden
from tests.library.conftest import Band

# A title, what somebody types who doesn't have that keyboard, and what doesn't find it.
TITLES = {
    "Łódź nocą": (("lodz", "lodz noca", "łódź", "ŁÓDŹ"), ("lod2",)),
    "MØ type beat": (("mo", "mø", "mo beat"), ("m0",)),
    "Dødheimsgard": (("dodheimsgard", "DØD"), ()),
    "Đà Nẵng": (("da nang", "đà"), ()),
    "Þórshöfn": (("thorshofn", "þórs"), ()),
    "Ægir": (("aegir", "ægir"), ()),
    "Straße nach Œuvre": (("strasse", "oeuvre", "STRASSE"), ()),
    "Iğdır": (("igdir", "IĞDIR", "ığdır"), ()),
    "Ħal Għaxaq ŧest": (("hal ghaxaq", "test"), ()),
    "ᴍɪᴅɴɪɢʜᴛ ɓossa 𝓵𝓸𝓿𝓮": (("midnight", "bossa", "love"), ()),
    "รักเธอเสมอ": (("เธอ", "รัก", "เสมอ", "รักเธอ"), ("เสมอรัก", "รักเสมอ")),
    "ຮັກເຈົ້າ": (("ເຈົ້າ", "ຮັກ"), ("ເຈົ້າຮັກ",)),
    "ချစ်တယ်": (("တယ်", "ချစ်"), ()),
    "ស្រឡាញ់អូន": (("អូន",), ()),
    "京都 東山 夜": (("京都", "東山", "夜", "山 京"), ("東京", "都東")),
    "東京tower": (("東京", "tower", "東京tower", "京"), ("東夜", "京東")),
    "いつものように電車に乗って海まで": (("電車に乗って", "ように電車に乗って海まで"), ("ように電車に乗って山まで",)),
    "🔥🔥🔥": (("🔥", "🔥🔥"), ("❄",)),
    "÷": (("÷",), ("×", "%")),
    "Love? 100% 'yes'": (("?", "%", "'", "? %"), ("\"", "*")),
    "AC/DC tribute": (("acdc", "ac/dc", "ac dc", "AC-DC"), ("cdc",)),
    "lo-fi hip-hop study": (("lofi", "hiphop", "lo fi", "hip-hop", "hip hop"), ()),
    "Lofi hiphop": (("lo-fi", "hip-hop", "lofi"), ()),
    "Don’t Stop": (("dont stop", "don't", "don´t", "donʼt", "don"), ()),
    "R.E.M. night": (("rem", "r.e.m.", "R.E.M"), ()),
    "rock'n'roll 100%": (("rocknroll", "rock'n'roll", "rock n roll", "100%", "100"), ()),
    "P!nk-ish": (("pink", "p!nk", "pinkish"), ()),
    "Ke$ha and A$AP": (("kesha", "asap", "ke$ha"), ()),
    "So\u00adft\u200bly \ufeffand\u2060slow": (("softly", "so\u00adftly", "andslow", "s\u200doftly"), ("ft", "ly")),
    "हिन्दी गीत": (("हिन्दी", "गीत"), ()),
}  # fmt: skip


@pytest.fixture
def filled(band: Band) -> Band:
    for title in TITLES:
        band.song(title)
    search_index.index(Clip.objects.select_related("song"))
    return band


def test_titles_are_found_as_people_type_them(filled: Band) -> None:
    """One table for both databases: they find the same by having the same words."""
    takes = Clip.objects.for_team(filled.team)
    for title, (finds, fails) in TITLES.items():
        for query in finds + fails:
            found = takes.filter(search_index.matching(filled.team, query)).values_list("title", flat=True)
            assert (title in found) is (query in finds), (title, query)
            assert terms.fits(query, title) is (query in finds), (title, query)


def test_the_same_is_found_row_by_row(filled: Band, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "MOST_NAMED", 0)
    test_titles_are_found_as_people_type_them(filled)


@pytest.mark.parametrize(
    "typed", ["a-" * 100, "%_\\" * 60, "'\"" * 90, "OR OR", "NEAR(a b)", "a*b^c:d", "¹a §b ²"]
)
def test_no_query_is_an_error(filled: Band, typed: str) -> None:
    list(Clip.objects.filter(search_index.matching(filled.team, typed)))
    assert terms.fits(typed, "nothing") is False


def test_signs_are_looked_for_in_titles_alone(band: Band) -> None:
    song = band.song("Plain", prompt="🔥 and fire")
    Clip.objects.update(lyrics="fire 🔥")
    search_index.index(Clip.objects.select_related("song"))
    assert not Clip.objects.filter(search_index.matching(band.team, "🔥")).exists()
    assert Clip.objects.filter(search_index.matching(band.team, "🔥 fire")).get().song == song


def test_folding_twice_changes_nothing_and_leaves_no_sign_of_the_index() -> None:
    every = "".join(chr(code) for code in range(0x20, 0x3000) if chr(code).isprintable())
    once = text_folding.fold(every)
    assert text_folding.fold(once) == once
    assert not set(once) & {*terms.MARKS}
    assert not [word for word in terms.terms(every).split() if word[0] in "§¹²³"]


@pytest.mark.parametrize(
    "sign", ["\u00ad", "\u200b", "\ufeff", "\u2060", "\u200e", "\u034f", "\u3164", "\U000e0061"]
)
def test_signs_that_are_not_seen_leave_no_gap(sign: str) -> None:
    assert terms.terms(f"fer{sign}ry") == "ferry"
    assert without_hidden(f"fer{sign}ry") == "ferry"
