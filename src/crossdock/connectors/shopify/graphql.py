"""One GraphQL call: paced by points, judged by its errors, read into a type."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import Raw, Struct

from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import (
    AuthenticationFailed,
    ConnectorError,
    InvalidData,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from crossdock.connectors.kit.http import Answer, Http, said
from crossdock.connectors.shopify.queries import VERSION, Changes

T = TypeVar("T")

log = logging.getLogger(__name__)

MAX_COST = 1000
"""Points one query may cost, whatever the shop's plan."""

_TRIES = 4
_PERMANENT_TOKEN_REFUSED = "Non-expiring access tokens are no longer accepted"  # noqa: S105  (a text of Shopify's)


class _Throttle(Struct, frozen=True, rename="camel"):
    maximum_available: Decimal = Decimal(0)
    currently_available: Decimal = Decimal(0)
    restore_rate: Decimal = Decimal(0)


class _Cost(Struct, frozen=True, rename="camel"):
    requested_query_cost: Decimal | None = None
    throttle_status: _Throttle = _Throttle()


class _SearchWarning(Struct, frozen=True):
    field: str | None = None
    message: str = ""


class _Search(Struct, frozen=True):
    warnings: tuple[_SearchWarning, ...] = ()


class _Extensions(Struct, frozen=True):
    cost: _Cost | None = None
    search: tuple[_Search, ...] = ()


class _ErrorExtensions(Struct, frozen=True, rename="camel"):
    code: str | None = None
    required_access: str | None = None


class _Error(Struct, frozen=True):
    message: str = ""
    path: tuple[str | int, ...] | None = None
    extensions: _ErrorExtensions = _ErrorExtensions()


class _Envelope(Struct, frozen=True):
    data: Raw = Raw(b"null")
    errors: tuple[_Error, ...] | str = ()
    extensions: _Extensions = _Extensions()


class _Answer(Struct, frozen=True):
    """An answer that was not throttled, and the errors in it that stand for the whole call."""

    data: Raw
    errors: tuple[_Error, ...]


class TooExpensive(InvalidData):
    """The query costs more points than one query may; a smaller page is to be asked for."""


