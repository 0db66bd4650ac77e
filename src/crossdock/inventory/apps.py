from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "crossdock.inventory"
    label = "inventory"

    def ready(self) -> None:
        # Lanes register themselves when they are read.
        from crossdock.inventory import lanes  # noqa: F401
