from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "crossdock.desk"
    label = "desk"

    def ready(self) -> None:
        # Lanes register themselves when they are read.
        from crossdock.connections import panels
        from crossdock.desk.privacy import acting  # noqa: F401

        panels.add("crossdock.desk.privacy.views.panel")
