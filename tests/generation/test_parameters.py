"""All 15 operations can be reached in the browser, and every documented parameter of each can be set there.

The rows are copied from the API's pages (and docs/api.md, point 20, for `model`). Left out are the parameters that
are ours: `mode`, `replyUrl`, `replyRef`, `format`. A field is named as its parameter; where the parameter is the thing
that a page is about, it stands in the address. `instrumental` is one of three `words`, which exclude each other.
"""

from dataclasses import dataclass

import pytest

from apps.generation.models import Job
from apps.library.models import Clip
from tests.generation.conftest import Studio
from tests.generation.pages import signed_in
from tests.page import Element, Page
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)

REFERENCES = [f"ref{kind}{number}" for kind in ("Image", "Audio") for number in range(1, 11)]
COMMON = ["seed", "title"]
EFFECT = [
    "effect", "gain_db", "mix", "room_size", "pan", "bass_db", "mid_db", "treble_db", "fade_in_s", "fade_out_s",
    "start_s", "end_s",
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """`page`: where the form is, or the thing that the operation is about. `method`, `action`: of the form or link.

    `fields` are the parameters; those in `in_address` stand in the address.
    """

    operation: str
    page: str
    action: str
    fields: tuple[str, ...] = ()
    in_address: tuple[str, ...] = ()
    method: str = "post"


def edit(kind: str, *fields: str) -> Row:
    address = f"{{clip}}edit/{kind}/"
    return Row(f"POST /music/edit {kind}", address, address, (*fields, *COMMON), ("operation", "clip"))


ROWS = [
    Row(
        "POST /music",
        "/create/",
        "/create/",
        ("email", "prompt", "words", "lyrics", "ghostwriter", "model", *REFERENCES),
    ),
    edit("effect", *EFFECT),
    edit("extend", "instruction", "extend_s", "extend_from_s", "model"),
    edit("replace", "instruction", "mask_start_s", "mask_end_s", "model"),
    edit("cover", "instruction", "strength", "model"),
    edit("remix", "lyrics", "prompt", "model"),
    edit("stems"),
    Row("POST /music/lyrics", "/create/lyrics/", "/create/lyrics/", ("email", "prompt", "structure")),
    Row("POST /files", "/library/files/", "/library/files/upload/", ("email", "stripMetadata", "file")),
    Row("POST /files/generate", "/create/image/", "/create/image/", ("email", "prompt")),
    Row("GET /music", "/library/import/", "/library/import/begin/", ("email", "limit", "offset")),
    Row("GET /music/download", "{clip}", "{clip}audio.mp3?download=1", (), ("id",), "get"),
    Row("GET /jobs", "/jobs/", "/jobs/", (), (), "get"),
    Row("GET /jobs/{jobid}", "{job}", "{job}check/", (), ("jobid",)),
    Row("DELETE /jobs/{jobid}", "{job}cancel/", "{job}cancel/", (), ("jobid",)),
    Row("GET /accounts", "/flow-accounts/", "/flow-accounts/", (), (), "get"),
    Row("GET /accounts/{email}", "{account}", "{account}check/", (), ("email",)),
    Row("POST /accounts", "/flow-accounts/add/", "/flow-accounts/add/", ("refresh_token", "maxJobs"), ()),
    Row("POST /accounts maxJobs", "{account}", "{account}", ("maxJobs",), ("email",)),
    Row("DELETE /accounts/{email}", "{account}remove/", "{account}remove/", (), ("email",)),
    Row("GET /accounts/usage", "{account}usage/", "{account}usage/", (), ("email",), "get"),
]
OPERATIONS = 15


def test_every_operation_has_a_row() -> None:
    assert len({" ".join(row.operation.split()[:2]) for row in ROWS}) == OPERATIONS


@pytest.mark.long
def test_every_parameter_can_be_set(studio: Studio) -> None:
    """One look at each page: what its form lacks, by operation."""
    addresses = {
        "clip": a_take(studio).get_absolute_url(),
        "job": lost_job(studio),
        "account": f"/flow-accounts/{studio.account('studio').email}/",
    }
    lacking = {row.operation: missing for row in ROWS if (missing := lacks(studio, row, addresses))}
    assert lacking == {}


def lacks(studio: Studio, row: Row, addresses: dict[str, str]) -> set[str]:
    page, action = row.page.format_map(addresses), row.action.format_map(addresses)
    answer = signed_in(studio).get(page)
    assert answer.status_code == 200, page
    found = Page(answer)
    if row.method == "get":
        is_reached = page == action or any(link["href"] == action for link in found.all("a"))
        return set() if is_reached else {action}
    forms = [form for form in found.all("form") if reaches(form["action"] or page, action)]
    names = {field["name"] for form in forms for field in fields_of(found, form)}
    return set(row.fields) - names if forms else {action}


def reaches(action: str, wanted: str) -> bool:
    return action.partition("?")[0] == wanted


def fields_of(page: Page, form: Element) -> list[Element]:
    """Those inside it, and those elsewhere that say that they belong to it."""
    found = [each for tag in ("input", "select", "textarea", "button") for each in form.all(tag)]
    named = page.all(form=form["id"]) if form["id"] else []
    return found + named


def a_take(studio: Studio) -> Clip:
    """One whose files are here."""
    take = studio.take()
    studio.save_files(Job.objects.get(song=take.song))
    return take


def lost_job(studio: Studio) -> str:
    """The page of one whose answer was lost: it is looked for, and can be stopped."""
    (job,) = studio.ask()
    order(studio.sandbox.url, "scenario", operation="music", scenario="drop after", times=1)
    studio.dispatch()
    return f"/jobs/{job.pk}/"


def test_the_form_of_a_song_can_ask_for_an_instrumental(studio: Studio) -> None:
    page = Page(signed_in(studio).get("/create/"))
    assert page.all("input", name_="words", value="instrumental")
