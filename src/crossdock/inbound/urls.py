"""Addresses of returns."""

from django.urls import path

from crossdock.accounts import slugs
from crossdock.inbound import views

slugs.register()

app_name = "inbound"
urlpatterns = [
    path("a/<account:account>/returns/", views.returns, name="returns"),
    path("a/<account:account>/returns/<short:public_id>/", views.one, name="return"),
    path("a/<account:account>/returns/<short:public_id>/raw/", views.raw, name="return_raw"),
]
