from django.apps import AppConfig


class ProductsConfig(AppConfig):
    name = "crossdock.products"
    label = "products"

    def ready(self) -> None:
        # Lanes register themselves when they are read.
        from crossdock.products import lanes  # noqa: F401
