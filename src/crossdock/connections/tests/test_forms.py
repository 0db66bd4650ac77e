"""A connector's questions as a page asks them."""

from django.http import QueryDict

from crossdock.connections import typed
from crossdock.connections.forms import SettingsForm, read_settings
from crossdock.connections.views.site_forms import authorize_when
from crossdock.connectors.files import connector as files
from crossdock.connectors.kit.settings import fields_of
from crossdock.connectors.shopify import connector as shopify
from crossdock.ui.forms import SecretInput, Switch


def a_form(connector=shopify, raw=None, **options):
    return SettingsForm(connector, {**typed.blank(connector), **(raw or {})}, prefix="store", **options)


def test_every_setting_has_its_field_with_label_and_help():
    for connector in (shopify, files):
        form = a_form(connector)

        assert [(field.label, field.help_text) for field in form] == [
            (spec.label, spec.help) for spec in fields_of(connector.settings)
        ]


def test_kinds_of_settings_get_their_controls():
    form = a_form()

    assert isinstance(form.fields["client_secret"].widget, SecretInput)
    assert isinstance(form.fields["notify_customer"].widget, Switch)
    assert 'type="number"' in str(form["delay_minutes"])
    assert 'type="datetime-local"' in str(form["accept_orders_after"])
    assert str(form["financial_statuses"]).count('type="checkbox"') == 7
    assert str(form["access"]).count('type="radio"') == 3


def test_credentials_come_first_and_the_rest_below_a_heading():
    form = a_form()

    assert [field.name for field in form.credentials] == ["shop", "access", "client_id", "client_secret", "admin_token"]
    assert "location" in [field.name for field in form.imports]


def test_a_stored_secret_is_said_and_never_sent():
    html = a_form(stored=frozenset({"client_secret"})).as_p()

    assert "Stored. Type to replace it." in html
    assert 'value="s3cret"' not in html


def test_a_field_that_is_not_asked_for_is_away_until_its_answer_is_given():
    assert a_form(raw={"access": "token"}).fields["client_id"].is_away
    assert not a_form(raw={"access": "own_app"}).fields["client_id"].is_away
    assert "hidden" in a_form(raw={"access": "token"})["client_id"].as_field_group()


def test_options_of_the_platform_make_a_select_that_keeps_an_unknown_value():
    form = a_form(raw={"location": "9"}, choices={"location": [("1", "Reno"), ("2", "Dayton")]}, choices_url="/choices/FIELD/")
    html = str(form["location"])

    assert '<option value="9" selected>9</option>' in html
    assert '<option value="1">Reno</option>' in html
    assert 'data-choices-url="/choices/location/"' in html


def test_before_they_are_loaded_the_value_is_a_text_box():
    assert '<input type="text" name="store-location" value="9"' in str(a_form(raw={"location": "9"})["location"])


def test_a_posted_form_is_parted_into_what_may_be_shown_and_what_may_not():
    data = QueryDict(mutable=True)
    data.update({"store-shop": " acme ", "store-client_secret": " s3cret\n", "store-notify_customer": "on"})
    data.setlist("store-financial_statuses", ["paid", "pending"])
    data["store-forget-return_magic_key"] = "on"

    sent = read_settings(shopify, data, "store")

    assert (sent["shop"], sent["notify_customer"], sent["import_test_orders"]) == ("acme", True, False)
    assert sent["financial_statuses"] == ["paid", "pending"]
    assert sent.secrets == {"client_secret": "s3cret"}
    assert sent.forgotten == {"return_magic_key"}
    assert "client_secret" not in sent


def test_a_key_of_several_lines_keeps_its_lines():
    sent = read_settings(files, QueryDict("warehouse-private_key=-----BEGIN%0D%0Aabc%0D%0A-----END"), "warehouse")

    assert sent.secrets["private_key"] == "-----BEGIN\nabc\n-----END\n"


def test_the_button_to_authorize_comes_with_the_answer_that_needs_it():
    assert authorize_when(shopify, typed.blank(shopify)) == ("access", ("oauth",))
    assert authorize_when(files, typed.blank(files)) is None
