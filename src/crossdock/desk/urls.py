"""Addresses of the first page and of the search."""

from django.urls import path

from crossdock.accounts import slugs
from crossdock.desk import views

slugs.register()

app_name = "desk"
urlpatterns = [
    path("a/<account:account>/", views.home, name="home"),
    path("a/<account:account>/part/", views.part, name="part"),
    path("a/<account:account>/search/", views.search, name="search"),
]
