"""A settings class read back as questions."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import SecretStr, ValidationError

from crossdock.connectors.kit.settings import FieldKind, StoreSettings, fields_of, secret_fields, setting


class Settings(StoreSettings):
    name: str = setting("Name", "What it is called.", is_address=True)
    key: SecretStr = setting("Key", "Shown once.")
    kinds: tuple[str, ...] = setting("Kinds", "Some of them.", default=("a",), choices=(("a", "A"), ("b", "B")), group="import")
    accept_orders_after: datetime | None = setting("Accept orders after", "In our words.", default=None, group="import")


def test_a_platforms_own_questions_come_before_what_every_store_is_asked():
    assert [spec.name for spec in fields_of(Settings)] == [
        "name",
        "key",
        "kinds",
        "order_number_prefix",
        "delay_minutes",
        "accept_orders_after",
        "import_test_orders",
    ]


def test_a_question_knows_how_it_is_asked():
    specs = {spec.name: spec for spec in fields_of(Settings)}

    assert (specs["key"].kind, specs["kinds"].kind, specs["delay_minutes"].kind) == (
        FieldKind.SECRET,
        FieldKind.CHOICES,
        FieldKind.NUMBER,
    )
    assert (specs["accept_orders_after"].kind, specs["accept_orders_after"].help) == (FieldKind.MOMENT, "In our words.")
    assert (specs["name"].required, specs["kinds"].required, specs["name"].is_address) == (True, False, True)
    assert secret_fields(Settings) == {"key"}


def test_moments_need_a_zone_and_are_kept_in_utc():
    later = datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    assert Settings(name="a", key="k", accept_orders_after=later).accept_orders_after == datetime(2026, 11, 1, 10, tzinfo=UTC)
    with pytest.raises(ValidationError, match="time zone"):
        Settings(name="a", key="k", accept_orders_after=datetime(2026, 11, 1))  # noqa: DTZ001  (the mistake itself)


@pytest.mark.parametrize("values", [{"order_number_prefix": "A B"}, {"order_number_prefix": "x" * 13}, {"delay_minutes": -1}])
def test_what_every_store_is_asked_is_checked(values):
    with pytest.raises(ValidationError):
        Settings(name="a", key="k", **values)
