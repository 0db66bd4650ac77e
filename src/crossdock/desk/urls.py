"""Addresses of the first page, of the search, and of privacy requests."""

from django.urls import path

from crossdock.accounts import slugs
from crossdock.desk import views
from crossdock.desk.privacy import views as privacy

slugs.register()

app_name = "desk"
urlpatterns = [
    path("a/<account:account>/", views.home, name="home"),
    path("a/<account:account>/part/", views.part, name="part"),
    path("a/<account:account>/search/", views.search, name="search"),
    path("a/<account:account>/privacy/", privacy.privacy, name="privacy"),
    path("a/<account:account>/privacy/look/", privacy.look, name="privacy_look"),
    path("a/<account:account>/privacy/erase/", privacy.erase, name="privacy_erase"),
    path("a/<account:account>/privacy/<short:public_id>/download/", privacy.download, name="privacy_download"),
    path("a/<account:account>/privacy/<short:public_id>/answer/", privacy.answer, name="privacy_answer"),
]
