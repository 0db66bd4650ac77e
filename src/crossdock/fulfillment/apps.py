from django.apps import AppConfig


class FulfillmentConfig(AppConfig):
    name = "crossdock.fulfillment"
    label = "fulfillment"

    def ready(self) -> None:
        # Lanes register themselves when they are read.
        from crossdock.fulfillment import lanes  # noqa: F401
        from crossdock.fulfillment.for_orders import FulfillmentForOrders
        from crossdock.orders import beyond

        beyond.provide(FulfillmentForOrders())
