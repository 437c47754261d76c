import sys
import time
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Team
from apps.library.archiving import verification
from apps.library.models import ClipFile, ReferenceFile

EVERY_S = 5.0
REFERENCE = "reference"  # a file that somebody uploaded, beside the kinds of a take's files


class Command(BaseCommand):
    help = (
        "Reads every stored file and compares its size and checksum with what was stored; also lists files in the "
        "storage that nobody knows. Exit code 1 if anything is wrong. Can run beside the site, be "
        "stopped and be continued."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--team", default="", help="only this team: its name or id")
        parser.add_argument(
            "--mend",
            action="store_true",
            help="fetches what is missing or damaged again; a damaged file stays until a good one is there",
        )
        parser.add_argument("--since-id", type=int, default=0, help="continues after the file of this id")

    def handle(self, *args: object, **options: Any) -> None:
        team = _team(options["team"]) if options["team"] else None
        files = ClipFile.objects.for_team(team) if team else ClipFile.objects.all()
        self._counts: Counter[tuple[str, str]] = Counter()
        try:
            self._verify(files, since=options["since_id"], mends=options["mend"])
            self._verify_references(team)
            strangers = self._list_unknown(team)
        except OSError as error:
            raise CommandError(
                f"Stopped after id {self._last}, the next file could not be checked: {error}"
            ) from None
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. Continue with --since-id {self._last}.", returncode=130) from None
        self._print_table(strangers)
        if strangers or any(trouble for _, trouble in self._counts):
            sys.exit(1)

    def _verify(self, files: Any, *, since: int, mends: bool) -> None:
        total, self._last = files.stored().filter(pk__gt=since).count(), since
        if mends and total and verification.is_empty():
            raise CommandError("There is no file at all in the storage. Is it mounted? Nothing was changed.")
        told_at = time.monotonic()
        for done, (file, trouble) in enumerate(verification.verify(files, since=since), start=1):
            self._counts[file.kind, trouble] += 1
            self._last = file.pk
            if trouble:
                self._tell(file, trouble, mended=mends and verification.mend(file))
            if time.monotonic() - told_at > EVERY_S:
                told_at = time.monotonic()
                self.stderr.write(f"{done} of {total} files, up to id {file.pk}")

    def _verify_references(self, team: Team | None) -> None:
        files = ReferenceFile.objects.for_team(team) if team else ReferenceFile.objects.all()
        for file, trouble in verification.verify_references(files):
            self._counts[REFERENCE, trouble] += 1
            if trouble:
                self.stdout.write(f"{trouble}: the reference file “{file}”, {file.file.name}")

    def _tell(self, file: ClipFile, trouble: str, *, mended: bool) -> None:
        then = f", is {'created' if file.kind == ClipFile.Kind.THUMB else 'fetched'} again" if mended else ""
        self.stdout.write(f"{trouble}{then}: {file.kind} of {file.clip} (id {file.pk}), {file.file.name}")

    def _list_unknown(self, team: Team | None) -> int:
        count = 0
        for count, name in enumerate(verification.unknown(team.pk if team else None), start=1):  # noqa: B007
            self.stdout.write(f"unknown: {name}")
        return count

    def _print_table(self, strangers: int) -> None:
        troubles = (verification.GOOD, verification.MISSING, verification.DAMAGED)
        lines: list[tuple[str, ...]] = [("", "good", "missing", "damaged")]
        for kind in (*ClipFile.Kind.values, REFERENCE):
            lines.append((kind, *(str(self._counts[kind, trouble]) for trouble in troubles)))
        for line in lines:
            self.stdout.write(f"{line[0]:<10}" + "".join(f"{cell:>10}" for cell in line[1:]))
        self.stdout.write(f"{strangers} unknown")


def _team(asked: str) -> Team:
    """By name or id. CommandError if there is none, or more than one."""
    try:
        found = list(Team.objects.filter(pk=asked))
    except (ValidationError, ValueError):
        found = list(Team.objects.filter(name=asked)[:2])
    if len(found) != 1:
        raise CommandError(
            f"There is no team {asked}."
            if not found
            else f"More than one team is called {asked}: use its id."
        )
    return found[0]
