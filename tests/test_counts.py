"""A count agrees with its noun, also for one: a plural that is written out behind a figure is a defect."""

import re
from pathlib import Path

import pytest
from django import forms
from django.template.loader import render_to_string

from apps.plural import counted

ROOT = Path(__file__).resolve().parents[1]
NOUNS = (
    "accounts|addresses|characters|combinations|credits|days|fields|files|jobs|members|others|people|references|seconds|songs|"
    "takes|things|times|tokens|tracks|versions|wishes|words"
)
IN_TEMPLATES = re.compile(rf"\}}\}}(?:</\w+>)? (?:{NOUNS})\b")
IN_CODE = re.compile(rf"\{{[^{{}}]+\}} (?!takes)(?:{NOUNS})\b")
# Behind what is always more than one, or is said for one beside it.
ALWAYS_MORE = {
    "templates/accounts/audit.html": {"}} days"},
    "templates/generation/_create_strip.html": {"}} songs"},
    "templates/generation/lyrics.html": {"}} versions"},
    "templates/generation/_sent.html": {"}} songs"},
    "templates/generation/_sent_since.html": {"}} jobs"},
    "templates/generation/job_remove.html": {"}} songs"},
    "templates/generation/restored.html": {"}} jobs"},
    "templates/library/_rating.html": {"}} others"},
    "templates/library/trash.html": {"}} days"},
    "templates/library/stems.html": {"}} tracks"},
    "apps/generation/job_pages/batch_cards.py": {"{len(songs)} songs", "{lead.request_size} songs"},
    "apps/generation/job_pages/live_cards.py": {"{job.times_checked} times"},
    "apps/generation/sweeps/forms.py": {"{longest} characters"},
    "apps/generation/management/commands/restored.py": {"{count} jobs"},
    "apps/generation/create/prefill.py": {"{gone} references"},
    "apps/generation/usage/views.py": {"{shown.days} days"},
    "apps/generation/queue/wait_reasons.py": {"{len(stuck)} accounts", "{first.lost} songs"},
    "apps/library/search/song_list.py": {"{MOST_COUNTED:,} songs"},
    "apps/library/management/commands/verify_archive.py": {"{total} files"},
    "apps/library/input_names.py": {"{most} characters"},
    "apps/transfers.py": {"{busy.before} people"},
    "apps/accounts/caps.py": {"{asked} credits"},  # of an error, for the log
    "apps/generation/lending_requests/owners.py": {"{len(names) - MOST_NAMED + 1} others"},
    "apps/generation/lending_requests/requests.py": {"{LendingRequest.MOST_A_DAY} times"},
}


def _found(folder: str, pattern: re.Pattern[str], suffix: str) -> dict[str, set[str]]:
    found = {
        path.relative_to(ROOT).as_posix(): set(pattern.findall(path.read_text()))
        for path in sorted((ROOT / folder).rglob(f"*{suffix}"))
        if not {"sandbox", "upstream", "migrations"} & set(path.parts)
    }
    left = {name: words - ALWAYS_MORE.get(name, set()) for name, words in found.items()}
    return {name: words for name, words in left.items() if words}


def test_no_template_writes_a_plural_behind_a_figure() -> None:
    assert _found("templates", IN_TEMPLATES, ".html") == {}


def test_no_message_writes_a_plural_behind_a_figure() -> None:
    assert _found("apps", IN_CODE, ".py") == {}


def test_a_count_agrees_with_its_noun() -> None:
    assert [counted(number, "credit") for number in (0, 1, 2, 1500)] == [
        "0 credits",
        "1 credit",
        "2 credits",
        "1,500 credits",
    ]
    assert counted(1, "wish", "wishes") + counted(2, "wish", "wishes") == "1 wish2 wishes"


class _Form(forms.Form):
    first = forms.CharField()
    second = forms.CharField()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"first": "la"}, "1 field below needs correcting"),
        ({}, "2 fields below need correcting"),
    ],
)
def test_a_form_counts_what_is_not_right(typed: dict[str, str], words: str) -> None:
    form = _Form(typed)
    form.is_valid()
    assert words in " ".join(render_to_string("_form_errors.html", {"form": form}).split())
