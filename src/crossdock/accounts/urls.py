"""Addresses of people and accounts. An account's own pages are below /a/<account>/, in every application."""

from django.urls import path

from crossdock.accounts import slugs, views

slugs.register()

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/", views.choose, name="choose"),
    path("profile/", views.profile, name="profile"),
    path("profile/sessions/<int:pk>/end/", views.end_session, name="end_session"),
    path("first-administrator/<str:token>/", views.first_admin, name="first_admin"),
    path("a/<account:account>/settings/", views.account_settings, name="settings"),
]
