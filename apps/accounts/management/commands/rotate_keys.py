from django.core.management.base import BaseCommand, CommandError

from apps.accounts import key_rotation
from apps.accounts.crypto import CannotDecrypt
from apps.plural import counted


class Command(BaseCommand):
    help = "Encrypts tokens and waiting mails with the first key of FIELD_KEYS; afterwards the others may be removed."

    def handle(self, *args: object, **options: object) -> None:
        try:
            key_rotation.check_keys()
            changed = key_rotation.rotate()
        except (key_rotation.KeysDontFit, CannotDecrypt) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{counted(changed, 'secret')} encrypted again. The site can keep running; remove old keys now."
        )
