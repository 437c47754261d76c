"""Whatever a person deletes leaves a line in the audit trail. A new URL that deletes and leaves none fails here."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.accounts.models import AuditEntry
from apps.library.models import Clip
from tests.sample_team import House, build
from tests.test_urls import BY_NAME

pytestmark = pytest.mark.databases

DELETES = re.compile(r"-(delete|erase|empty|remove)$")
# Nothing is lost by these: a take leaves a collection, a job leaves the queue and its story says who did it, and an
# account is not removed while its remote side is away (tests/generation/account_removal/test_removal.py has its line).
# A team's last owner can't delete themself (tests/accounts/test_own_deletion.py has the line of who can).
HARMLESS = {"collection-remove", "job-remove", "flow-account-remove", "profile-delete"}


@pytest.fixture
def house(db: None, settings: Settings, tmp_path: Path) -> House:
    settings.MEDIA_ROOT = tmp_path / "media"
    return build()


@pytest.mark.parametrize(
    "name", sorted(name for name in BY_NAME if DELETES.search(name) and name not in HARMLESS)
)
def test_a_deletion_is_in_the_trail(house: House, name: str) -> None:
    if name in {"clip-erase", "trash-empty"}:
        Clip.objects.filter(pk=house.clip.pk).update(deleted_at=timezone.now())
    client, owner, entry = Client(), house.people["owner"], BY_NAME[name]
    owner.set_unusable_password()  # so that it isn't asked for again: tests/accounts/test_password_once_more.py
    owner.save()
    client.force_login(owner)
    form = entry.form(house)
    if name == "trash-empty":
        page = client.get(reverse(name)).content.decode()
        form = {"until": re.search(r'name="until" value="([^"]+)"', page)[1]}  # type: ignore[index]
    client.post(reverse(name, args=entry.arguments(house)), form)
    line = AuditEntry.objects.first()
    assert line is not None
    assert (line.by, line.team) == (owner, house.team)
    assert re.search("deleted|erased|removed", line.action)
