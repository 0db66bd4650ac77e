"""Addresses of shipments, and of going Live."""

from django.urls import path

from crossdock.accounts import slugs
from crossdock.fulfillment import views

slugs.register()

app_name = "fulfillment"
urlpatterns = [
    path("a/<account:account>/shipments/", views.shipments, name="shipments"),
    path("a/<account:account>/shipments/rows/", views.rows, name="rows"),
    path("a/<account:account>/shipments/act/", views.act, name="act"),
    path("a/<account:account>/shipments/<short:public_id>/", views.shipment, name="shipment"),
    path("a/<account:account>/connections/<short:public_id>/go-live/", views.go_live, name="go_live"),
]
