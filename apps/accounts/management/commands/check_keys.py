from django.core.management.base import BaseCommand, CommandError

from apps.accounts.key_rotation import KeysDontFit, check_keys


class Command(BaseCommand):
    help = "Checks that FIELD_KEYS can decrypt the tokens in this database."

    def handle(self, *args: object, **options: object) -> None:
        try:
            check_keys()
        except KeysDontFit as error:
            raise CommandError(str(error)) from None
        self.stdout.write("FIELD_KEYS fit this database.")
