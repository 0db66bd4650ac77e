from django.apps import AppConfig


class FulfillmentConfig(AppConfig):
    name = "crossdock.fulfillment"
    label = "fulfillment"
