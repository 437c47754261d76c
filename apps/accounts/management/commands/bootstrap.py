import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.accounts import bootstrap
from apps.accounts.email_addresses import PLAIN_ONLY, plain
from apps.accounts.models import Role, User
from apps.one_line import clean


class Command(BaseCommand):
    help = (
        "Adds a person to a team and prints a one-time sign-in link. Can be run again: for others, for another team or "
        "role, for a fresh link."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", help="the email address with which the person signs in")
        parser.add_argument("--team", help="the team's name; created if there is none")
        parser.add_argument("--name", default="", help="the name that the pages show")
        parser.add_argument("--role", choices=Role.values, help="default: owner of a new team, else member")
        parser.add_argument(
            "--password-stdin", action="store_true", help="reads a password; then no link is created"
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="does nothing when there is a user already"
        )
        parser.add_argument(
            "--sandbox", action="store_true", help="also gives the person the sandbox's token"
        )
        parser.add_argument(
            "--link",
            action="store_true",
            help="only a fresh link for the first owner, while nobody has signed in",
        )

    def handle(self, *args: object, **options: Any) -> None:
        if options["link"] and not options["email"]:
            owner = bootstrap.first_owner()
            if owner:
                self._print_link(owner)
            return
        if options["if_empty"] and User.objects.exists():
            return
        self._bring_in(options)

    def _bring_in(self, options: dict[str, Any]) -> None:
        email, team, name = _address(options["email"]), clean(options["team"] or ""), clean(options["name"])
        if not 0 < len(team) <= 80:
            raise CommandError("--team must be a name of 1 to 80 characters.")
        password = _password(email) if options["password_stdin"] else None
        user, created = bootstrap.person(email=email, name=name[:80], password=password)
        membership = bootstrap.join(user, team=team, role=Role(options["role"]) if options["role"] else None)
        self.stdout.write(
            f"{'Added' if created else 'Found'} {user.email}: {membership.role} of {membership.team.name}."
            + (f" {email} is another address of theirs." if email != user.email else "")
        )
        if options["sandbox"]:
            self._add_sandbox(bootstrap.add_sandbox(membership))
        if password is None:
            self._print_link(user)

    def _print_link(self, user: User) -> None:
        self.stdout.write(f"Sign in as {user.email}, once, within 24 hours:\n{bootstrap.link(user)}")

    def _add_sandbox(self, known: bool | None) -> None:
        if known is not None:
            later = "" if known else " It is not running yet; its accounts are read at first use."
            self.stdout.write(f"Added a token of the sandbox.{later}")


def _address(email: str | None) -> str:
    try:
        return plain(email or "")
    except ValidationError as error:
        look_alike = error.code == "look_alike"
        raise CommandError(
            f"--email: {PLAIN_ONLY}"
            if look_alike
            else "--email must be an address such as mara@nightbus.example."
        ) from None


def _password(email: str) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password
