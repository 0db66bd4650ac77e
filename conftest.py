"""Fixtures for every test, in the source tree and in tests/; what they do is in tests/support."""

from hypothesis import HealthCheck, settings

# How fast a machine makes up examples says nothing about what is tested.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

pytest_plugins = ["support.database", "support.reference", "support.browser", "support.served", "support.order"]
