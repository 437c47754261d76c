from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from apps.generation.models import SendLedger
from apps.generation.restore import database_identity, guard, marks


class Command(BaseCommand):
    help = (
        "flowweb notices a restored database by itself, unless the whole machine was turned back with all its disks: "
        "then run this before anything else is started. Nothing is sent, and what may have been sent since the "
        "backup is marked as unknown. --resume lets all teams send again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--resume", action="store_true", help="send again; decide about the jobs first")

    def handle(self, *args: object, resume: bool = False, **options: object) -> None:
        if resume:
            self._resume()
            return
        ledger = SendLedger.current()
        doubted = guard.hold(marks.since(ledger.series, ledger.sent))
        SendLedger.objects.filter(pk=ledger.pk).update(database=database_identity.read())
        self.stdout.write(f"Sending is paused. {_jobs(doubted)} may have been sent since the backup.")
        self.stdout.write(
            "They are searched for now; owners and admins decide about the others on the page /jobs/restored/."
        )
        self.stdout.write("Then resume sending: manage.py restored --resume")

    def _resume(self) -> None:
        lifted = guard.resume()
        self.stdout.write("Sending is resumed." if lifted else "Sending was not paused.")
        if left := guard.undecided():
            self.stdout.write(
                f"The outcome of {_jobs(left)} is still unknown. Nothing is sent again by itself."
            )


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
