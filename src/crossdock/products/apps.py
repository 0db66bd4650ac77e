from django.apps import AppConfig


class ProductsConfig(AppConfig):
    name = "crossdock.products"
    label = "products"

    def ready(self) -> None:
        # Lanes, and what a connection leads on to, register themselves when they are read.
        from crossdock.products import lanes, leading  # noqa: F401
