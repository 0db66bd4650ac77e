"""Fixtures for every test, in the source tree and in tests/; what they do is in tests/support."""

pytest_plugins = ["support.database", "support.reference", "support.browser", "support.order"]
