from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    default = True

    def ready(self) -> None:
        """What follows a change of password or address, or a sign-in, is connected to the signals of Django and
        allauth."""
        for module in ("account_changes", "sign_ins"):
            import_module(f"apps.accounts.{module}")


class SessionsConfig(AppConfig):
    """allauth's list of sessions without its receivers: ours (sign_ins.py) also know requests from nowhere."""

    name = "allauth.usersessions"
    default_auto_field = "django.db.models.BigAutoField"
