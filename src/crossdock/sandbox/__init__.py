"""Serves the simulators of all platforms; control page and API."""
