"""References in the song form: named as the API names them, of one account, which then makes the song."""

import uuid
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from pytest_django.fixtures import Settings

from apps.accounts.models import Role, Team
from apps.generation.models import Job, Preset
from apps.library import references as kept
from apps.library.models import ReferenceFile
from tests.generation.conftest import Studio, member, state
from tests.generation.pages import refused, requested, send, signed_in
from tests.generation.references.file_uploads import EMAIL
from tests.page import Element, Page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def there(
    studio: Studio, name: str, *, on: str = "studio", kind: str = "image", **values: object
) -> ReferenceFile:
    """A file that Flow Music has."""
    account = studio.account(on)
    asset = f"user:1000-{account.email}-{kind}:{uuid.uuid4()}"
    fields = {"name": name, "kind": kind, "asset_id": asset, "account": account, "team": studio.team} | values
    return ReferenceFile.objects.create(subscription=account.subscription, **fields)


def boxes(page: Element) -> dict[str, Element]:
    """The picker's, by the name of the file."""
    found = {}
    for each in page.all("li"):
        if "reference" in (each["class"] or "").split():
            name = next(span["title"] for span in each.all("span") if span["title"])
            found[name or ""] = each.all("input")[0]
    return found


def test_they_are_sent_by_the_names_of_the_api_and_the_song_runs_where_they_are(studio: Studio) -> None:
    images = [there(studio, f"{n}.png", on="night") for n in range(10)]
    audio = [there(studio, f"{n}.mp3", on="night", kind="audio") for n in range(10)]
    fields = {f"refImage{n}": file.asset_id for n, file in enumerate(images, start=1)}
    fields |= {f"refAudio{n}": file.asset_id for n, file in enumerate(audio, start=1)}
    (job,) = requested(studio, **fields)
    assert job.params == {"prompt": "slow disco"} | fields
    assert (job.account, job.account_is_fixed) == (studio.account("night"), True)
    studio.dispatch()
    assert state(job) == "running", "the API takes all twenty"


def test_without_scripts_the_boxes_are_numbered_here(studio: Studio) -> None:
    one, two = there(studio, "one.png"), there(studio, "two.png")
    page = Page(signed_in(studio).get("/create/"))
    assert {box["name"] for box in boxes(page).values()} == {"refImage"}
    (job,) = requested(studio, refImage=[one.asset_id, two.asset_id], refImage3=one.asset_id)
    assert job.params == {"prompt": "slow disco", "refImage1": one.asset_id, "refImage2": two.asset_id}


def test_those_of_two_accounts_do_not_go_together_and_the_form_says_why(studio: Studio) -> None:
    one, two = there(studio, "one.png"), there(studio, "two.png", on="night")
    page = refused(studio, refImage=[one.asset_id, two.asset_id])
    words = page.one(id="id_refImage1_error").text
    assert "one.png is on studio@, two.png on night+bus@." in words
    assert all("checked" in box.attributes for box in boxes(page).values()), "nothing that was chosen is lost"


def test_a_settled_account_shows_the_others_as_out_of_reach(studio: Studio) -> None:
    there(studio, "one.png")
    there(studio, "two.png", on="night", file="x.png", sha256="x")
    page = Page(signed_in(studio).get(f"/create/?file={ReferenceFile.objects.get(name='one.png').pk}"))
    found = boxes(page)
    assert ("checked" in found["one.png"].attributes, "disabled" in found["two.png"].attributes) == (
        True,
        True,
    )
    assert page.value("email") == EMAIL
    (button,) = [each for each in page.all("button", name="send") if "hidden" not in each.attributes]
    assert "Send it to studio@ too" in button.text


@pytest.mark.parametrize("email", ["", EMAIL])
def test_the_chosen_account_must_be_theirs(studio: Studio, email: str) -> None:
    file = there(studio, "one.png", on="night")
    if email:
        words = refused(studio, refImage1=file.asset_id, email=email).wrong("email")
        assert "The references are on night+bus@, so the song uses it too." in words
    else:
        assert requested(studio, refImage1=file.asset_id, email=email)[0].account == studio.account("night")


