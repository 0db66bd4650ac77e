from django.apps import AppConfig
from django.db.backends.signals import connection_created

from crossdock.site.db import check_role


class SiteConfig(AppConfig):
    name = "crossdock.site"
    label = "site"

    def ready(self) -> None:
        connection_created.connect(check_role, dispatch_uid="crossdock.site.db.check_role")
