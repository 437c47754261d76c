"""Pictures that Flow Music makes: asked for once, kept here, among the references; declined in plain words."""

import uuid
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.models import Role
from apps.generation.models import Job
from apps.library.archiving import quota, reference_copy
from apps.library.models import ReferenceFile
from tests.generation.conftest import Studio, member, state, with_token
from tests.generation.pages import signed_in
from tests.generation.references.file_uploads import EMAIL, NIGHT, deliver
from tests.page import Page

pytestmark = pytest.mark.django_db
FERRY = "A ferry leaving at night, one lamp on deck"


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def ask(studio: Studio, prompt: str = FERRY, **fields: str) -> ReferenceFile:
    form = {"prompt": prompt, "nonce": str(uuid.uuid4())} | fields
    response = signed_in(studio).post("/create/image/", form)
    assert response.status_code == 302, Page(response).notice
    return ReferenceFile.objects.get(pk=form["nonce"])


def test_a_picture_is_made_once_kept_here_and_shown(studio: Studio) -> None:
    nonce = str(uuid.uuid4())
    file = ask(studio, nonce=nonce, email=NIGHT)
    ask(studio, nonce=nonce, email=NIGHT)
    assert (Job.objects.get().params, file.name) == ({"prompt": FERRY}, "A ferry leaving at night, one…")
    assert deliver(studio) == 1
    file.refresh_from_db()
    assert file.asset_id.startswith(f"user:1000-{NIGHT}-image:")
    assert "Our own copy is being fetched" in Page(signed_in(studio).get("/create/image/")).text
    assert reference_copy.store(file)
    file.refresh_from_db()
    assert (file.content_type, bool(file.thumb), file.next_try_at) == ("image/jpeg", True, None)
    assert (file.width, file.height) == (file.height, file.width)
    assert quota.usage(studio.team).used == file.file.size + file.thumb.size
    card = Page(signed_in(studio).get("/library/files/")).one(id=f"file-{file.pk}")
    assert "created here" in card.text
    answer = signed_in(studio).get(f"/library/files/{file.pk}/thumb.webp")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")


def test_the_form_stays_as_it_was_sent(studio: Studio) -> None:
    form = {"prompt": FERRY, "email": NIGHT, "nonce": str(uuid.uuid4())}
    answer = signed_in(studio).post("/create/image/", form)
    page = Page(signed_in(studio).get(answer.headers["Location"]))
    assert (page.value("prompt"), page.value("email")) == (FERRY, NIGHT)
    assert page.value("nonce") != form["nonce"]
    assert "Create image again" in page.text


def test_a_copy_that_can_not_be_fetched_is_fetched_later(studio: Studio) -> None:
    file = ask(studio)
    deliver(studio)
    ReferenceFile.objects.update(source_url=f"{studio.sandbox.url}/assets/none.jpg")
    assert not reference_copy.store(file)
    file.refresh_from_db()
    assert (file.tries, bool(file.last_error), file.is_ready) == (1, True, True)
    assert not reference_copy.store(file), "not at once"


def test_what_is_declined_is_said_and_leads_back_to_the_words(studio: Studio) -> None:
    file = ask(studio, "Something refused [moderated]", email=EMAIL)
    deliver(studio)
    job = file.jobs.get()
    assert state(job) == "failed"
    page = Page(signed_in(studio).get("/library/files/")).one(id=f"file-{file.pk}")
    assert "Flow Music" in page.one(data_sign="wrong").text
    again = next(each for each in page.all("a") if each.text == "Edit prompt")
    form = Page(signed_in(studio).get(again["href"] or ""))
    assert (form.value("prompt"), form.value("email")) == ("Something refused [moderated]", EMAIL)


@pytest.mark.parametrize(
    ("prompt", "words"), [("", "Say what the image shows"), ("x" * 2001, "That is 2001 characters")]
)
def test_what_is_wrong_is_said_beside_the_words(studio: Studio, prompt: str, words: str) -> None:
    page = Page(signed_in(studio).post("/create/image/", {"prompt": prompt, "nonce": str(uuid.uuid4())}))
    assert (page.status, words in page.wrong("prompt"), page.value("prompt")) == (422, True, prompt)
    assert not Job.objects.exists()


def test_the_form_sent_again_with_other_words_is_not_lost(studio: Studio) -> None:
    nonce = str(uuid.uuid4())
    ask(studio, nonce=nonce)
    page = Page(signed_in(studio).post("/create/image/", {"prompt": "A train", "nonce": nonce}))
    assert (page.status, page.value("prompt")) == (422, "A train")
    assert "Send it once more" in page.notice
    assert page.value("nonce") != nonce
    assert ReferenceFile.objects.count() == Job.objects.count() == 1


def test_the_number_of_a_teammates_file_is_no_form(studio: Studio) -> None:
    file = ask(studio)
    Job.objects.all().delete()
    mate = member(studio.team, "ada@nightbus.example", Role.ADMIN)
    page = Page(
        signed_in(with_token(studio.sandbox, studio.team, mate)).post(
            "/create/image/", {"prompt": "A train", "nonce": str(file.pk)}
        )
    )
    assert page.status == 422
    assert not Job.objects.exists()


def test_a_lost_answer_is_shown_and_not_asked_again(studio: Studio) -> None:
    file = ask(studio, "A ferry [drop after]")
    deliver(studio)
    assert state(file.jobs.get()) == "unknown"
    assert deliver(studio) == 0
    assert "got lost" in Page(signed_in(studio).get("/library/files/")).text


def test_a_viewer_asks_for_nothing(studio: Studio) -> None:
    viewer = Studio(
        studio.sandbox, studio.team, member(studio.team, "v@x.example", Role.VIEWER), studio.token
    )
    assert signed_in(viewer).post("/create/image/", {"prompt": FERRY}).status_code == 403
    assert not ReferenceFile.objects.exists()
