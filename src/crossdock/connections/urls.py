"""Addresses of connections and what they join; and those that platforms call: hooks, apps, the way back from a sign-in."""

from django.urls import path, register_converter
from django.urls.converters import get_converters

from crossdock.accounts import slugs
from crossdock.connections import webhooks
from crossdock.connections.models import ChannelKind
from crossdock.connections.views import (
    announcing,
    asked,
    asking,
    calls,
    guides,
    lists,
    merchant_pages,
    one,
    replacing,
    samples,
    schedules,
    sign_in,
    sites,
    unread_files,
    wizard,
    wizard_sites,
)


class Kind:
    """`<channel:kind>`: a kind of data, dashes for underscores."""

    regex = "|".join(kind.replace("_", "-") for kind in ChannelKind.values)

    def to_python(self, value: str) -> ChannelKind:
        """The kind."""
        return ChannelKind(value.replace("-", "_"))

    def to_url(self, value: str) -> str:
        """The part of the address."""
        return str(ChannelKind(value)).replace("_", "-")


class Side:
    """`<side:side>`: store or warehouse."""

    regex = "store|warehouse"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


slugs.register()
for name, converter in (("channel", Kind), ("side", Side)):
    if name not in get_converters():
        register_converter(converter, name)

HERE = "a/<account:account>"
CONNECTION = f"{HERE}/connections/<short:public_id>"

app_name = "connections"
urlpatterns = [
    path(f"{HERE}/connections/", lists.connections, name="list"),
    path(f"{HERE}/connections/new/", wizard.begin, name="new"),
    path(f"{HERE}/connections/new/<short:draft>/discard/", wizard.discard, name="wizard_discard"),
    path(f"{HERE}/connections/new/<short:draft>/<slug:step>/", wizard.step, name="wizard"),
    path(f"{HERE}/connections/new/<short:draft>/<side:step>/choices/<slug:field>/", wizard_sites.choices, name="wizard_choices"),
    path(f"{CONNECTION}/", one.one, name="one"),
    path(f"{CONNECTION}/settings/", one.settings, name="settings"),
    path(f"{CONNECTION}/locations/", one.locations, name="locations"),
    path(f"{CONNECTION}/mode/", one.mode, name="mode"),
    path(f"{CONNECTION}/default/", one.make_default, name="make_default"),
    path(f"{CONNECTION}/delete/", one.delete, name="delete"),
    path(f"{CONNECTION}/channels/", one.channels, name="channels"),
    path(f"{CONNECTION}/channels/<channel:kind>/", schedules.schedule, name="schedule"),
    path(f"{CONNECTION}/channels/<channel:kind>/switch/", one.switch, name="switch"),
    path(f"{CONNECTION}/channels/<channel:kind>/run/", one.run_now, name="run_now"),
    path(f"{HERE}/merchants/", lists.merchants, name="merchants"),
    path(f"{HERE}/merchants/new/", merchant_pages.new_merchant, name="new_merchant"),
    path(f"{HERE}/merchants/<short:public_id>/", merchant_pages.merchant, name="merchant"),
    path(f"{HERE}/stores/", lists.stores, name="stores"),
    path(f"{HERE}/stores/<short:public_id>/", sites.store, name="store"),
    path(f"{HERE}/stores/<short:public_id>/webhook-address/", announcing.make_address, name="webhook_address"),
    path(f"{HERE}/stores/<short:public_id>/webhook-address/replace/", replacing.replace_address, name="webhook_address_replace"),
    path(f"{HERE}/warehouses/", lists.warehouses, name="warehouses"),
    path(f"{HERE}/warehouses/<short:public_id>/", sites.warehouse, name="warehouse"),
    path(f"{HERE}/warehouse-files/", unread_files.unread_files, name="unread_files"),
    path(f"{HERE}/warehouse-files/<short:public_id>/set-aside/", unread_files.set_aside, name="unread_set_aside"),
    path(f"{HERE}/<side:side>-choices/<short:public_id>/<slug:field>/", sites.choices, name="choices"),
    path(f"{HERE}/<side:side>-credentials/<short:public_id>/", asking.of_site, name="asking"),
    path(f"{HERE}/connections/new/<short:draft>/<side:step>/ask/", asking.of_draft, name="asking_draft"),
    path("credentials/done/", asked.done, name="asked_done"),
    path("credentials/<str:token>/", asked.link, name="asked"),
    path("credentials/<str:token>/form/", asked.form, name="asked_form"),
    path("credentials/<str:token>/code/", asked.code, name="asked_code"),
    path("help/<slug:platform>/credentials/", guides.credentials, name="help"),
    path(f"{HERE}/sample/<slug:platform>/", samples.preview, name="sample"),
    path("in/<str:platform>/<str:token>", webhooks.receive, name="hook"),
    path("apps/<slug:platform>/webhooks/", webhooks.receive_for_app, name="app_webhooks"),
    path("apps/<slug:platform>/load/", calls.load, name="app_load"),
    path("apps/<slug:platform>/uninstall/", calls.uninstall, name="app_uninstall"),
    path("apps/<slug:platform>/remove_user/", calls.remove_user, name="app_remove_user"),
    path("oauth/<slug:platform>/callback", sign_in.callback, name="oauth_callback"),
]
