"""A browser for the tests."""
