"""The kit's own addresses: the page of components (in a demo), and the two choices kept in cookies."""

from django.urls import path

from crossdock.ui import views

app_name = "ui"
urlpatterns = [
    path("ui/components", views.components, name="components"),
    path("ui/theme", views.theme, name="theme"),
    path("ui/columns", views.columns, name="columns"),
]
