"""Addresses of before, which people may have kept, lead to where it is now."""

import uuid

from tests.library.conftest import Band


def test_an_old_address_leads_to_the_new_one_with_all_that_was_asked(band: Band) -> None:
    clip, client = band.song().takes.get(), band.client("viewer")
    answer = client.get("/library/bin/?before=2026")
    assert (answer.status_code, answer["Location"]) == (308, "/library/trash/?before=2026")
    answer = client.get(f"/library/clips/{clip.pk}/family/")
    assert (answer.status_code, answer["Location"]) == (308, f"/library/clips/{clip.pk}/versions/")


def test_a_form_that_was_open_during_an_update_does_what_it_says(band: Band) -> None:
    clip, client = band.song().takes.get(), band.client("viewer")
    answer = client.post(f"/library/clips/{clip.pk}/heart/", {"on": "1"}, follow=True)
    assert answer.status_code == 200
    assert clip.ratings.get().is_favourite


def test_an_old_address_tells_nobody_what_there_is(band: Band) -> None:
    answer = band.client("stranger").get(f"/library/clips/{uuid.uuid4()}/family/", follow=True)
    assert answer.status_code == 404
