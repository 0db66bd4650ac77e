"""Acumatica's refusals, read as sentences: what is rolled back and stays refused, what passes, and what nobody knows."""

import json

import pytest

from crossdock.connectors.acumatica.saying import (
    errors_in,
    is_business_rule,
    is_full,
    is_passing,
    plain,
    refusal_in,
)


def px(message="Something is wrong.", kind="PX.Data.PXException", **more):
    return json.dumps({"message": "An error has occurred.", "exceptionMessage": message, "exceptionType": kind, **more})


def test_errors_of_fields_come_before_the_general_one():
    body = {
        "error": "Inserting 'Shipment' record raised at least one error. Please review the errors.",
        "PostPeriod": {"value": "", "error": "The financial period is closed."},
        "Details": [{"ShippedQty": {"value": 9, "error": "Item was overshipped."}}],
    }

    found = errors_in(json.dumps(body).encode())

    assert [field for field, _ in found] == ["", "PostPeriod", "Details[0].ShippedQty"]
    assert refusal_in(json.dumps(body).encode()) == ("PostPeriod", "The financial period is closed.; Item was overshipped.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (px("Ünïcode “quoted” \\ text"), "Ünïcode “quoted” \\ text"),
        ('{"message":"You are not logged in."}', "You are not logged in."),
        ('{"message":"An error has occurred."}', ""),
        ("<html><body>500 - Server error.</body></html>", ""),
        ("", ""),
        (px("x" * 900)[:500], "x" * 300),
    ],
)
def test_the_words_are_the_exceptions_own(text, words):
    assert plain(text) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (px(), True),
        (px("y" * 900)[:500], True),  # cut before its type
        (px(kind="System.OutOfMemoryException"), False),
        ('{"message":"An error has occurred."}', False),
        ("<html>Service Unavailable</html>", False),
    ],
)
def test_a_rule_is_told_from_a_broken_server(text, expected):
    assert is_business_rule(text) is expected


def test_a_busy_database_passes():
    assert is_passing(px(kind="PX.Data.PXDatabaseException"))
    assert is_passing(px("Transaction was deadlocked on lock resources"))
    assert not is_passing(px())


def test_a_full_license_is_known_by_its_words_or_its_stack():
    assert is_full(px("API Login Limit"))
    assert is_full(px("Sorry.", stackTrace="at PX.Data.Licensing.checkApiUsersLimits()"))
    assert not is_full(px())


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"error": 1}', b"null", b"\xff\xfe"])
def test_no_body_is_too_odd(body):
    assert refusal_in(body)[0] is None
