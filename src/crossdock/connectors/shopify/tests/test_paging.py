"""Lists that do not end as they should."""

import pytest

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.shopify.paging import Pages
from crossdock.connectors.shopify.payloads import ShPageInfo


@pytest.mark.parametrize("again", ["begun here", "second", None])
def test_a_list_that_leads_back_to_a_page_it_gave_is_not_read_for_ever(again):
    pages = Pages("orders", "begun here")
    pages.turn(ShPageInfo(has_next_page=True, end_cursor="second"), 50, may_begin_anew=False)

    with pytest.raises(InvalidData, match="without end"):
        pages.turn(ShPageInfo(has_next_page=True, end_cursor=again), 50, may_begin_anew=False)
