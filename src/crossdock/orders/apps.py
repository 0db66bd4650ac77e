from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "crossdock.orders"
    label = "orders"

    def ready(self) -> None:
        # Lanes register themselves when they are read.
        from crossdock.connections import panels
        from crossdock.orders import backfilling, counting, lanes, leading, rereading  # noqa: F401

        panels.add("crossdock.orders.views.stores.panel")
