"""A market for the tests of stock."""

import pytest

from support.stall import Market, stalls_and_sheds


@pytest.fixture
def market(account):
    with stalls_and_sheds():
        yield Market(account)
