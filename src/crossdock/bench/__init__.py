"""What `crossdock bench` runs: speed, limits, chaos."""
