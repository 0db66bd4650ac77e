"""What the form asks, and where an error stands."""

import pytest
from pydantic import ValidationError

from crossdock.connectors.files import connector
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.capabilities import PullsShipments, PullsStock, SendsOrders
from crossdock.connectors.kit.settings import FieldKind, fields_of, secret_fields

SFTP = {"transport": "sftp", "host": "sftp.example.com", "username": "acme", "password": "p"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"transport": "folder"}, "folder"),
        ({"transport": "folder", "folder": "../x"}, "folder"),
        ({**SFTP, "host": ""}, "host"),
        ({**SFTP, "username": ""}, "username"),
        ({**SFTP, "password": None}, "password"),
        ({**SFTP, "port": 0}, "port"),
        ({**SFTP, "time_zone": "Mars"}, "time_zone"),
        ({**SFTP, "delimiter": '"'}, "delimiter"),
        ({**SFTP, "incoming": "/i\nn"}, "incoming"),
    ],
)
def test_what_is_missing_or_wrong_stands_beside_its_field(values, field):
    with pytest.raises(ValidationError) as refused:
        Settings(**values)

    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


def test_a_key_will_do_instead_of_a_password():
    assert Settings(**{**SFTP, "password": None, "private_key": "k"}).private_key


def test_secrets_are_encrypted_and_addresses_ask_for_them_again():
    assert secret_fields(Settings) == {"password", "private_key", "passphrase"}
    assert {spec.name for spec in fields_of(Settings) if spec.is_address} == {"transport", "folder", "host", "port", "root"}


def test_every_field_has_words_and_a_kind():
    for spec in fields_of(Settings):
        assert spec.label
        assert spec.help.endswith((".", "?")), spec.name
        assert not spec.choices or spec.kind is FieldKind.CHOICE


def test_it_sends_orders_and_gives_shipments_and_stock():
    assert all(connector.can(capability) for capability in (SendsOrders, PullsShipments, PullsStock))
    assert connector.channels() == {"sales_orders", "shipments", "inventory"}
