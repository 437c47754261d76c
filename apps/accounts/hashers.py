from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """With 19 MiB in place of Django's 100, as OWASP asks for at least: every thread of `web` may be at it at once."""

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
