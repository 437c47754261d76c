"""The product's way to hash a password, without its slowness: once instead of a million times."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class OneRound(PBKDF2PasswordHasher):
    iterations = 1
