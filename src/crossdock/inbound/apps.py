from django.apps import AppConfig


class InboundConfig(AppConfig):
    name = "crossdock.inbound"
    label = "inbound"

    def ready(self) -> None:
        # Lanes register themselves when they are read.
        from crossdock.inbound import lanes  # noqa: F401
        from crossdock.inbound.queries import returns_of_order
        from crossdock.orders import beyond

        beyond.provide_returns(returns_of_order)
