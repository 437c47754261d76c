from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        """What follows a change of password or address is connected to allauth's signals."""
        import_module("apps.accounts.account_changes")
