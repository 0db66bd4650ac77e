"""What people type, as they type it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from crossdock.connectors.acumatica.settings import client_id_of, ship_via_of, tenant_of, types_of
from crossdock.connectors.acumatica.tests.examples import settings
from crossdock.connectors.kit.expiry import expiries
from crossdock.connectors.kit.settings import secret_fields


@pytest.mark.parametrize(
    "pasted",
    [
        "https://erp.example.com/AcumaticaERP",
        "https://erp.example.com/AcumaticaERP/",
        " https://erp.example.com/AcumaticaERP/Main?CompanyID=Company&ScreenId=SO301000 ",
        "https://erp.example.com/AcumaticaERP/Frames/Login.aspx?ReturnUrl=%2f",
        "https://erp.example.com/AcumaticaERP/(W(10))/Main",
        "https://erp.example.com/AcumaticaERP/entity/Default/24.200.001",
    ],
)
def test_the_address_may_be_pasted_from_the_browser(pasted):
    assert settings(instance_url=pasted).instance_url == "https://erp.example.com/AcumaticaERP"


def test_an_instance_may_live_at_the_root():
    assert settings(instance_url="https://acme.example.com/Main?ScreenId=DB000031").instance_url == "https://acme.example.com"


@pytest.mark.parametrize("wrong", ["erp.example.com", "ftp://erp.example.com", "https://user:secret@erp.example.com/x"])
def test_what_is_no_address_is_refused(wrong):
    with pytest.raises(ValidationError):
        settings(instance_url=wrong)


def test_the_tenant_comes_with_the_client_id_or_is_put_behind_it():
    bare = settings(client_id="BCB75B53-4D19-0F62-DE4F-4AD7E3F0A3C9", tenant="Acme")

    assert (tenant_of(settings()), client_id_of(settings())) == ("Company", settings().client_id)
    assert (tenant_of(bare), client_id_of(bare)) == ("Acme", "BCB75B53-4D19-0F62-DE4F-4AD7E3F0A3C9@Acme")


def test_a_tenant_that_is_not_the_client_ids_is_refused():
    with pytest.raises(ValidationError, match="belongs to the tenant Company"):
        settings(tenant="Other")


def test_order_types_are_read_generously_and_checked():
    assert types_of(settings(order_types=" so ,SA,so")) == ("SO", "SA")
    with pytest.raises(ValidationError, match="SALES"):
        settings(order_types="SALES")
    with pytest.raises(ValidationError, match="at least one"):
        settings(order_types=" , ")


@pytest.mark.parametrize(
    ("carrier", "service", "code"),
    [
        ("UPS", "Ground", "UPSGROUND"),
        ("ups", "GROUND", "UPSGROUND"),
        ("UPS", "Next Day Air", "UPSANY"),
        ("FedEx", "2Day", None),
        (None, None, None),
    ],
)
def test_the_longest_ship_via_that_fits_is_taken(carrier, service, code):
    assert ship_via_of(settings(ship_via="UPS Ground = UPSGROUND\nUPS = UPSANY\n"), carrier, service) == code


def test_a_mapping_that_is_no_pair_is_refused():
    with pytest.raises(ValidationError, match="is no pair"):
        settings(ship_via="UPS Ground")


def test_the_secrets_end_is_known_in_utc():
    end = datetime(2026, 12, 31, 12, 0, tzinfo=timezone(timedelta(hours=-8)))

    (expiry,) = expiries(settings(secret_expires_at=end))

    assert (expiry.field, expiry.at) == ("client_secret", datetime(2026, 12, 31, 20, 0, tzinfo=UTC))


def test_all_that_is_secret_is_encrypted():
    assert secret_fields(type(settings())) == {"client_secret", "password", "push_secret"}
