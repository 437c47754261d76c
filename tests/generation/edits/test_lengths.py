"""A take has two lengths, ours and the API's, which differ by hundredths: an edit keeps within the shorter one."""

import pytest

from apps.generation.models import Job
from apps.library import songs
from apps.library.models import Clip
from tests.generation.conftest import Studio, state
from tests.generation.edits.edit_forms import row, take
from tests.generation.pages import signed_in
from tests.page import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

MEASURED, KNOWN = 8.02, 7.98
PLACES = {
    "Trim": ("effect", "end_s"),
    "replace": ("replace", "mask_end_s"),
    "extend": ("extend", "extend_from_s"),
    "Fade": ("effect", "fade_out_s"),
}
OTHER_FIELDS = {"instruction": "strings", "mask_start_s": "0", "start_s": "0", "fade_in_s": "0"}


def page_of(studio: Studio, clip: Clip, operation: str) -> Page:
    return Page(signed_in(studio).get(f"/library/clips/{clip.pk}/edit/{operation}/"))


def send(studio: Studio, clip: Clip, operation: str, **fields: str) -> Page:
    nonce = page_of(studio, clip, operation).value("nonce")
    address = f"/library/clips/{clip.pk}/edit/{operation}/"
    return Page(signed_in(studio).post(address, OTHER_FIELDS | fields | {"nonce": nonce}))


def with_both(clip: Clip, measured: float = MEASURED, known: float | None = KNOWN) -> Clip:
    Clip.objects.filter(pk=clip.pk).update(duration_s=measured, api_duration_s=known)
    clip.refresh_from_db()
    return clip


def test_both_lengths_are_kept_once_the_audio_is_measured(studio: Studio) -> None:
    clip = take(studio, saved=True)
    said = Clip.objects.filter(pk=clip.pk, api_duration_s__isnull=False)
    measured = said.get(peaks__isnull=False)
    assert abs(measured.duration_s - measured.api_duration_s) < 0.5


@pytest.mark.parametrize("longer", [0.04, 0.0])
def test_the_untouched_trim_is_taken_by_the_remote_side(studio: Studio, longer: float) -> None:
    clip = take(studio, saved=True)
    with_both(clip, measured=clip.api_duration_s + longer, known=clip.api_duration_s)
    form = page_of(studio, clip, "effect")
    assert send(studio, clip, "effect", effect="Trim", end_s=form.value("end_s")).status == 302
    job = Job.objects.get(operation="effect")
    assert job.params["end_s"] <= clip.api_duration_s
    studio.dispatch()
    assert state(job) == "running"


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(("measured", "known"), [(MEASURED, KNOWN), (KNOWN, MEASURED), (KNOWN, None)])
def test_no_place_is_behind_the_shorter_end(
    studio: Studio, name: str, measured: float, known: float | None
) -> None:
    clip = with_both(row(studio), measured, known)
    operation, field = PLACES[name]
    effect = {"effect": name} if operation == "effect" else {}
    page = send(studio, clip, operation, **effect, **{field: "8.0"})
    assert (page.status, Job.objects.exists()) == (422, False)
    assert page.wrong(field)
    assert send(studio, clip, operation, **effect, **{field: "7.9"}).status == 302


@pytest.mark.parametrize("operation", ["effect", "replace", "extend"])
def test_the_page_tells_the_script_both(studio: Studio, operation: str) -> None:
    """The waveform is as long as what is measured; what is chosen on it ends earlier."""
    form = page_of(studio, with_both(row(studio)), operation).one("form", id="edit")
    assert (form["data-length"], form["data-most"]) == ("8.02", "7.98")


def test_what_was_measured_before_learns_the_other_length_with_the_next_record(studio: Studio) -> None:
    clip = take(studio, saved=True)
    with_both(clip, measured=clip.api_duration_s + 0.04, known=None)
    assert songs.fill_gaps(clip, {"duration_s": 9.0, "api_duration_s": 8.0})
    clip.refresh_from_db()
    assert (clip.api_duration_s, clip.edit_length_s) == (8.0, min(8.0, clip.duration_s))
    assert clip.duration_s != 9.0
