"""The accounts application."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "crossdock.accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name the address parts, have the audit sealed every hour; grant what is not a tenant's, and make the coming months, after
        every migration.
        """
        from crossdock.accounts import chain, grants, slugs
        from crossdock.jobs.timing import every_hour

        slugs.register()
        every_hour(chain.seal_heads)
        post_migrate.connect(grants.after_migrate, sender=self)
