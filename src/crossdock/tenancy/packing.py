"""What only we read, as it is stored: compressed before it comes to the database, which keeps such columns as they are."""

import zlib

from isal import isal_zlib


def pack(whole: bytes) -> bytes:
    """Bytes as they are stored: a zlib stream, whichever library reads it."""
    return isal_zlib.compress(whole, 1)


def unpack(stored: bytes) -> bytes:
    """Bytes as they were. Raises zlib.error when they are no zlib stream."""
    return zlib.decompress(stored)