class GraphQL:
    """Sends documents to one shop. Costs are learned from the answers, by operation. `remedy` is what to do about a missing scope."""

    def __init__(self, http: Http, *, credential_field: str, remedy: str = "Give the app that access.") -> None:
        self._http = http
        self._credential_field = credential_field
        self._remedy = remedy
        self._costs: dict[tuple[str, float], float] = {}
        self.served_version: str | None = None

    async def query(self, document: str, type_: type[T], *, cost: float = 20, **variables: Any) -> T:
        """Ask, and read `data` as a type. `cost` is a first guess in points.

        Raises TooExpensive, InvalidData for a search that Shopify did not understand, and what `Http.read` raises.
        """
        return await self._call(document, type_, variables, cost=cost, is_write=False)

    async def mutate(self, document: str, type_: type[T], *, cost: float = 10, **variables: Any) -> T:
        """Change, once. A clear refusal is raised as such; whatever leaves the outcome open is OutcomeUnknown."""
        return await self._call(document, type_, variables, cost=cost, is_write=True)

    async def mutate_each(
        self, changes: Changes, type_: type[T], values: Sequence[Any], *, cost: float = 10
    ) -> list[T | ConnectorError]:
        """Change several things by one call, each once; `cost` is of one. What became of each, in their order, as `mutate` says it.

        Raises what meets all of them: a call that was refused as a whole, or whose answer was lost.
        """
        named = {f"v{place}": value for place, value in enumerate(values)}
        operation = changes.name
        answer = await self._ask(changes.document(len(named)), named, cost=cost * len(named), is_write=True)
        if bytes(answer.data) == b"null":
            self._raise_first(answer.errors, is_write=True)
        try:
            data = decode(answer.data, dict[str, Raw], what=f"Shopify's answer to {operation}")
        except InvalidData as error:
            raise _unreadable(error) from error
        return [self._outcome(name, data.get(name), answer.errors, type_, operation) for name in named]

    def _outcome(
        self, name: str, content: Raw | None, errors: Sequence[_Error], type_: type[T], operation: str
    ) -> T | ConnectorError:
        """What became of one of several changes. One that gave something was made, whatever else went wrong with the answer."""
        if content is not None and bytes(content) != b"null":
            try:
                return decode(content, type_, what=f"Shopify's answer to {operation}")
            except InvalidData as unfit:
                return _unreadable(unfit)
        about = next((error for error in errors if error.path and error.path[0] == name), None)
        if about is None:
            return OutcomeUnknown(f"Shopify did not say what became of {operation}.")
        return self._fault(about, is_write=True)

    async def _call(self, document: str, type_: type[T], variables: Mapping[str, Any], *, cost: float, is_write: bool) -> T:
        answer = await self._ask(document, variables, cost=cost, is_write=is_write)
        self._raise_first(answer.errors, is_write=is_write)
        try:
            return decode(answer.data, type_, what=f"Shopify's answer to {_name_of(document)}")
        except InvalidData as error:
            raise (_unreadable(error) if is_write else error) from error

    async def _ask(self, document: str, variables: Mapping[str, Any], *, cost: float, is_write: bool) -> _Answer:
        operation = _name_of(document)
        body = {"query": document, "variables": variables, "operationName": operation}
        send = self._http.write if is_write else self._http.read
        for _ in range(_TRIES):
            try:
                answer = await send(
                    "POST",
                    f"admin/api/{VERSION}/graphql.json",
                    operation=operation,
                    json=body,
                    cost=self._costs.get((operation, cost), cost),
                )
            except AuthenticationFailed as error:
                raise self._explained(error) from error
            self._notice_version(answer)
            self._judge_status(answer)
            try:
                envelope = decode(answer.body, _Envelope, what="Shopify's answer")
            except InvalidData as error:
                raise (_unreadable(error) if is_write else error) from error
            self._learn(envelope, (operation, cost))
            if isinstance(envelope.errors, str):
                raise self._refused(envelope.errors)
            if not any(error.extensions.code == "THROTTLED" for error in envelope.errors):
                self._judge_search(envelope)
                return _Answer(envelope.data, envelope.errors)
        raise RateLimited("Shopify is throttling this shop.", retry_after=timedelta(seconds=10))

    def _notice_version(self, answer: Answer) -> None:
        served = answer.headers.get("x-shopify-api-version")
        if served is not None and served != self.served_version and served != VERSION:
            log.warning("Shopify answers in API version %s; this connector is written for %s", served, VERSION)
        self.served_version = served or self.served_version

    def _judge_status(self, answer: Answer) -> None:
        """What a status below 500 means here; see “Status and error codes” of the Admin API."""
        status = answer.status
        if status < 300:
            return
        words = self._http.masked(said(answer))
        if _PERMANENT_TOKEN_REFUSED in words:
            raise self._permanent_refused()
        if status == 402:
            raise Unavailable(f"The Shopify shop is frozen because a bill is unpaid{words}. Orders go on when it is open again.")
        if status == 423:
            raise Unavailable(f"Shopify has locked the shop{words}. Ask Shopify's support; orders go on when it is open again.")
        if status == 403:
            raise AuthenticationFailed(
                f"Shopify does not let the app in{words}. Check that it is installed in this shop and has its scopes. {self._remedy}",
                field=self._credential_field,
            )
        if status == 404:
            raise InvalidData(
                f"There is no Shopify shop of this name, or it does not answer API version {VERSION}. Check the shop name.",
                field="shop",
                evidence={"refused": "404"},
            )
        if status == 430:
            raise RateLimited("Shopify took our calls for an attack.", retry_after=timedelta(minutes=1))
        raise InvalidData(f"Shopify answered {status}{words}.", evidence={"refused": str(status)})

    def _learn(self, envelope: _Envelope, call: tuple[str, float]) -> None:
        """Note what a call of this kind and size is charged, and what the bucket holds."""
        cost = envelope.extensions.cost
        if cost is None:
            return
        if cost.requested_query_cost is not None:
            self._costs[call] = float(cost.requested_query_cost)
        throttle = cost.throttle_status
        self._http.limiter.learn(
            float(throttle.currently_available), float(throttle.maximum_available), float(throttle.restore_rate)
        )

    def _refused(self, errors: str) -> ConnectorError:
        if _PERMANENT_TOKEN_REFUSED in errors:
            return self._permanent_refused()
        return InvalidData(f"Shopify refused the call: “{self._http.masked(errors[:300])}”.", evidence={"refused": "errors"})

    def _raise_first(self, errors: Sequence[_Error], *, is_write: bool) -> None:
        """Raise what the errors of a call mean: the first that tells more than that the call was refused."""
        faults = [self._fault(error, is_write=is_write) for error in errors]
        telling = [fault for fault in faults if type(fault) is not InvalidData]
        if faults:
            raise (telling or faults)[0]

    def _fault(self, error: _Error, *, is_write: bool) -> ConnectorError:
        """What one error means."""
        code = error.extensions.code
        masked = self._http.masked
        if code == "MAX_COST_EXCEEDED":
            return TooExpensive(f"Shopify finds the call too expensive: “{error.message}”.", evidence={"refused": code})
        if code == "ACCESS_DENIED":
            return self._denied(error)
        if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"):
            message = f"Shopify failed inside: “{masked(error.message[:200])}”."
            return OutcomeUnknown(message) if is_write else Unavailable(message)
        return InvalidData(
            f"Shopify refused the call: “{masked(error.message[:300])}”.",
            field=".".join(str(part) for part in error.path or ()) or None,
            evidence={"refused": code or "errors"},
        )

    def _judge_search(self, envelope: _Envelope) -> None:
        for search in envelope.extensions.search:
            for warning in search.warnings:
                # An unknown term is left out with a warning only, and the list silently becomes wider than what was asked for.
                raise InvalidData(f"Shopify did not understand the search: “{warning.message}”.", field="search")

    def _denied(self, error: _Error) -> ConnectorError:
        needed = error.extensions.required_access
        where = ".".join(str(part) for part in error.path or () if isinstance(part, str))
        hint = f" It needs: {needed.replace('`', '').strip('. ')}." if needed else ""
        words = self._http.masked(error.message[:300])
        return AuthenticationFailed(
            f"Shopify does not let the app see {where or 'this'}: “{words}”.{hint} {self._remedy}",
            field=self._credential_field,
            evidence={"required_access": needed or "", "path": where},
        )

    def _explained(self, error: AuthenticationFailed) -> AuthenticationFailed:
        if _PERMANENT_TOKEN_REFUSED in error.evidence.get("answer", ""):
            return self._permanent_refused()
        if self._credential_field == "admin_token":
            message = (
                "Shopify does not know this access token at this shop. Check the shop name; if it is right, the token was revoked or "
                "its app uninstalled: enter a new one."
            )
            return AuthenticationFailed(message, field="admin_token", evidence=error.evidence)
        return AuthenticationFailed(error.message, field=error.field or self._credential_field, evidence=error.evidence)

    def _permanent_refused(self) -> AuthenticationFailed:
        return AuthenticationFailed(
            "Shopify no longer takes this app's permanent token. Choose Authorize in Shopify: it gives tokens that are renewed by "
            "themselves.",
            field=self._credential_field,
        )


def _unreadable(error: InvalidData) -> OutcomeUnknown:
    """What an answer to a change means that cannot be read."""
    return OutcomeUnknown(
        "Shopify's answer to a change could not be read. It is looked up before it is sent again.",
        evidence={"reason": error.message},
    )


def _name_of(document: str) -> str:
    return document.split(None, 2)[1].split("(", 1)[0]


__all__ = ["MAX_COST", "GraphQL", "TooExpensive"]
