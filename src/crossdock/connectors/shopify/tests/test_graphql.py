"""One call and what may come back, from a small server that says what it is told."""

import json
import logging

import pytest

from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.limits import LocalLimiter
from crossdock.connectors.kit.tests.servers import a_server, answering, http_to, in_turn
from crossdock.connectors.shopify.graphql import GraphQL, TooExpensive
from crossdock.connectors.shopify.queries import Changes

QUERY = "query Orders { shop { id } }"
MUTATION = "mutation CreateFulfillment { x }"


def saying(status=200, *headers, **body):
    return answering(status, json.dumps(body).encode(), *headers)


def failing(code, message="it failed", **more):
    return saying(data=None, errors=[{"message": message, "path": ["orders", 0, "name"], "extensions": {"code": code, **more}}])


def costing(requested, available, **body):
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    return saying(extensions={"cost": {"requestedQueryCost": requested, "actualQueryCost": 1, "throttleStatus": status}}, **body)


async def asked(talk, *, document=QUERY, limiter=None):
    async with a_server(talk) as server, http_to(server, limiter=limiter) as (http, _):
        graphql = GraphQL(http, credential_field="access")
        call = graphql.mutate if document is MUTATION else graphql.query
        return await call(document, dict), server, graphql


@pytest.mark.parametrize(
    ("talk", "read", "write"),
    [
        (failing("INTERNAL_SERVER_ERROR"), Unavailable, OutcomeUnknown),
        (failing("TIMEOUT"), Unavailable, OutcomeUnknown),
        (failing("ACCESS_DENIED"), AuthenticationFailed, AuthenticationFailed),
        (failing("undefinedField"), InvalidData, InvalidData),
        (failing("MAX_COST_EXCEEDED"), TooExpensive, TooExpensive),
        (saying(400, errors="[API] bad"), InvalidData, InvalidData),
        (saying(403, errors="no"), AuthenticationFailed, AuthenticationFailed),
        (saying(402, errors="Unavailable Shop"), Unavailable, Unavailable),
        (saying(430, errors="Security"), RateLimited, RateLimited),
        (answering(200, b"<html>"), InvalidData, OutcomeUnknown),
        (answering(200, b'{"data": 7}'), InvalidData, OutcomeUnknown),
        (answering(200, b"[" * 50_000), InvalidData, OutcomeUnknown),
    ],
)
async def test_what_leaves_a_write_open_is_unknown_and_what_refuses_it_is_said(talk, read, write):
    with pytest.raises(read):
        await asked(talk)
    with pytest.raises(write):
        await asked(talk, document=MUTATION)


async def test_a_denied_field_names_the_access_it_needs():
    talk = failing("ACCESS_DENIED", "Access denied for name field.", requiredAccess="`read_customers` access scope.")

    with pytest.raises(AuthenticationFailed, match="It needs: read_customers access scope") as caught:
        await asked(talk)

    assert caught.value.field == "access"
    assert "orders.name" in caught.value.message


async def test_denied_access_beside_data_is_not_overlooked():
    talk = saying(data={"shop": {}}, errors=[{"message": "Access denied for email", "extensions": {"code": "ACCESS_DENIED"}}])

    with pytest.raises(AuthenticationFailed):
        await asked(talk)


async def test_a_throttled_call_is_made_again_also_when_it_writes():
    throttled = costing(300, 1990, errors=[{"message": "Throttled", "extensions": {"code": "THROTTLED"}}])
    talk = in_turn(throttled, costing(300, 1700, data={"shop": {"id": "1"}}))

    answer, server, _ = await asked(talk, document=MUTATION)

    assert answer == {"shop": {"id": "1"}}
    assert len(server.requests) == 2


async def test_costs_are_learned_from_the_answer():
    limiter = LocalLimiter()

    _, _, graphql = await asked(costing(123, 5, data={"shop": {}}), limiter=limiter)

    assert graphql._costs == {("Orders", 20): 123.0}
    with pytest.raises(RateLimited):
        await limiter.acquire(900)


