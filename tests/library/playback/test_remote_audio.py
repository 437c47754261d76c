"""A take that is not saved yet plays from where the remote side keeps it: for whom, how long, and what is told."""

import socket
from datetime import timedelta

import pytest
from django.conf import settings as site_settings
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.library.models import Clip, ClipFile
from apps.library.playback import remote_audio
from tests.library.conftest import Band, store

LINK = (
    "https://93.184.215.14/takes/1a2b.m4a?sig=3c4d"  # a public address, which needs no name to be looked up
)


def fresh(band: Band, link: str = LINK, kind: str = "m4a", **values: object) -> Clip:
    """A take whose files are still to be fetched."""
    take = band.song().takes.get()
    ClipFile.objects.create(clip=take, kind=kind, source_url=link, next_try_at=timezone.now(), **values)
    return take


def play(client: Client, take: Clip, kind: str = "m4a", query: str = "", **headers: str) -> object:
    return client.get(
        f"/library/clips/{take.pk}/audio.{kind}{query}", headers={"Range": "bytes=0-"} | headers
    )


def test_until_it_is_saved_a_player_is_sent_to_the_remote_side(band: Band) -> None:
    take = fresh(band)
    answer = play(band.client("viewer"), take)
    assert (answer.status_code, answer["Location"]) == (302, LINK)
    assert answer["Cache-Control"] == "no-store", "it may be saved by the next time"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert (take.is_playable, take.is_saved) == (True, False)
    take.files.all().delete()
    store(take, "m4a", b"x" * 100)
    saved = play(band.client("viewer"), take)
    assert saved.status_code == 206
    assert Clip.objects.get().is_saved


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("anonymous", 401)])
def test_nobody_else_learns_the_link(band: Band, who: str, status: int) -> None:
    take = fresh(band)
    for address in ("audio.m4a", "sound.json"):
        answer = band.client(who).get(f"/library/clips/{take.pk}/{address}")
        assert (answer.status_code, "93.184" in str(answer.headers)) == (status, False)


@pytest.mark.parametrize("query", ["?download=1", "?here=1"])
def test_a_download_and_the_mixer_wait_for_what_is_saved(band: Band, query: str) -> None:
    answer = play(band.client("owner"), fresh(band), query=query)
    assert (answer.status_code, answer["Retry-After"]) == (404, "20")


@pytest.mark.parametrize(
    "link",
    [
        "",
        "http://93.184.215.14/a.m4a",
        "https://10.0.0.7/a.m4a",
        "https://169.254.169.254/a.m4a",
        "https://[::1]/a.m4a",
        "https://user:secret@93.184.215.14/a.m4a",
        "https://localhost/a.m4a",
        "javascript:alert(1)",
        "//93.184.215.14/a.m4a",
        "https://93.184.215.14/a b.m4a",
    ],
)
def test_a_link_that_would_not_be_fetched_is_not_handed_on(band: Band, link: str) -> None:
    assert play(band.client("owner"), fresh(band, link)).status_code == 404


def test_a_name_that_leads_inwards_is_looked_up_again(band: Band, monkeypatch: pytest.MonkeyPatch) -> None:
    take, owner = fresh(band, "https://takes.example/a.m4a"), band.client("owner")
    asked: list[str] = []

    def inside(address: str) -> object:
        def look_up(host: str, port: int, **_: object) -> list[object]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        return look_up

    remote_audio._leads_outside.cache_clear()
    monkeypatch.setattr(socket, "getaddrinfo", inside("192.168.0.9"))
    assert [play(owner, take).status_code for _ in range(2)] == [404, 404]
    monkeypatch.setattr(socket, "getaddrinfo", inside("93.184.215.14"))
    assert [play(owner, take).status_code for _ in range(2)] == [302, 302]
    assert asked == ["takes.example"] * 3, "what leads outside is remembered for a while"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("mp3", {}),  # given for the token alone
        ("wav", {}),
        ("m4a", {"state": "given_up"}),
        ("m4a", {"state": "none"}),
    ],
)
def test_only_what_everybody_may_fetch_and_is_to_come_is_offered(
    band: Band, kind: str, values: dict[str, str]
) -> None:
    take = fresh(band, kind=kind, **values)
    assert play(band.client("owner"), take, kind).status_code == 404
    assert not take.is_playable


