from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "crossdock.orders"
    label = "orders"
