"""The version is written in pyproject.toml, dated in the changelog, and shown at the bottom of the account menu."""

import re
import tomllib
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, Role, Team, User
from tests.page import Page

ROOT = Path(__file__).resolve().parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_changelog_dates_every_version_and_begins_with_this_one() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    dated = [re.fullmatch(r"(\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)", heading) for heading in headings]
    assert all(dated), headings
    found = [(match[1], match[2]) for match in dated if match]
    assert found[0][0] == VERSION
    assert [date for _, date in found] == sorted((date for _, date in found), reverse=True)


@pytest.mark.django_db
def test_the_account_menu_ends_with_the_version(client: Client) -> None:
    user = User.objects.create_user("ada@example.com")
    Membership.objects.create(team=Team.objects.create(name="Studio"), user=user, role=Role.MEMBER)
    client.force_login(user)

    page = Page(client.get(reverse("library")))

    assert f"Sign out flowweb {VERSION}" in page.text
