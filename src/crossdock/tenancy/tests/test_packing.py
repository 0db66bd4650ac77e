"""What only we read, as it is stored."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.tenancy.packing import pack, unpack


@given(st.binary())
def test_what_is_stored_is_a_zlib_stream_and_comes_back_whole(whole):
    assert zlib.decompress(pack(whole)) == unpack(pack(whole)) == whole


def test_what_is_no_stream_is_refused():
    with pytest.raises(zlib.error):
        unpack(b"no stream")