def test_what_is_gone_of_another_kind_or_of_another_team_is_refused(studio: Studio) -> None:
    file = there(studio, "one.png")
    other = there(studio, "theirs.png", team=Team.objects.create(name="Elsewhere"))
    for fields in (
        {"refAudio1": file.asset_id},
        {"refImage1": other.asset_id},
        {"refImage1": "user:1-x-image:none"},
    ):
        page = refused(studio, **fields)
        assert "was deleted, so it was removed" in page.text
    eleven = [there(studio, f"{n}.png").asset_id for n in range(11)]
    assert "Up to ten images can be given; these are 11." in refused(studio, refImage=eleven).text
    kept.delete(file, by=studio.user)
    assert send(studio, refImage1=file.asset_id).status_code == 422


def test_one_click_sends_a_file_to_the_account_and_keeps_what_was_typed(studio: Studio) -> None:
    one = there(studio, "one.png")
    two = there(studio, "two.png", on="night", content_type="image/png", size=7, sha256="abc")
    two.file.save("two.png", ContentFile(b"content"))
    typed = {
        "prompt": "Ferry & fog",
        "lyrics": "[Verse]\nHome",
        "words": "own",
        "count": "3",
        "refImage": one.asset_id,
    }
    for _ in range(2):
        page = Page(
            signed_in(studio).post(
                "/create/references/send/", typed | {"send": str(two.pk), "nonce": uuid.uuid4()}
            )
        )
        assert page.status == 200
        assert (page.value("prompt"), page.value("lyrics"), page.value("count")) == (
            "Ferry & fog",
            "[Verse]\nHome",
            "3",
        )
        assert "checked" in boxes(page)["one.png"].attributes
        assert page.all(id="id_prompt_error") == []
    assert "being sent to studio@" in page.text
    copy = ReferenceFile.objects.get(copy_of=two)
    assert (copy.account, Job.objects.count()) == (studio.account("studio"), 1)
    assert signed_in(studio).get("/create/references/send/").headers["Location"] == "/create/"
    ReferenceFile.objects.filter(pk=copy.pk).update(asset_id="user:1-studio@sandbox.example-image:copy")
    listed = signed_in(studio).get("/create/references/", {"email": EMAIL}).content.decode()
    assert "image:copy" in listed
    assert "being sent" not in listed


def test_an_earlier_request_and_a_preset_carry_those_that_are_left(studio: Studio) -> None:
    one, two = there(studio, "one.png"), there(studio, "two.png")
    (job,) = requested(studio, refImage=[one.asset_id, two.asset_id])
    signed_in(studio).post(
        "/create/presets/save/", {"name": "Both", "prompt": "x", "refImage": [one.asset_id, two.asset_id]}
    )
    kept.delete(one, by=studio.user)
    for address in (f"/create/?from={job.pk}", f"/create/?preset={Preset.objects.get().pk}"):
        page = Page(signed_in(studio).get(address))
        assert {name: "checked" in box.attributes for name, box in boxes(page).items()} == {"two.png": True}
        assert "without a reference that is gone" in (page.one("form", id="song")["data-source"] or "")
    assert Preset.objects.get().fields["refImage2"] == two.asset_id


def test_the_page_of_references_says_how_often_one_was_used(studio: Studio) -> None:
    file = there(studio, "one.png")
    jobs = requested(studio, refImage1=file.asset_id, count="2")
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(state="completed")
    assert "used by 2 songs" in Page(signed_in(studio).get("/library/files/")).text


def test_who_only_listens_chooses_nothing(studio: Studio) -> None:
    viewer = Studio(
        studio.sandbox, studio.team, member(studio.team, "v@x.example", Role.VIEWER), studio.token
    )
    assert signed_in(viewer).get("/create/references/").status_code == 403
    assert signed_in(viewer).post("/create/references/send/", {"send": str(uuid.uuid4())}).status_code == 403
