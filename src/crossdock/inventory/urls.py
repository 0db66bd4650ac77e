"""Addresses of stock: what warehouses say, what stores show, and how they are told."""

from django.urls import path

from crossdock.accounts import slugs
from crossdock.inventory import views

slugs.register()

HERE = "a/<account:account>"

app_name = "inventory"
urlpatterns = [
    path(f"{HERE}/inventory/", views.levels, name="list"),
    path(f"{HERE}/inventory/stores/", views.figures, name="figures"),
    path(f"{HERE}/inventory/sku/", views.sku, name="sku"),
    path(f"{HERE}/inventory/publishing/", views.channels, name="publishing"),
    path(f"{HERE}/inventory/publishing/<short:public_id>/", views.preview, name="preview"),
    path(f"{HERE}/connections/<short:public_id>/stock/", views.links, name="links"),
]
