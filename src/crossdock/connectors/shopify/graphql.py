"""One GraphQL call: paced by points, judged by its errors, read into a type."""

import logging
from collections.abc import Mapping
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
from crossdock.connectors.shopify.queries import VERSION

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


class TooExpensive(InvalidData):
    """The query costs more points than one query may; a smaller page is to be asked for."""


class GraphQL:
    """Sends documents to one shop. Costs are learned from the answers, by operation. `remedy` is what to do about a missing scope."""

    def __init__(self, http: Http, *, credential_field: str, remedy: str = "Give the app that access.") -> None:
        self._http = http
        self._credential_field = credential_field
        self._remedy = remedy
        self._costs: dict[str, float] = {}
        self.served_version: str | None = None

    async def query(self, document: str, type_: type[T], *, cost: float = 20, **variables: Any) -> T:
        """Ask, and read `data` as a type. `cost` is a first guess in points.

        Raises TooExpensive, InvalidData for a search that Shopify did not understand, and what `Http.read` raises.
        """
        return await self._call(document, type_, variables, cost=cost, is_write=False)

    async def mutate(self, document: str, type_: type[T], *, cost: float = 10, **variables: Any) -> T:
        """Change, once. A clear refusal is raised as such; whatever leaves the outcome open is OutcomeUnknown."""
        return await self._call(document, type_, variables, cost=cost, is_write=True)

    async def _call(self, document: str, type_: type[T], variables: Mapping[str, Any], *, cost: float, is_write: bool) -> T:
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
                    cost=self._costs.get(operation, cost),
                )
            except AuthenticationFailed as error:
                raise self._explained(error) from error
            self._notice_version(answer)
            self._judge_status(answer)
            try:
                envelope = decode(answer.body, _Envelope, what="Shopify's answer")
                throttled = self._judge(envelope, operation, is_write=is_write)
                if not throttled:
                    return decode(envelope.data, type_, what=f"Shopify's answer to {operation}")
            except InvalidData as error:
                if is_write and error.field != "search" and error.evidence.get("refused") is None:
                    raise OutcomeUnknown(
                        "Shopify's answer to a change could not be read. It is looked up before it is sent again.",
                        evidence={"reason": error.message},
                    ) from error
                raise
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

    def _judge(self, envelope: _Envelope, operation: str, *, is_write: bool) -> bool:
        """True when the call was throttled and may be made again. Raises for every other error."""
        cost = envelope.extensions.cost
        if cost is not None:
            if cost.requested_query_cost is not None:
                self._costs[operation] = float(cost.requested_query_cost)
            throttle = cost.throttle_status
            self._http.limiter.learn(
                float(throttle.currently_available), float(throttle.maximum_available), float(throttle.restore_rate)
            )
        errors = envelope.errors
        masked = self._http.masked
        if isinstance(errors, str):
            if _PERMANENT_TOKEN_REFUSED in errors:
                raise self._permanent_refused()
            raise InvalidData(f"Shopify refused the call: “{masked(errors[:300])}”.", evidence={"refused": "errors"})
        for error in errors:
            code = error.extensions.code
            if code == "THROTTLED":
                return True
            if code == "MAX_COST_EXCEEDED":
                raise TooExpensive(f"Shopify finds the call too expensive: “{error.message}”.", evidence={"refused": code})
            if code == "ACCESS_DENIED":
                raise self._denied(error)
            if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"):
                message = f"Shopify failed inside: “{masked(error.message[:200])}”."
                raise OutcomeUnknown(message) if is_write else Unavailable(message)
        if errors:
            first = errors[0]
            path = ".".join(str(part) for part in first.path or ()) or None
            raise InvalidData(
                f"Shopify refused the call: “{masked(first.message[:300])}”.",
                field=path,
                evidence={"refused": first.extensions.code or "errors"},
            )
        for search in envelope.extensions.search:
            for warning in search.warnings:
                # An unknown term is left out with a warning only, and the list silently becomes wider than what was asked for.
                raise InvalidData(f"Shopify did not understand the search: “{warning.message}”.", field="search")
        return False

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


def _name_of(document: str) -> str:
    return document.split(None, 2)[1].split("(", 1)[0]


__all__ = ["MAX_COST", "GraphQL", "TooExpensive"]
