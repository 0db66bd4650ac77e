"""Addresses of products."""

from django.urls import path

from crossdock.accounts import slugs
from crossdock.products import views

slugs.register()

app_name = "products"
urlpatterns = [
    path("a/<account:account>/products/", views.products, name="list"),
    path("a/<account:account>/products/<short:public_id>/", views.product, name="product"),
]
