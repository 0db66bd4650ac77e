"""What `crossdock bench` runs: speed, limits, chaos."""

STARTS_PROCESSES = frozenset({"chaos", "flow"})
"""Benches that start web and workers, which refuse root."""
