"""The address of everything that happened."""

from django.urls import path

from crossdock.accounts import slugs
from crossdock.activity import views

slugs.register()

app_name = "activity"
urlpatterns = [
    path("a/<account:account>/activity/", views.activity, name="list"),
    path("a/<account:account>/activity/rows/", views.rows, name="rows"),
]
