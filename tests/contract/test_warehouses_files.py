"""What is particular to files, over SFTP and in a folder alike: names, halves, repetitions, bad rows, archives."""

import os
from decimal import Decimal

import pytest

from contract.warehouse_rig import EVERYTHING, every_warehouse_that
from crossdock.connectors.files.simulator.paper import Style
from crossdock.connectors.files.tests.examples import a_request
from crossdock.connectors.kit.capabilities import Done, Failed, PullsShipments, PullsStock, SendsOrders
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, NotReady, OutcomeUnknown, Unavailable
from crossdock.connectors.kit.pages import Position

warehouse = every_warehouse_that(SendsOrders, PullsShipments, PullsStock)

ROW = "1001,2026-02-01,UPS,1Z1,SKU-1,1\n"


class Crash(BaseException):
    """The process ends here."""


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


# Sending


@pytest.mark.parametrize("takes", ["nothing", "between"])
@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("together", [1, 3])
async def test_wherever_the_process_ends_each_order_arrives_once(warehouse, together, keeps, takes):
    warehouse.sim.keep_files(keeps)
    step, ended = 0, False
    while not ended:
        step += 1
        requests = [a_request(f"{step}-{number}") for number in range(1, 5)]
        async with warehouse.client(orders_per_file=together) as client:
            steps = _crash_at(client.files, step)

            async def note(evidence, steps=steps):
                next(steps)
                await warehouse.notes(evidence)
                next(steps)

            try:
                await client.send_orders(requests, note)
                ended = True
            except Crash:
                pass
        if takes == "between":
            warehouse.received()
        found = await warehouse.found(requests, orders_per_file=together)
        rest = [request for request in requests if request.key not in found]
        assert all(
            isinstance(outcome, Done) for outcome in (await warehouse.sent(rest, orders_per_file=together) if rest else [])
        )
        received = warehouse.received()
        assert [received.get(request.reference) for request in requests] == [1, 1, 1, 1], f"ended at step {step}"
    assert step >= 10


async def test_an_old_holder_that_is_refused_its_note_delivers_nothing(warehouse):
    async def overtaken(evidence):
        await warehouse.sent([a_request()])
        warehouse.received()
        raise Crash

    async with warehouse.client() as client:
        with pytest.raises(Crash):
            await client.send_orders([a_request()], overtaken)

    found = await warehouse.found([a_request()])
    assert [answer.evidence["stage"] for answer in found.values()] == ["picked_up"]
    assert warehouse.received() == {"1001": 1}


async def test_an_old_holder_that_wakes_after_its_note_delivers_nothing_twice(warehouse):
    async def overtaken(evidence):
        await warehouse.notes(evidence)
        found = await warehouse.found([a_request()])
        assert [answer.evidence["stage"] for answer in found.values()] == ["delivered"]
        warehouse.received()

    async with warehouse.client() as client:
        (failed,) = await client.send_orders([a_request()], overtaken)

    assert isinstance(failed.error, OutcomeUnknown)
    assert warehouse.received() == {"1001": 1}


async def test_sending_again_what_stands_there_leaves_no_draft_that_could_be_delivered_later(warehouse):
    await warehouse.sent([a_request()])

    (done,) = await warehouse.sent([a_request()])

    assert isinstance(done, Done)
    assert names(warehouse.into) == [done.external_id]
    warehouse.received()
    (answer,) = (await warehouse.found([a_request()])).values()
    assert answer.evidence["stage"] == "picked_up"
    assert warehouse.received() == {"1001": 1}


async def test_a_taken_file_that_nobody_answered_for_is_said_to_be_picked_up(warehouse):
    await warehouse.sent([a_request()])
    warehouse.received()

    found = await warehouse.found([a_request()])

    assert [answer.evidence["picked_up"] for answer in found.values()] == ["true"]


async def test_a_taken_file_that_the_warehouse_keeps_is_found_in_its_archive(warehouse):
    warehouse.sim.keep_files()
    await warehouse.sent([a_request()])
    warehouse.received()
    warehouse.notes.kept.clear()

    (answer,) = (await warehouse.found([a_request()])).values()

    assert answer.evidence["where"].startswith("/in/archive/")


async def test_a_file_of_our_name_with_other_content_is_left_and_reported(warehouse):
    name = "ord_1001_260131235958.csv"
    (warehouse.into / name).write_bytes(b"planted\n")

    (failed,) = await warehouse.sent([a_request()])
    (found,) = (await warehouse.found([a_request()])).values()

    assert isinstance(failed, Failed)
    assert isinstance(failed.error, InvalidData)
    assert found.differs
    assert (warehouse.into / name).read_bytes() == b"planted\n"


