"""Addresses of orders, their exchanges, and what could not be understood."""

from django.urls import path

from crossdock.accounts import slugs
from crossdock.orders.views import acting, exchanges, listing, one, reading, stores

slugs.register()

app_name = "orders"
urlpatterns = [
    path("a/<account:account>/orders/", listing.orders, name="list"),
    path("a/<account:account>/orders/rows/", listing.rows, name="rows"),
    path("a/<account:account>/orders/act/", acting.act_on_many, name="act"),
    path("a/<account:account>/orders/statuses/", reading.statuses, name="statuses"),
    path("a/<account:account>/orders/not-understood/", reading.not_understood, name="not_understood"),
    path("a/<account:account>/orders/not-understood/<int:pk>/", reading.not_understood_raw, name="not_understood_raw"),
    path(
        "a/<account:account>/orders/not-understood/<int:pk>/set-aside/",
        reading.not_understood_set_aside,
        name="not_understood_set_aside",
    ),
    path("a/<account:account>/orders/<short:public_id>/", one.order, name="detail"),
    path("a/<account:account>/orders/<short:public_id>/part/", one.part, name="part"),
    path("a/<account:account>/orders/<short:public_id>/act/", acting.act_on_one, name="act_on_one"),
    path("a/<account:account>/orders/<short:public_id>/data/", exchanges.data, name="data"),
    path("a/<account:account>/orders/<short:public_id>/data/reveal/", exchanges.reveal_data, name="reveal_data"),
    path("a/<account:account>/orders/<short:public_id>/data/download/", exchanges.download, name="download"),
    path("a/<account:account>/stores/<short:public_id>/orders/", stores.part, name="store_part"),
    path("a/<account:account>/stores/<short:public_id>/orders/fetch/", stores.fetch, name="store_fetch"),
    path("a/<account:account>/stores/<short:public_id>/orders/count/", stores.count, name="store_count"),
    path("a/<account:account>/stores/<short:public_id>/orders/fetch-one/", stores.fetch_one, name="store_fetch_one"),
    path("a/<account:account>/exchanges/<uuid:message_id>/", exchanges.exchange, name="exchange"),
    path("a/<account:account>/exchanges/<uuid:message_id>/reveal/", exchanges.reveal, name="reveal"),
]
