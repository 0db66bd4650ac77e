"""The story of each record, and every message exchanged with a platform."""