async def test_while_the_server_refuses_to_rename_nothing_arrives_and_the_remedy_is_said(warehouse):
    if not warehouse.is_networked:
        pytest.skip("a folder on this machine can be renamed in")
    warehouse.sim.refuse_rename()

    (failed,) = await warehouse.sent([a_request()])

    assert isinstance(failed.error, NotReady)
    assert "rename" in failed.error.message
    warehouse.sim.calm()
    assert warehouse.received() == {}


async def test_while_the_disk_is_full_sending_waits(warehouse):
    if not warehouse.is_networked:
        pytest.skip("the machine's own disk")
    warehouse.sim.fill_disk()

    (failed,) = await warehouse.sent([a_request()])

    assert isinstance(failed.error, Unavailable)
    warehouse.sim.calm()
    assert isinstance((await warehouse.sent([a_request()]))[0], Done)
    assert warehouse.received() == {"1001": 1}


async def test_a_line_cut_while_uploading_is_safe_to_repeat(warehouse):
    if not warehouse.is_networked:
        pytest.skip("no line to cut")
    warehouse.sim.hang_up_before_write(operation="write")

    (failed,) = await warehouse.sent([a_request()])

    assert isinstance(failed.error, Unavailable)
    assert not isinstance(failed.error, OutcomeUnknown)


# Checking


async def test_a_good_setup_is_named(warehouse):
    async with warehouse.client() as client:
        identity = await client.check()

    assert identity.id.startswith(("sftp://acme@127.0.0.1:", "folder:acme"))


@pytest.mark.parametrize("field", ["incoming", "outgoing"])
async def test_an_unknown_folder_names_its_field(warehouse, field):
    async with warehouse.client(**{field: "/nowhere"}) as client:
        with pytest.raises(InvalidData) as error:
            await client.check()

    assert error.value.field == field
    assert "/nowhere" in error.value.message


async def test_a_wrong_login_names_its_field(warehouse):
    (warehouse.sim.root / "other").write_bytes(b"")
    wrong, field, kind = (
        ({"password": "wrong"}, "password", AuthenticationFailed)
        if warehouse.is_networked
        else ({"folder": "other"}, "folder", InvalidData)
    )
    with pytest.raises(kind) as error:
        async with warehouse.client(**wrong):
            pass

    assert error.value.field == field


async def test_revoked_credentials_ask_for_new_ones(warehouse):
    if not warehouse.is_networked:
        pytest.skip("a folder has no credentials")
    warehouse.sim.revoke_key()

    with pytest.raises(AuthenticationFailed):
        async with warehouse.client():
            pass


async def test_the_files_sent_and_read_are_on_record_without_credentials(warehouse):
    await warehouse.sent([a_request()])
    warehouse.sim.put_file("acme", "shp_1.csv", ROW)
    await warehouse.shipments()

    kinds = [(exchange.method, exchange.is_write) for exchange in warehouse.exchanges]
    assert kinds == [("PUT", True), ("MOVE", True), ("GET", False), ("MOVE", True)]
    assert b'"PH","1001"' in warehouse.exchanges[0].request
    assert warehouse.exchanges[2].response == ROW.encode()
    assert not any("the right one" in f"{exchange}" for exchange in warehouse.exchanges)


# Receiving


async def test_files_read_are_archived_by_month(warehouse):
    warehouse.sim.put_file("acme", "shp_1.csv", ROW)
    os.utime(warehouse.out / "shp_1.csv", (1769904000, 1769904000))  # 2026-02-01

    await warehouse.shipments()

    assert names(warehouse.out) == []
    assert (warehouse.out / "archive/2026/02/shp_1.csv").read_text() == ROW


async def test_the_same_name_with_new_content_is_read_and_both_are_kept(warehouse):
    warehouse.sim.put_file("acme", "shp_1.csv", ROW, age=60)
    first, _ = await warehouse.shipments()
    warehouse.sim.put_file("acme", "shp_1.csv", ROW.replace("1Z1", "1Z2"), age=60)

    second, _ = await warehouse.shipments()

    assert [shipment.packages[0].tracking for shipment in (*first, *second)] == ["1Z1", "1Z2"]
    assert len(list((warehouse.out / "archive").rglob("*.csv"))) == 2


async def test_a_file_changed_after_it_was_read_stays_and_is_read_again(warehouse):
    warehouse.sim.put_file("acme", "shp_1.csv", ROW, age=60)
    async with warehouse.client() as client:
        receipts = [page.receipt async for page in client.shipments_changed(EVERYTHING)]
        warehouse.sim.put_file("acme", "shp_1.csv", ROW.replace("1Z1", "1Z2"))
        await client.settle(receipts[0])

    (shipment,), _ = await warehouse.shipments()

    assert shipment.packages[0].tracking == "1Z2"


