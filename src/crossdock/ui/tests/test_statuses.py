"""How states are shown."""

import pytest

from crossdock.domain.statuses import OrderStatus, ShipmentStatus
from crossdock.ui.icons import icon_names
from crossdock.ui.statuses import KINDS, Tone, key_of, status_of
from crossdock.ui.templatetags.ui import status

EVERY = [(kind, key) for kind, table in KINDS.items() for key in table]


@pytest.mark.parametrize(("kind", "key"), EVERY)
def test_every_status_has_an_icon_a_word_a_tone_and_a_meaning(kind, key):
    row = status_of(kind, key)

    assert row.icon in icon_names()
    assert str(row.word)
    assert row.tone in Tone
    assert str(row.meaning).endswith(".")


@pytest.mark.parametrize("state", OrderStatus)
def test_every_status_of_a_sales_order_can_be_shown_in_its_own_words(state):
    assert str(status_of("sales_order", state).word) == state.label


@pytest.mark.parametrize("state", ShipmentStatus)
def test_every_status_of_a_shipment_can_be_shown_in_its_own_words(state):
    assert str(status_of("shipment", state).word) == state.label


def test_no_two_states_of_a_kind_with_one_tone_look_alike_without_color():
    for kind, table in KINDS.items():
        icons = [row.icon for row in table.values()]
        assert len(icons) == len(set(icons)), kind


@pytest.mark.parametrize("written", ["On Hold", "on_hold", "on-hold", OrderStatus.ON_HOLD, " ON HOLD "])
def test_a_state_is_found_however_it_is_written(written):
    assert key_of(written) == "on-hold"


def test_a_state_that_is_not_in_the_table_is_refused():
    with pytest.raises(KeyError, match="lost"):
        status_of("sales_order", "lost")


def test_a_badge_says_the_state_by_shape_word_and_tone_and_escapes_its_detail():
    html = status("sales_order", "delayed", "<b>10:41</b>")

    assert "tone-wait" in html
    assert "#repeat" in html
    assert ">Delayed<" in html
    assert "&lt;b&gt;10:41" in html
