from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "crossdock.activity"
    label = "activity"
