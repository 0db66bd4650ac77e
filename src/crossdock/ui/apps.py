"""The UI kit as a Django application: templates, tags and static files, no tables."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UiConfig(AppConfig):
    name = "crossdock.ui"
    label = "ui"
    verbose_name = _("User interface")
