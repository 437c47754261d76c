from django.core.management.base import BaseCommand, CommandError

from apps.accounts import keys
from apps.accounts.crypto import CannotDecrypt
from apps.plural import counted


class Command(BaseCommand):
    help = "Encrypts tokens and waiting mails with the first key of FIELD_KEYS; after it the others may be taken out."

    def handle(self, *args: object, **options: object) -> None:
        try:
            keys.check_keys()
            changed = keys.rotate()
        except (keys.KeysDontFit, CannotDecrypt) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{counted(changed, 'secret')} encrypted anew. The site may keep running; take old keys out now."
        )
