from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "crossdock.jobs"
    label = "jobs"
