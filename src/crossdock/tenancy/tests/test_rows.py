"""Rows that say something about records that cannot be stored."""

import msgspec

from crossdock.tenancy.rows import rows_to_tell


def test_a_character_zero_is_marked_and_a_written_one_stays():
    rows = [{"why": "a\0b"}, {"why": "\\u0000"}, {"why": "\\\0"}]

    assert msgspec.json.decode(rows_to_tell(rows)) == [{"why": "a\ufffdb"}, {"why": "\\u0000"}, {"why": "\\\ufffd"}]
