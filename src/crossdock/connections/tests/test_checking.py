"""Test connection asks, says what is wrong where, and changes nothing."""

import pytest

from crossdock.accounts.testing import an_account
from crossdock.connections import checking, typed
from crossdock.connectors.files import connector as files
from crossdock.connectors.registry import connector_for
from crossdock.connectors.shopify import connector as shopify


def resolved(connector, fields):
    shown = {name: value for name, value in fields.items() if name not in ("client_secret", "password", "admin_token")}
    secrets = {name: fields[name] for name in ("client_secret", "password", "admin_token") if name in fields}
    found = typed.resolve(connector, {**typed.blank(connector), **shown}, secrets, "UTC")
    assert found.settings is not None, found.errors
    return found.settings


def check(connector, fields):
    return checking.check(connector, resolved(connector, fields), account_public_id="none")


def test_success_names_the_account_and_its_warnings(sandbox):
    found = check(shopify, sandbox.store_fields(location=next(iter(sandbox.locations.values()))))

    assert found.outcome.ok
    assert found.outcome.identity
    assert found.outcome.message == f"{found.outcome.name} answers."
    assert found.tokens is not None


def test_a_missing_choice_brings_its_options_along(sandbox):
    outcome = check(shopify, sandbox.store_fields()).outcome

    assert (outcome.ok, outcome.field) == (False, "location")
    assert {label for _value, label in outcome.choices["location"]} == set(sandbox.locations)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"client_secret": "shpss_wrong_secret_value"}, "client_secret"), ({"shop": "nobodys-shop"}, "shop")],
)
def test_an_error_names_the_field_at_fault(sandbox, changed, field):
    outcome = check(shopify, sandbox.store_fields(**changed)).outcome

    assert (outcome.ok, outcome.field) == (False, field)
    assert "shpss_" not in outcome.message


def test_a_warehouse_that_is_met_for_the_first_time_offers_its_fingerprint(sandbox):
    outcome = check(files, sandbox.warehouse_fields(host_key="")).outcome

    assert (outcome.field, outcome.offers) == ("host_key", {"host_key": sandbox.wms.fingerprint})


def test_a_wrong_password_stands_beside_the_password(sandbox):
    assert check(files, sandbox.warehouse_fields(password="not the password")).outcome.field == "password"


def test_refused_by_us_and_not_there_read_alike(sandbox, monkeypatch):
    monkeypatch.delenv("CROSSDOCK_BASE_URL__FILES")
    refused = check(files, sandbox.warehouse_fields(host="localhost.localdomain", port="2222")).outcome
    missing = check(files, sandbox.warehouse_fields(host="nobody.invalid", port="2222")).outcome

    assert refused.message.replace("localhost.localdomain", "HOST") == missing.message.replace("nobody.invalid", "HOST")
    assert refused.is_unreachable
    assert refused.field == "host"


AT_HOME = {
    "magento2": {"store_url": "https://127.0.0.1/shop", "access_token": "a" * 32},
    "acumatica": {
        "instance_url": "https://127.0.0.1/AcumaticaERP",
        "client_id": "BCB75B53-4D19-0F62-DE4F-4AD7E3F0A3C9@Company",
        "client_secret": "a secret",
        "username": "crossdock",
        "password": "a password",
    },
}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://127.0.0.1/shop", "could not be reached at 127.0.0.1. Check the address"),
        ("http://127.0.0.1/shop", "with https"),
    ],
)
@pytest.mark.parametrize("key", AT_HOME)
def test_what_is_wrong_with_an_address_is_said_beside_it(sandbox, monkeypatch, key, address, said):
    monkeypatch.delenv(f"CROSSDOCK_BASE_URL__{key.upper()}", raising=False)
    field = next(iter(AT_HOME[key]))

    settings = connector_for(key).settings.model_validate(AT_HOME[key] | {field: address})
    outcome = checking.check(connector_for(key), settings, account_public_id="none").outcome

    assert (outcome.ok, outcome.field) == (False, field)
    assert said in outcome.message


def test_nothing_is_written_anywhere(sandbox):
    check(shopify, sandbox.store_fields(location=next(iter(sandbox.locations.values()))))
    check(files, sandbox.warehouse_fields())

    assert [entry.operation for sim in (sandbox.shop, sandbox.wms) for entry in sim.log if entry.is_write] == []
    assert sandbox.shop.log
    assert sandbox.wms.log


def test_an_account_has_ten_tests_a_minute(db_ready, monkeypatch):
    monkeypatch.setattr(checking, "time", lambda: 1_000_000.0)
    account, other = an_account(), an_account()
    for _ in range(checking.A_MINUTE):
        checking.count(account.pk)

    with pytest.raises(checking.Refusal, match="Ten tests a minute"):
        checking.count(account.pk)
    checking.count(other.pk)
    monkeypatch.setattr(checking, "time", lambda: 1_000_060.0)
    checking.count(account.pk)