async def test_the_same_content_under_a_new_name_is_the_same_shipment(warehouse):
    await warehouse.sent([a_request()])
    warehouse.received()
    for with_ids in (True, False):
        warehouse.sim.style = Style(with_ids=with_ids)
        warehouse.sim.merchants["acme"].orders["1001"].lines[0].shipped = 0
        warehouse.sim.ship("acme", "1001", {1: 1})
        first, _ = await warehouse.shipments()
        warehouse.sim.send_again("acme", "shp", f"shp_again_{with_ids}.csv")

        again, _ = await warehouse.shipments()

        assert first == again


async def test_a_half_written_file_waits_for_its_other_half(warehouse):
    await warehouse.sent([a_request(lines=9)])
    warehouse.received()
    warehouse.sim.ship("acme", "1001", half=True)

    early = await warehouse.shipments()
    warehouse.sim.finish_writing()
    (shipment,), rejected = await warehouse.shipments()

    assert early == ([], [])
    assert rejected == []
    assert len(shipment.packages[0].contents) == 9


async def test_a_file_that_has_just_changed_waits_where_the_warehouse_writes_slowly(warehouse):
    warehouse.sim.put_file("acme", "shp_1.csv", ROW)

    early, _ = await warehouse.shipments(quiet_seconds=600)
    os.utime(warehouse.out / "shp_1.csv", (1769904000, 1769904000))
    late, _ = await warehouse.shipments(quiet_seconds=600)

    assert (len(early), len(late)) == (0, 1)


@pytest.mark.parametrize("content", ["", "1001,2026-02-01,UPS,1Z1,SKU"])
async def test_an_empty_or_cut_file_is_waited_for_and_then_reported(warehouse, content):
    warehouse.sim.put_file("acme", "shp_1.csv", content)
    early = await warehouse.shipments()
    warehouse.sim.put_file("acme", "shp_1.csv", content, age=7200)

    shipments, (bad,) = await warehouse.shipments()

    assert early == ([], [])
    assert shipments == []
    assert bad.where == "shp_1.csv"
    assert names(warehouse.out) == ["shp_1.csv"]


async def test_a_warehouse_that_never_ends_its_last_line_can_be_read(warehouse):
    warehouse.sim.put_file("acme", "shp_1.csv", ROW.rstrip())

    (shipment,), _ = await warehouse.shipments(last_line_open=True)

    assert shipment.packages[0].contents[0].quantity == 1


@pytest.mark.parametrize(
    "name", [".shp_1.csv", "shp_1.csv.tmp", "shp_1.csv.filepart", "shp_1.csv.part", "shp_1.txt", "other_1.csv"]
)
async def test_files_under_other_names_are_left_alone(warehouse, name):
    warehouse.sim.put_file("acme", name, ROW)

    assert await warehouse.shipments() == ([], [])
    assert (warehouse.out / name).exists()


async def test_a_file_we_may_not_read_is_reported_and_holds_up_no_other(warehouse):
    if not warehouse.is_networked:
        pytest.skip("the service's user may be root")
    for number in (1, 2, 3):
        warehouse.sim.put_file("acme", f"shp_{number}.csv", ROW.replace("1001", str(number)))
    warehouse.sim.lock_file("shp_2.csv")

    shipments, (bad,) = await warehouse.shipments()

    assert [shipment.reference for shipment in shipments] == ["1", "3"]
    assert bad.where == "shp_2.csv"
    assert "does not let this login read" in bad.reason


async def test_an_archive_of_the_warehouse_that_is_closed_to_us_says_nothing(warehouse, tmp_path):
    await warehouse.sent([a_request()])
    warehouse.received()
    (warehouse.into / "archive").symlink_to(tmp_path)

    (answer,) = (await warehouse.found([a_request()])).values()

    assert answer.evidence["stage"] == "picked_up"


async def test_links_and_pipes_are_left_alone(warehouse, tmp_path):
    (tmp_path / "secret").write_text(ROW)
    (warehouse.out / "shp_link.csv").symlink_to(tmp_path / "secret")
    os.mkfifo(warehouse.out / "shp_pipe.csv")
    warehouse.sim.put_file("acme", "shp_1.csv", ROW)

    (shipment,), rejected = await warehouse.shipments()

    assert (shipment.reference, rejected) == ("1001", [])


async def test_bad_rows_are_reported_with_file_and_line_and_good_rows_go_on(warehouse):
    bad = "1002,2026-02-01,UPS,1Z2,SKU-1,1E+05\n"
    warehouse.sim.put_file("acme", "shp_1.csv", ROW + bad + ROW.replace("1001", "1003"))

    shipments, rejected = await warehouse.shipments()

    assert [shipment.reference for shipment in shipments] == ["1001", "1003"]
    assert [(row.where, row.field, row.raw) for row in rejected] == [("shp_1.csv line 2", "quantity", bad.encode())]
    assert (warehouse.out / "archive").is_dir()


