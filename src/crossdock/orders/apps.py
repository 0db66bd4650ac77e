from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "crossdock.orders"
    label = "orders"

    def ready(self) -> None:
        # Lanes register themselves when they are read.
        from crossdock.orders import lanes  # noqa: F401
