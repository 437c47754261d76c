from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from apps.generation import database_identity, restore, sent_marks
from apps.generation.models import SendLedger


class Command(BaseCommand):
    help = (
        "A restored database is noticed without this. Only a machine that was turned back with all its disks can't "
        "notice: run this before anything else is started. Nothing is sent, and what may have been sent since the "
        "backup is marked as not known. --resume lets all teams send again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--resume", action="store_true", help="send again; decide about the jobs first")

    def handle(self, *args: object, resume: bool = False, **options: object) -> None:
        if resume:
            self._resume()
            return
        ledger = SendLedger.current()
        doubted = restore.hold(sent_marks.since(ledger.series, ledger.sent))
        SendLedger.objects.filter(pk=ledger.pk).update(database=database_identity.read())
        self.stdout.write(f"Sending is paused. {_jobs(doubted)} may have been sent since the backup.")
        self.stdout.write(
            "They are looked for now; owners and admins decide about the others on the page /jobs/restored/."
        )
        self.stdout.write("Then let sending go on: manage.py restored --resume")

    def _resume(self) -> None:
        lifted = restore.resume()
        self.stdout.write("Sending goes on." if lifted else "Sending was not paused.")
        if left := restore.undecided():
            self.stdout.write(f"{_jobs(left)} are still not known; they are never sent again by themselves.")


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
