"""Every warehouse that takes orders gets each one once."""

import pytest

from contract.warehouse_rig import RIGS, every_warehouse_that
from crossdock.connectors.files.tests.examples import a_request
from crossdock.connectors.kit.capabilities import Done, Failed, SendsOrders
from crossdock.connectors.kit.errors import ConnectorError, OutcomeUnknown
from crossdock.connectors.kit.http import ObserveOnly
from crossdock.connectors.registry import every_connector

warehouse = every_warehouse_that(SendsOrders)


def test_every_warehouse_connector_has_a_rig():
    with_rig = {connector.key for connector, _ in RIGS.values()}

    assert {connector.key for connector in every_connector().values() if connector.kind == "warehouse"} == with_rig


async def test_each_order_is_asked_for_once(warehouse):
    requests = [a_request(str(number)) for number in range(1, 6)]

    outcomes = await warehouse.sent(requests)

    assert {outcome.key for outcome in outcomes} == {request.key for request in requests}
    assert all(isinstance(outcome, Done) and outcome.external_id for outcome in outcomes)
    assert warehouse.received() == dict.fromkeys("12345", 1)


async def test_the_warehouse_reads_what_was_meant(warehouse):
    await warehouse.sent([a_request("1001")])

    warehouse.received()
    order = warehouse.sim.merchants["acme"].orders["1001"]
    assert (order.name, order.address1, order.address2, order.city) == ("Jane Doe", "12 Mill Road", "Unit 4", "Louisville")
    assert (order.state, order.postal_code, order.country, order.phone) == ("KY", "40202", "US", "502-555-0100")
    assert (order.po, order.email, order.method, order.payment) == ("PO-77", "jane@example.com", "UPS-GROUND", "P")
    assert [(line.number, line.sku, line.quantity) for line in order.lines] == [(1, "SKU-1", 1.0), (2, "SKU-2", 2.0)]


async def test_what_was_sent_is_found_and_ours(warehouse):
    request = a_request()
    await warehouse.sent([request])

    found = await warehouse.found([request, a_request("2002")])

    assert set(found) == {request.key}
    assert found[request.key].differs is None


async def test_what_was_never_sent_is_not_found(warehouse):
    assert await warehouse.found([a_request()]) == {}


async def test_a_line_cut_after_the_write_is_looked_up_and_not_sent_again(warehouse):
    if not warehouse.is_networked:
        pytest.skip("no line to cut")
    requests = [a_request(str(number)) for number in range(1, 4)]
    warehouse.sim.hang_up_after_write()

    outcomes = await warehouse.sent(requests)

    unknown = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    assert unknown
    assert all(isinstance(outcome.error, OutcomeUnknown) for outcome in unknown)
    assert await _settled(warehouse, requests) == dict.fromkeys("123", 1)


async def test_a_line_cut_before_the_write_loses_nothing(warehouse):
    if not warehouse.is_networked:
        pytest.skip("no line to cut")
    requests = [a_request(str(number)) for number in range(1, 4)]
    warehouse.sim.hang_up_before_write()

    outcomes = await warehouse.sent(requests)

    assert any(isinstance(outcome, Failed) for outcome in outcomes)
    assert await _settled(warehouse, requests) == dict.fromkeys("123", 1)


@pytest.mark.parametrize("seed", range(4))
async def test_through_faults_by_chance_each_order_arrives_once(warehouse, seed):
    if not warehouse.is_networked:
        pytest.skip("no line to cut")
    requests = [a_request(str(number)) for number in range(1, 13)]
    warehouse.sim.faults(0.08, seed, ["cut_before", "cut_after", "status_503", "status_503_after_write"])

    received = await _settled(warehouse, requests)

    assert received == {request.reference: 1 for request in requests}


async def test_sending_while_observing_writes_nothing(warehouse):
    before = warehouse.everything()

    async with warehouse.client(may_write=False) as client:
        with pytest.raises(ObserveOnly):
            await client.send_orders([a_request()], warehouse.notes)

    assert warehouse.everything() == before
    assert warehouse.sim.writes() == []


async def _settled(warehouse, requests) -> dict[str, int]:
    """Do as the hub does with what is open: look it up, send what was not found, until all is known. The warehouse takes orders
    between the rounds.
    """
    todo = {request.key: request for request in requests}
    for _ in range(60):
        warehouse.received()
        try:
            for key in await warehouse.found(list(todo.values())):
                del todo[key]
        except ConnectorError:
            continue
        if not todo:
            return warehouse.received()
        try:
            outcomes = await warehouse.sent(list(todo.values())[:5])
        except ConnectorError:
            continue
        for outcome in outcomes:
            if isinstance(outcome, Done):
                del todo[outcome.key]
    raise AssertionError("it never came to an end")
