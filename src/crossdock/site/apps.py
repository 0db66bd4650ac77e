from django.apps import AppConfig
from django.db.backends.signals import connection_created

from crossdock.site.db import check_role


class SiteConfig(AppConfig):
    name = "crossdock.site"
    label = "site"

    def ready(self) -> None:
        from crossdock.jobs.timing import every_hour
        from crossdock.site.forgetting import forget_ended

        every_hour(forget_ended)
        connection_created.connect(check_role, dispatch_uid="crossdock.site.db.check_role")
