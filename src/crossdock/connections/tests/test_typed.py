"""What was typed becomes settings, or sentences beside the fields."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from crossdock.connections import typed
from crossdock.connectors.files import connector as files
from crossdock.connectors.shopify import connector as shopify


def shopify_answers(**changed):
    return {**typed.blank(shopify), "shop": "acme", "access": "own_app", "client_id": "abc", "location": "1", **changed}


def test_an_untouched_form_shows_the_connectors_defaults_and_no_secret():
    raw = typed.blank(shopify)

    assert (raw["access"], raw["notify_customer"], raw["financial_statuses"]) == ("oauth", True, ["paid"])
    assert not {"client_secret", "admin_token", "return_magic_key"} & set(raw)


def test_answers_become_the_connectors_own_settings():
    resolved = typed.resolve(shopify, shopify_answers(delay_minutes="30"), {"client_secret": "s3cret"}, "UTC")

    assert resolved.errors == {}
    assert (resolved.settings.shop, resolved.settings.delay_minutes) == ("acme", 30)
    assert resolved.settings.client_secret == SecretStr("s3cret")


def test_a_moment_is_meant_in_the_accounts_time_zone_and_shown_in_it_again():
    resolved = typed.resolve(
        shopify, shopify_answers(accept_orders_after="2026-11-21T08:30"), {"client_secret": "x"}, "America/New_York"
    )

    assert resolved.settings.accept_orders_after == datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
    stored = typed.stored(shopify, resolved.settings.model_dump(mode="json"), "America/New_York")
    assert stored["accept_orders_after"] == "2026-11-21T08:30"


@pytest.mark.parametrize(
    ("changed", "secrets", "field", "sentence"),
    [
        ({"shop": ""}, {}, "shop", "This is needed."),
        ({"shop": "no such shop!"}, {}, "shop", "This does not look as expected. Example: acme-outdoor"),
        ({"delay_minutes": "soon"}, {}, "delay_minutes", "Type a whole number."),
        ({"delay_minutes": "-1"}, {}, "delay_minutes", "At least 0."),
        ({"financial_statuses": []}, {}, "financial_statuses", "Choose at least one."),
        ({"access": "carrier pigeon"}, {}, "access", "Choose one of the list."),
        ({"accept_orders_after": "tomorrow"}, {}, "accept_orders_after", "Type a date and a time, like 2026-11-21 08:00."),
        ({}, {}, "client_secret", "A client ID needs its secret."),
    ],
)
def test_each_error_is_a_sentence_beside_its_field(changed, secrets, field, sentence):
    resolved = typed.resolve(shopify, shopify_answers(**changed), secrets, "UTC")

    assert resolved.settings is None
    assert resolved.errors[field] == [sentence]


def test_a_rule_over_several_fields_names_the_field_at_fault():
    resolved = typed.resolve(files, {**typed.blank(files), "host": "sftp.example.com", "username": "acme"}, {}, "UTC")

    assert resolved.errors == {"password": ["A password or a private key is needed."]}


def test_what_is_not_asked_for_counts_for_nothing():
    raw = shopify_answers(access="token", client_id="!! not an id !!")

    resolved = typed.resolve(shopify, raw, {"admin_token": "shpat_1", "client_secret": ""}, "UTC")

    assert not typed.is_asked(shopify, raw, "client_id")
    assert resolved.settings.client_id == ""


def test_a_secret_of_another_way_in_is_not_used():
    resolved = typed.resolve(shopify, shopify_answers(), {"client_secret": "s", "admin_token": "shpat_1"}, "UTC")

    assert resolved.settings.admin_token == SecretStr("")


def test_the_address_is_what_decides_where_secrets_go():
    raw = {**typed.blank(files), "host": "sftp.example.com"}

    assert typed.address_of(files, raw) != typed.address_of(files, {**raw, "host": "sftp.example.net"})
    assert typed.address_of(files, raw) == typed.address_of(files, {**raw, "incoming": "/elsewhere"})
    assert typed.address_of(files, raw) == typed.address_of(files, {**raw, "folder": "not-asked-for"})
