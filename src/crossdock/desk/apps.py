from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "crossdock.desk"
    label = "desk"
