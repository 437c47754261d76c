"""Addresses of rows are those of the table of URLs, and the table is asked once for each."""

import uuid
from unittest.mock import patch

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch, get_script_prefix, reverse, set_script_prefix
from django.urls.converters import UUIDConverter

from apps import addresses
from apps.addresses import address
from tests.test_urls import patterns

# Of our pages, and of rows by their ids alone. (Those of allauth may have more in a pattern around theirs.)
BY_ID = {
    str(pattern.name): len(pattern.pattern.converters)
    for pattern in patterns()
    if all(isinstance(each, UUIDConverter) for each in pattern.pattern.converters.values())
    and pattern.pattern.regex.groups == len(pattern.pattern.converters)
    and pattern.callback.__module__.startswith("apps.")
}


def render(text: str, **context: object) -> str:
    return Template(text).render(Context(context))


def test_every_address_is_as_the_table_says() -> None:
    assert {"library", "clip", "collection-move", "job"} <= set(BY_ID)
    for name, count in BY_ID.items():
        for _ in range(2):
            ids = [uuid.uuid4() for _ in range(count)]
            assert address(name, *ids) == reverse(name, args=ids)
    clip = uuid.uuid4()
    for kind in ("m4a", "mp3"):
        assert address("clip-audio", clip, kind) == reverse("clip-audio", args=[clip, kind])


def test_a_site_below_a_path_has_its_own() -> None:
    clip, before = uuid.uuid4(), get_script_prefix()
    assert address("clip", clip) == f"/library/clips/{clip}/"
    try:
        set_script_prefix("/music/")
        assert address("clip", clip) == f"/music/library/clips/{clip}/"
    finally:
        set_script_prefix(before)


def test_the_table_is_asked_once_however_many_rows_there_are() -> None:
    address("clip", uuid.uuid4())
    with patch.object(addresses, "reverse", side_effect=AssertionError("asked again")):
        made = render('{% for id in ids %}{% url "clip" id %} {% endfor %}', ids=[uuid.uuid4(), uuid.uuid4()])
    assert len(set(made.split())) == 2


def test_the_tag_says_what_djangos_own_says() -> None:
    clip = uuid.uuid4()
    assert render('{% url "clip" id %}', id=clip) == f"/library/clips/{clip}/"
    assert render('{% url "clip" id as there %}[{{ there }}]', id=clip) == f"[/library/clips/{clip}/]"
    assert render('{% url "clip" clip_id=id %}', id=clip) == f"/library/clips/{clip}/"
    assert (
        render('{% url "flow-account" mail %}', mail="a&b@x.example") == "/flow-accounts/a&amp;b@x.example/"
    )
    assert render('{% url "no-such-page" as there %}[{{ there }}]') == "[]"
    assert render('{% url "clip" nobody as there %}[{{ there }}]', nobody=None) == "[]"
    for wrong in ('{% url "no-such-page" %}', '{% url "clip" %}', '{% url "library" id %}'):
        with pytest.raises(NoReverseMatch):
            render(wrong, id=clip)
