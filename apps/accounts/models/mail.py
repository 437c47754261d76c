import uuid

from django.db import models
from django.utils import timezone


class Mail(models.Model):
    """A mail that is to be sent (outbox.py). It holds no address in plain text, and goes when it is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ciphertext = models.TextField(editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"mail of {self.created_at:%Y-%m-%d %H:%M}"