def test_a_link_counts_as_good_for_an_hour(band: Band) -> None:
    take, almost = fresh(band), ClipFile.LINK_IS_FRESH - timedelta(minutes=1)
    for age, status in ((almost, 302), (ClipFile.LINK_IS_FRESH, 404)):
        Clip.objects.update(created_at=timezone.now() - age)
        assert play(band.client("owner"), take).status_code == status
        assert Clip.objects.get().is_playable == (status == 302)


@pytest.mark.parametrize(
    ("host", "offered"),
    [
        ("127.0.0.1:8000", True),
        ("localhost", True),
        ("[::1]:80", True),
        ("music.example", False),
        ("10.0.0.7:8000", False),
    ],
)
def test_an_address_on_loopback_is_for_browsers_on_this_machine(
    band: Band, settings: Settings, host: str, offered: bool
) -> None:
    settings.OPERATOR_ORIGINS = frozenset({"http://127.0.0.1:4010"})
    take = fresh(band, "http://127.0.0.1:4010/media/a.m4a")
    assert bool(remote_audio.link_for(take.files.get(), host)) == offered


def test_a_player_is_told_how_far_saving_has_come(band: Band, django_assert_max_num_queries: object) -> None:
    take, viewer = fresh(band), band.client("viewer")

    def told() -> object:
        with django_assert_max_num_queries(5):  # session, person, membership, take, files
            return viewer.get(f"/library/clips/{take.pk}/sound.json").json()

    assert told() == {"src": "", "srcMp3": "", "coming": True}
    store(take, "mp3", b"x" * 100)
    assert told() == {"src": "", "srcMp3": f"/library/clips/{take.pk}/audio.mp3", "coming": True}
    take.files.filter(kind="m4a").update(state="given_up")
    assert told()["coming"] is False


def test_the_waveform_of_a_take_that_is_being_saved_is_no_error(band: Band) -> None:
    take, viewer = fresh(band), band.client("viewer")
    answer = viewer.get(f"/library/clips/{take.pk}/peaks.json")
    assert (answer.status_code, answer["Cache-Control"]) == (204, "no-store")
    take.files.update(state="given_up")
    assert viewer.get(f"/library/clips/{take.pk}/peaks.json").status_code == 404


def test_pages_offer_play_and_no_download_before_it_is_saved(band: Band) -> None:
    take, viewer = fresh(band), band.client("viewer")
    address = f"/library/clips/{take.pk}/audio.m4a"
    for path in ("/library/", f"/library/clips/{take.pk}/"):
        page = viewer.get(path).content.decode()
        assert f'href="{address}" data-play' in page, "without JavaScript, too"
        assert 'data-remote="yes"' in page
        assert f"{address}?download=1" not in page
        assert "The audio is not saved yet" not in page
    store(take, "mp3", b"x" * 100)
    assert "data-remote" not in viewer.get("/library/").content.decode()


def test_media_may_come_by_https_from_anywhere_and_nothing_else_may(band: Band) -> None:
    answer = band.client("owner").get("/library/")
    rules = dict(rule.strip().split(" ", 1) for rule in answer["Content-Security-Policy"].split(";"))
    assert "https:" in rules["media-src"].split()
    assert [name for name, value in rules.items() if {"https:", "http:", "*"} & set(value.split())] == [
        "media-src"
    ]
    assert all(
        origin in rules["media-src"] for origin in site_settings.OPERATOR_ORIGINS if "http://" in origin
    )
