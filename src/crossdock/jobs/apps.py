from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "crossdock.jobs"
    label = "jobs"

    def ready(self) -> None:
        # The task of the queue registers itself when it is read.
        from crossdock.jobs import worker  # noqa: F401
