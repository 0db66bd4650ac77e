"""Credentials that end, and the days on which people are warned."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from crossdock.connectors.kit.expiry import expiries, expiry_warnings
from crossdock.connectors.kit.settings import ConnectorSettings, setting

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Settings(ConnectorSettings):
    key: SecretStr = setting("API key", "Shown once.", default=SecretStr(""))
    key_ends: datetime | None = setting("API key ends on", "If it ends.", default=None, expiry_of="key")


def test_a_credential_without_an_end_is_never_warned_of():
    assert expiries(Settings()) == ()
    assert expiry_warnings(Settings(), now=NOW) == ()


@pytest.mark.parametrize(
    ("left", "stage"),
    [
        (timedelta(days=31), None),
        (timedelta(days=30), 30),
        (timedelta(days=8), 30),
        (timedelta(days=7), 7),
        (timedelta(days=2), 7),
        (timedelta(hours=24), 1),
        (timedelta(hours=1), 1),
        (timedelta(0), 0),
        (timedelta(days=-3), 0),
    ],
)
def test_it_is_warned_of_thirty_seven_and_one_days_before_and_after_its_end(left, stage):
    (expiry,) = expiries(Settings(key_ends=NOW + left))

    assert expiry.stage(NOW) == stage
    assert expiry.field == "key"


def test_the_warning_names_the_credential_and_the_day():
    assert expiry_warnings(Settings(key_ends=NOW + timedelta(days=6, hours=12)), now=NOW) == (
        "API key ends in 7 days, on 2026-11-27. Make a new one and enter it here before that day.",
    )
    assert "within a day" in expiry_warnings(Settings(key_ends=NOW + timedelta(hours=20)), now=NOW)[0]
    assert "ended on 2026-11-19" in expiry_warnings(Settings(key_ends=NOW - timedelta(days=1)), now=NOW)[0]
