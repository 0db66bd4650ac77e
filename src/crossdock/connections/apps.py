from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "crossdock.connections"
    label = "connections"

    def ready(self) -> None:
        # Lanes register themselves when they are read.
        from crossdock.connections import expiring, lanes  # noqa: F401
