"""manage.py verify_archive: what is missing, damaged or unknown, and how it comes back."""

import hashlib
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.library.archiving import archiver, quota, verification
from apps.library.models import Clip, ClipFile, ReferenceFile
from tests.library.conftest import Band, answering, wanted
from tests.library.sounds import picture, sound
from tests.upstream.scripted import ScriptedServer

pytestmark = pytest.mark.long

Kind, State = ClipFile.Kind, ClipFile.State
Kept = dict[str, ClipFile]
BODIES = {
    "cover": (picture(), "image/jpeg"),
    "m4a": (sound("m4a"), "audio/mp4"),
    "wav": (sound("wav"), "audio/wav"),
}


@pytest.fixture
def kept(band: Band, cheat: Callable[..., ScriptedServer]) -> Kept:
    """A cover, an m4a and a wav, each of a take of its own, whose sources are still there; and the small picture."""
    files = {kind: wanted(band, f"{cheat(answering(*BODIES[kind])).origin}/x", kind) for kind in BODIES}
    assert all(archiver.archive(file.pk) for file in files.values())
    return {file.kind: file for file in ClipFile.objects.all()}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Exit code and what it said."""

    def verify(*options: str) -> tuple[int, str]:
        code = 0
        try:
            call_command("verify_archive", *options)
        except SystemExit as end:
            code = int(end.code or 0)
        return code, capsys.readouterr().out

    return verify


Run = Callable[..., tuple[int, str]]


def row(table: str, kind: str) -> list[str]:
    return next(line.split()[1:] for line in table.splitlines() if line.startswith(f"{kind} "))


def test_an_archive_in_order(kept: Kept, run: Run) -> None:
    code, said = run()
    assert code == 0
    assert [row(said, kind) for kind in ("m4a", "mp3", "cover", "wav", "thumb")] == [
        ["1", "0", "0"],
        ["0", "0", "0"],
        *[["1", "0", "0"]] * 3,
    ]
    assert "0 unknown" in said


def test_what_is_missing_or_damaged_is_told_and_only_told(kept: Kept, run: Run) -> None:
    Path(kept["m4a"].file.path).unlink()
    with open(kept["wav"].file.path, "r+b") as wav:
        wav.seek(1000)
        wav.write(b"\xff")
    code, said = run()
    assert code == 1
    assert f"missing: m4a of {kept['m4a'].clip} (id {kept['m4a'].pk}), {kept['m4a'].file.name}" in said
    assert f"damaged: wav of {kept['wav'].clip}" in said
    assert (row(said, "m4a"), row(said, "wav")) == (["0", "1", "0"], ["0", "0", "1"])
    assert ClipFile.objects.stored().count() == 4
    assert run("--since-id", str(max(file.pk for file in kept.values())))[0] == 0


def test_a_reference_file_is_looked_at_too_and_only_told(band: Band, run: Run) -> None:
    content = picture()
    file = ReferenceFile(team=band.team, subscription=band.subscription, account=band.account, kind="image")
    file.name, file.size, file.sha256 = "harbour.jpg", len(content), hashlib.sha256(content).hexdigest()
    file.file.save(f"{uuid.uuid4().hex}.jpg", ContentFile(content))
    assert run("--mend") == (0, run()[1])
    assert row(run()[1], "reference") == ["1", "0", "0"]
    Path(file.file.path).write_bytes(b"half")
    code, said = run("--mend")
    assert code == 1
    assert f"damaged: the reference file “harbour.jpg”, {file.file.name}" in said
    assert row(said, "reference") == ["0", "0", "1"]


def test_mending_fetches_again_and_keeps_a_damaged_file_until_then(kept: Kept, run: Run) -> None:
    used = quota.usage(kept["wav"].clip.team).used
    for kind in ("wav", "thumb"):
        Path(kept[kind].file.path).write_bytes(b"half")
    code, said = run("--mend")
    assert code == 1
    assert "damaged, is fetched again: wav" in said
    assert "damaged, is created again: thumb" in said
    assert ClipFile.objects.exclude(state=State.STORED).get().kind == "wav", "a good cover stays"
    assert Path(kept["wav"].file.path).exists(), "it may be all there is"
    assert quota.usage(kept["wav"].clip.team).used == used - kept["wav"].size

    assert archiver.archive(kept["wav"].pk)
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        for file in ClipFile.objects.due(timezone.now()):
            assert archiver.archive(file.pk)
    assert run() == (0, run()[1])
    assert quota.usage(kept["wav"].clip.team).used == used


def test_a_small_picture_whose_cover_is_bad_too_comes_with_the_next_cover(kept: Kept, run: Run) -> None:
    Path(kept["cover"].file.path).write_bytes(b"half")
    Path(kept["thumb"].file.path).unlink()
    assert run("--mend")[0] == 1
    assert archiver.archive(kept["cover"].pk)
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        for file in ClipFile.objects.due(timezone.now()):
            assert archiver.archive(file.pk)
    assert run()[0] == 0


def test_of_a_damaged_file_and_a_former_one_the_former_is_kept(kept: Kept, run: Run) -> None:
    """It may be whole: it was taken out of use for its tags alone."""
    wav = kept["wav"]
    former = Path(wav.file.path).with_name(f"{uuid.uuid4().hex}.wav")
    former.write_bytes(Path(wav.file.path).read_bytes())
    name = f"{Path(wav.file.name).parent}/{former.name}"
    ClipFile.objects.filter(pk=wav.pk).update(former=name)
    Path(wav.file.path).write_bytes(b"half")
    run("--mend")
    assert ClipFile.objects.get(pk=wav.pk).former == name
    assert former.exists()
    assert not Path(wav.file.path).exists()


def test_an_empty_storage_is_taken_for_one_that_is_not_there(kept: Kept, run: Run, media: Path) -> None:
    media.rename(media.with_name("unmounted"))
    with pytest.raises(CommandError, match="Is it mounted"):
        run("--mend")
    assert run()[0] == 1, "without --mend it says what is missing"
    media.with_name("unmounted").rename(media)
    assert run()[0] == 0


def test_what_can_not_be_read_is_not_taken_for_damaged(kept: Kept, run: Run) -> None:
    """A folder in the file's place is refused to everybody, also to root, as a file of somebody else is to others."""
    place = Path(kept["m4a"].file.path)
    place.rename(place.with_suffix(".aside"))
    place.mkdir()
    with pytest.raises(CommandError, match="the next file could not be checked"):
        run("--mend")
    place.rmdir()
    place.with_suffix(".aside").rename(place)
    assert run()[0] == 0