async def test_the_refusal_of_permanent_tokens_is_recognized():
    text = "[API] Non-expiring access tokens are no longer accepted for the Admin API. Start using expiring offline tokens"

    for talk in (saying(401, errors=text), saying(403, errors=text), saying(200, errors=text)):
        with pytest.raises(AuthenticationFailed, match="Choose Authorize in Shopify"):
            await asked(talk)


async def test_a_version_that_is_not_ours_is_noticed(caplog):
    with caplog.at_level(logging.WARNING):
        _, _, graphql = await asked(answering(200, b'{"data": {}}', "x-shopify-api-version: 2027-01"))

    assert graphql.served_version == "2027-01"
    assert "2027-01" in caplog.text


async def test_a_warning_of_the_search_fails_the_read():
    warning = {"field": "updated", "message": "Invalid search field for this query.", "code": "invalid_field"}
    talk = saying(data={"orders": {}}, extensions={"search": [{"path": ["orders"], "query": "x", "warnings": [warning]}]})

    with pytest.raises(InvalidData, match="Invalid search field"):
        await asked(talk)


SEVERAL = Changes("Mark", "ID!", "mark(id: $) { id }", most=5)


async def marked(talk, *ids, limiter=None):
    async with a_server(talk) as server, http_to(server, limiter=limiter) as (http, _):
        outcomes = await GraphQL(http, credential_field="access").mutate_each(SEVERAL, dict[str, str], ids)
        return outcomes, json.loads(server.requests[0].partition(b"\r\n\r\n")[2])


async def test_several_changes_go_in_one_call_and_each_is_answered():
    outcomes, sent = await marked(saying(data={"v0": {"id": "a"}, "v1": {"id": "b"}}), "a", "b")

    assert outcomes == [{"id": "a"}, {"id": "b"}]
    assert sent["variables"] == {"v0": "a", "v1": "b"}
    wanted = "mutation Mark($v0: ID!, $v1: ID!) { v0: mark(id: $v0) { id } v1: mark(id: $v1) { id } }"
    assert " ".join(sent["query"].split()) == wanted


async def test_of_several_changes_each_has_its_own_outcome():
    errors = [
        {"message": "no such thing", "path": ["v1"], "extensions": {"code": "NOT_FOUND"}},
        {"message": "it failed", "path": ["v2"], "extensions": {"code": "INTERNAL_SERVER_ERROR"}},
        {"message": "no name for you", "path": ["v4", "name"], "extensions": {"code": "ACCESS_DENIED"}},
    ]
    data = {"v0": {"id": "a"}, "v1": None, "v2": None, "v4": {"id": "e"}}

    outcomes, _ = await marked(saying(data=data, errors=errors), *"abcde")

    assert [type(one) for one in outcomes] == [dict, InvalidData, OutcomeUnknown, OutcomeUnknown, dict]


@pytest.mark.parametrize(
    ("talk", "raised"),
    [
        (failing("ACCESS_DENIED"), AuthenticationFailed),
        (failing("undefinedField"), InvalidData),
        (failing("INTERNAL_SERVER_ERROR"), OutcomeUnknown),
        (answering(200, b'{"data": {"v0": {"id"'), OutcomeUnknown),
        (answering(200, b'{"data": 7}'), OutcomeUnknown),
        (saying(data=None), OutcomeUnknown),
    ],
)
async def test_a_call_that_is_refused_or_lost_as_a_whole_is_the_outcome_of_all(talk, raised):
    with pytest.raises(raised):
        await marked(talk, "a", "b")


async def test_changes_of_which_nothing_is_said_are_unknown():
    outcomes, _ = await marked(saying(data={"v0": None}), "a", "b")

    assert [type(one) for one in outcomes] == [OutcomeUnknown, OutcomeUnknown]
