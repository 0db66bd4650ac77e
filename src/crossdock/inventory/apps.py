from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "crossdock.inventory"
    label = "inventory"

    def ready(self) -> None:
        # Lanes, and what a connection leads on to, register themselves when they are read.
        from crossdock.inventory import lanes, leading  # noqa: F401
