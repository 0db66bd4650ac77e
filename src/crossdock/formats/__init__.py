"""Delimited text: bytes to records and back. Plain Python."""
