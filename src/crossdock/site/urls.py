"""Every address. Each application says its own below the root; platforms call in under /in/."""

import importlib.util

from django.urls import URLPattern, URLResolver, include, path

from crossdock.site import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]
urlpatterns += [
    path("", include(f"crossdock.{name}.urls"))
    for name in ("accounts", "connections", "products", "orders", "fulfillment", "inventory", "inbound", "activity", "desk", "ui")
    if importlib.util.find_spec(f"crossdock.{name}.urls")
]
urlpatterns += [path("sign-in/", include("allauth.urls"))]

handler400 = "crossdock.ui.views.bad_request"
handler403 = "crossdock.ui.views.permission_denied"
handler404 = "crossdock.ui.views.not_found"
handler500 = "crossdock.ui.views.server_error"
