from django.db import models


class KeyCanary(models.Model):
    """A known text under each key id ever used: a start with the wrong FIELD_KEYS fails here, not on a token."""

    kid = models.CharField(max_length=32, primary_key=True)
    ciphertext = models.TextField()