def test_a_file_that_nobody_knows_is_listed_but_not_one_that_is_being_written(
    kept: Kept, run: Run, media: Path
) -> None:
    folder = Path(kept["m4a"].file.path).parent
    claim = uuid.uuid4()
    ClipFile.objects.filter(pk=kept["m4a"].pk).update(claim=claim)
    for place in (
        folder / f"{claim.hex}.m4a",
        folder / f"{uuid.uuid4().hex}.m4a",
        media / "clips" / "notes.txt",
    ):
        place.write_bytes(b"x")
    code, said = run("--mend")
    assert code == 1
    assert sorted(line for line in said.splitlines() if line.startswith("unknown")) == sorted(
        f"unknown: {path.relative_to(media)}"
        for path in media.rglob("*")
        if path.is_file() and path.read_bytes() == b"x" and claim.hex not in path.name
    )
    assert "2 unknown" in said
    assert len([path for path in media.rglob("*") if path.is_file()]) == 4 + 3, "none is removed"


def test_one_team_alone(kept: Kept, run: Run, band: Band) -> None:
    Path(kept["m4a"].file.path).unlink()
    assert run("--team", "Night Bus")[0] == 1
    assert run("--team", str(band.team.pk))[0] == 1
    assert run("--team", "Elsewhere")[0] == 0
    with pytest.raises(CommandError, match="no team Nobody"):
        run("--team", "Nobody")


def test_what_changes_while_it_is_read_is_no_trouble(kept: Kept) -> None:
    """Erased by somebody between the page of rows and the file."""
    looking = verification.verify(ClipFile.objects.all())
    next(looking)
    for file in kept.values():
        Path(file.file.path).unlink()
    ClipFile.objects.all().delete()
    assert [trouble for _, trouble in looking] == [""] * 3


def test_the_number_of_queries_does_not_grow_with_files(
    kept: Kept, django_assert_num_queries: Callable[..., object]
) -> None:
    take = Clip.objects.get(pk=kept["m4a"].clip_id)
    for kind in (Kind.MP3, Kind.COVER, Kind.WAV):
        values = {"file": kept["m4a"].file.name, "sha256": kept["m4a"].sha256, "size": kept["m4a"].size}
        ClipFile.objects.create(clip=take, kind=kind, state=State.STORED, **values)
    with django_assert_num_queries(2):
        assert len(list(verification.verify(ClipFile.objects.all()))) == 7
