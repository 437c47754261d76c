"""How often the pages with forms ask the database, however much the team has."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import FlowAccount
from apps.generation.create import presets
from apps.generation.models import Job
from apps.library.models import Clip, LyricDraft, LyricVersion, ReferenceFile
from tests.generation.conftest import Studio
from tests.generation.edits.edit_forms import FORMS, address, row
from tests.generation.pages import signed_in

PAGES = {
    "/create/": 20,
    "/create/lyrics/": 15,
    "/create/image/": 16,
    "/create/sweeps/": 14,
    "/library/files/": 20,
    "/flow-accounts/usage/": 22,
    "/settings/tokens/": 18,  # two more for whoever has no password: is there a passkey, an app?
    "/jobs/": 18,
    "job": 24,
}


def fill(studio: Studio, number: int) -> None:
    """One of everything that these pages list."""
    (job,) = studio.ask(f"a slow waltz, {number} bpm")
    presets.save(team=studio.team, by=studio.user, name=f"Waltz {number}", fields=job.params)
    draft = LyricDraft.objects.create(team=studio.team, made_by=studio.user, idea="a road")
    LyricVersion.objects.create(draft=draft, number=1, lyrics="[Verse]")
    ReferenceFile.objects.create(
        team=studio.team,
        subscription_id=studio.token.subscription_id,
        account=studio.account("studio"),
        added_by=studio.user,
        kind=ReferenceFile.Kind.IMAGE,
        origin=ReferenceFile.Origin.MADE,
        asset_id=f"asset-{number}",
        sha256=f"{number:064}",
    )
    FlowAccount.objects.create(
        subscription_id=studio.token.subscription_id, email=f"a{number}@sandbox.example"
    )


def test_the_number_of_queries_is_small_and_does_not_grow(studio: Studio) -> None:
    client = signed_in(studio)
    fill(studio, 1)
    few = {page: queries(client, page) for page in PAGES}
    assert [page for page, most in PAGES.items() if few[page] > most] == [], few
    for number in range(2, 5):
        fill(studio, number)
    assert {page: queries(client, page) for page in PAGES} == few


def test_the_tools_of_a_take_and_the_removal_of_an_account_ask_little(studio: Studio) -> None:
    client, take = signed_in(studio), row(studio)
    tools = {address(take, operation): 32 if operation == "stems" else 28 for operation in FORMS}
    page = f"/flow-accounts/{take.account.email}/"
    pages = {page: 23, f"{page}remove/": 19, take.get_absolute_url(): 25} | tools
    few = {each: queries(client, each) for each in pages}
    assert [each for each, most in pages.items() if few[each] > most] == [], few
    Clip.objects.create(
        team=studio.team,
        song=take.song,
        subscription=take.subscription,
        clip_id="another take",
        take=1,
        title="Copper Rain",
    )
    assert {each: queries(client, each) for each in tools} == {each: few[each] for each in tools}


def queries(client: Client, page: str) -> int:
    """Of a page that was shown before."""
    address = Job.objects.earliest("created_at").get_absolute_url() if page == "job" else page
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as counted:
        client.get(address)
    return len(counted)
