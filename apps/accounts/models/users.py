import hashlib
import secrets
from datetime import timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

from apps.accounts.email_addresses import plain


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=plain(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person, known by e-mail address. Rights come from memberships alone; there is no superuser."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="")  # "": the browser's
    sessions_ended = models.PositiveIntegerField(default=0, db_default=0)  # how often all were ended

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.short_name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What every session of the person is signed with: the password, and how often all were ended."""
        found: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]  # the stubs don't know it
        return f"{found}.{self.sessions_ended}" if self.sessions_ended else found

    @property
    def short_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        words = self.short_name.replace(".", " ").replace("-", " ").split()
        return ("".join(word[0] for word in words[:2]) if len(words) > 1 else self.short_name[:2]).upper()


class SignInLink(models.Model):
    """A one-time way in, made by `manage.py bootstrap`. Only the hash of its secret is stored."""

    LIFETIME = timedelta(hours=24)

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    secret_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    @classmethod
    def issue(cls, user: User) -> str:
        """Makes a link for the user and returns its secret, which is shown once."""
        secret = secrets.token_urlsafe(24)
        cls.objects.filter(user=user, used_at=None).update(
            used_at=timezone.now()
        )  # only the newest one works
        cls.objects.create(
            user=user,
            secret_hash=hash_secret(secret),
            expires_at=timezone.now() + cls.LIFETIME,
        )
        return secret

    @classmethod
    def find(cls, secret: str) -> "SignInLink | None":
        return (
            cls.objects.select_related("user")
            .filter(
                secret_hash=hash_secret(secret),
                used_at=None,
                expires_at__gt=timezone.now(),
                user__is_active=True,
            )
            .first()
        )

    def consume(self) -> bool:
        """True for exactly one caller, however many try at once."""
        now = timezone.now()
        return (
            SignInLink.objects.filter(pk=self.pk, used_at=None, expires_at__gt=now).update(used_at=now) == 1
        )


def hash_secret(secret: str) -> str:
    """How random secrets in links are stored: they are long, so a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