async def test_a_file_with_nothing_but_bad_rows_goes_to_error_with_the_reasons(warehouse):
    warehouse.sim.put_file("acme", "shp_1.csv", ROW.replace("2026-02-01", "soon"))

    _, rejected = await warehouse.shipments()

    assert [row.where for row in rejected] == ["shp_1.csv line 1"]
    assert names(warehouse.out / "error") == ["shp_1.csv", "shp_1.csv.err"]
    assert "shp_1.csv line 1: The ship date" in (warehouse.out / "error/shp_1.csv.err").read_text()


async def test_files_with_byte_order_mark_other_line_ends_and_encodings_are_read(warehouse):
    warehouse.sim.put_file("acme", "shp_1.csv", "\ufeff" + ROW.replace("\n", "\r\n"))
    warehouse.sim.put_file("acme", "shp_2.csv", ROW.replace("1Z1", "Köln").replace("\n", "\r"), encoding="cp1252")

    in_utf8, rejected = await warehouse.shipments()
    warehouse.sim.put_file("acme", "shp_3.csv", ROW.replace("1Z1", "Köln"), encoding="cp1252")
    in_cp1252, _ = await warehouse.shipments(encoding="cp1252")

    assert [shipment.reference for shipment in in_utf8] == ["1001"]
    assert "is not UTF-8" in rejected[0].reason
    assert in_cp1252[0].packages[0].tracking == "Köln"


@pytest.mark.parametrize("keeps_moment", [True, False])
async def test_a_large_file_comes_in_pages_and_a_broken_off_run_goes_on_where_it_stopped(warehouse, keeps_moment):
    rows = [f"{number},2026-02-01,UPS,1Z{number},SKU-1,1\n" for number in range(600)]
    warehouse.sim.put_file("acme", "shp_1.csv", "".join(rows), age=60)
    warehouse.sim.put_file("acme", "shp_2.csv", ROW, age=30)

    seen, position, receipts = [], None, []
    while True:
        async with warehouse.client() as client:
            page = await anext(aiter(client.shipments_changed(EVERYTHING, position)), None)
        if page is None:
            break
        seen += [shipment.reference for shipment in page.shipments]
        position = page.position if keeps_moment else Position(None, page.position.id, page.position.cursor)
        receipts += [page.receipt] if page.receipt else []

    assert seen == [*map(str, range(600)), "1001"]
    assert len(receipts) == 2


async def test_many_small_files_come_oldest_first(warehouse):
    for number, age in enumerate((10, 30, 20)):
        warehouse.sim.put_file("acme", f"shp_{number}.csv", ROW.replace("1001", str(number)), age=age)

    shipments, _ = await warehouse.shipments()

    assert [shipment.reference for shipment in shipments] == ["1", "2", "0"]


async def test_a_half_written_snapshot_leaves_the_last_whole_one_standing(warehouse):
    for number in range(20):
        warehouse.sim.adjust_stock("acme", f"SKU-{number}", number)
    warehouse.sim.report_stock("acme")
    os.utime(next(warehouse.out.glob("inv_*")), (1769904000, 1769904000))
    warehouse.sim.adjust_stock("acme", "SKU-1", 99)
    warehouse.sim.report_stock("acme", half=True)

    before, _ = await warehouse.stock()
    warehouse.sim.finish_writing()
    after, _ = await warehouse.stock()

    assert (before["SKU-1"].available, after["SKU-1"].available) == (Decimal(1), Decimal(99))


async def test_a_snapshot_without_a_figure_is_none(warehouse):
    warehouse.sim.put_file("acme", "inv_1.csv", "SKU,Available\n")

    levels, pages = await warehouse.stock()

    assert levels == {}
    assert [page.is_snapshot for page in pages] == [False]


async def test_an_older_snapshot_is_archived_with_the_newest(warehouse):
    for age in (60, 30):
        warehouse.sim.put_file("acme", f"inv_{age}.csv", f"A,{age}\n", age=age)

    levels, _ = await warehouse.stock()

    assert levels["A"].available == 30
    assert names(warehouse.out) == []
    assert len(list((warehouse.out / "archive").rglob("inv_*.csv"))) == 2


def _crash_at(files, step: int):
    """Make a folder end the process at its nth step: before and after each write and rename, and around the note."""

    def count():
        for number in range(1, 1_000):
            if number == step:
                raise Crash
            yield number

    steps = count()

    def stopping(call):
        async def run(*arguments):
            next(steps)
            await call(*arguments)
            next(steps)

        return run

    files.write, files.rename = stopping(files.write), stopping(files.rename)
    return steps
