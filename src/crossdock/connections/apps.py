from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "crossdock.connections"
    label = "connections"
