"""What became of a file whose renaming was cut off, asked over a line that is cut again."""

import pytest

from crossdock.connectors.filestore.tests.rig import Rig
from crossdock.connectors.kit.errors import Unavailable


@pytest.fixture
async def rig():
    rig = Rig()
    await rig.start()
    yield rig
    await rig.stop()


async def test_a_look_that_is_cut_off_while_it_finishes_a_renaming_may_be_had_again(rig):
    notice = rig.notice(await rig.order(rig.places()))
    rig.sim.hang_up_before_write()
    await rig.post(notice)
    rig.sim.hang_up_after_write()

    with pytest.raises(Unavailable):
        await rig.find(notice)

    assert set(await rig.find(notice)) == {notice.key}
    assert rig.told() == {notice.tracking[0].number: 1}
