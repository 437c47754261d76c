"""Stores mail as rows when a page sends it; a worker delivers them.

So no page waits for a mail server, and a mail about a change goes out when the change is committed. It may hold a link
that signs somebody in, so it is encrypted like a token, its message carries the id alone, and it is erased once sent.
"""

import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.utils import timezone

from apps.accounts.crypto import CannotDecrypt, open_sealed, seal
from apps.accounts.models import Mail
from apps.smtp import Backend
from apps.wake import wake

logger = logging.getLogger(__name__)

IN_HANDS = timedelta(minutes=2)  # longer than a session with the server may take
AGAIN_AFTER = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
)
AT_ONCE = 20


class Outbox(BaseEmailBackend):
    """What Django and allauth send their mail with."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            _write_down(message)
        return len(email_messages)


def due() -> list[str]:
    """For the tick, should the messages be lost."""
    ready = Mail.objects.filter(next_try_at__lte=timezone.now()).order_by("next_try_at")
    return [str(pk) for pk in ready.values_list("pk", flat=True)[:AT_ONCE]]


def deliver(mail_id: str) -> bool:
    """Sends it, if it is due and nobody else does. Twice only if a worker dies in the moment after it was sent."""
    now = timezone.now()
    mine = Mail.objects.filter(pk=UUID(mail_id), next_try_at__lte=now)
    if mine.update(next_try_at=now + IN_HANDS, tries=F("tries") + 1) != 1:
        return False
    mail = Mail.objects.get(pk=UUID(mail_id))
    try:
        _send(mail)
    except CannotDecrypt:
        logger.exception("mail %s can't be decrypted, so it is not sent", mail.pk)
    except Exception as error:  # the server's refusals, time-outs, TLS
        return _try_later(mail, error)
    mail.delete()
    return True


def encrypt_again(mail: Mail) -> None:
    """With the first key, as it is now (key_rotation.py). It is not saved."""
    bound_to = _bound_to(mail.pk)
    mail.ciphertext = seal(open_sealed(mail.ciphertext, bound_to=bound_to), bound_to=bound_to)


def _send(mail: Mail) -> None:
    kept = json.loads(open_sealed(mail.ciphertext, bound_to=_bound_to(mail.pk)))
    alternatives = kept.pop("alternatives")
    message = EmailMultiAlternatives(connection=Backend(), **kept)
    for content, kind in alternatives:
        message.attach_alternative(content, kind)
    message.send()


def _try_later(mail: Mail, error: Exception) -> bool:
    """What a server says may quote the mail: only the kind of error goes into the log."""
    if mail.tries > len(AGAIN_AFTER):
        logger.error(
            "mail %s was not taken in %d tries and is given up: %s", mail.pk, mail.tries, type(error).__name__
        )
        mail.delete()
        return False
    logger.warning("mail %s is tried again later: %s", mail.pk, type(error).__name__)
    Mail.objects.filter(pk=mail.pk).update(next_try_at=timezone.now() + AGAIN_AFTER[mail.tries - 1])
    return False


def _write_down(message: EmailMessage) -> None:
    if message.attachments:
        raise ValueError("no mail of this site has attachments")
    kept = {
        "subject": str(message.subject),
        "body": str(message.body),
        "from_email": message.from_email,
        "to": list(message.to),
        "cc": list(message.cc),
        "bcc": list(message.bcc),
        "reply_to": list(message.reply_to),
        "headers": dict(message.extra_headers),
        "alternatives": [list(each) for each in getattr(message, "alternatives", [])],
    }
    mail = Mail()
    mail.ciphertext = seal(json.dumps(kept), bound_to=_bound_to(mail.pk))
    mail.save(force_insert=True)
    wake("accounts.mail", str(mail.pk))


def _bound_to(pk: UUID) -> str:
    return f"mail:{pk}"
