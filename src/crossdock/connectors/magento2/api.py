"""Magento's REST API as calls: paths, its error bodies turned into typed errors, and the refusal that has three causes."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData
from crossdock.connectors.kit.http import Answer, Http
from crossdock.connectors.magento2.criteria import path_with, query
from crossdock.connectors.magento2.payloads import MgSearch
from crossdock.connectors.magento2.settings import OAUTH, Settings

T = TypeVar("T")

ROOT = "rest/V1/"
"""Without a store view's code: an integration's bearer token was refused beside one in 2.4.5 (magento2#38426)."""

NO_ROUTE = "does not match any route"
_NOT_AUTHORIZED = "authorized to access"

_ORDERS = "Magento_Sales::actions_view"

SWITCH = (
    "switch on “Allow OAuth Access Tokens to be used as standalone Bearer tokens” in Magento, under Stores › Configuration › Services "
    "› OAuth › Consumer Settings, or choose “All four values of the integration” here"
)

_RIGHTS = {
    "Magento_Sales::actions_view": "Sales › Operations › Orders › Actions › View",
    "Magento_Sales::comment": "Sales › Operations › Orders › Actions › Comment",
    "Magento_Sales::ship": "Sales › Operations › Orders › Actions › Ship",
    "Magento_Sales::shipment": "Sales › Operations › Shipments",
    "Magento_Catalog::products": "Catalog › Inventory › Products",
    "Magento_Backend::store": "Stores",
    "Magento_InventoryApi::stock": "Stores › Inventory › Stocks",
    "Magento_InventoryApi::stock_source_item_assign": "Stores › Inventory › Stocks",
    "Magento_InventoryApi::source": "Stores › Inventory › Sources",
    "Magento_Rma::magento_rma": "Sales › Operations › Returns",
}

_PROBLEMS = (
    ("nonce", "access_token", "Magento saw this request before. If it happens again, the shop's clock or cache is at fault."),
    ("timestamp", "store_url", "The clock of the shop's server is wrong. Let its operator set it right."),
    ("signature", "consumer_secret", "Consumer secret or token secret is not right. Copy both again."),
    ("consumer", "consumer_key", "Magento knows no such consumer key. Copy it again."),
    ("token", "access_token", "Magento does not know this access token, or it was revoked. Copy it again, or activate anew."),
)


class NoRoute(InvalidData):
    """The shop does not have such a call: another edition, an older release, or no Magento at all."""


class Gone(InvalidData):
    """What was asked for is not there."""


class Api:
    """Calls to one shop."""

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http = http
        self._settings = settings

    async def get(self, path: str, type_: type[T], *, operation: str, what: str, params: Mapping[str, str] | None = None) -> T:
        """Read something. Raises what `Http.read` raises, NoRoute, Gone, and InvalidData with Magento's words."""
        target = path_with(ROOT + path, dict(params or {}))
        try:
            answer = await self._http.read("GET", target, operation=operation)
        except AuthenticationFailed as error:
            raise self._refusal(error) from error
        return decode(self._judged(answer, what).body, type_, what=what)

    async def search(self, path: str, params: Mapping[str, str], *, operation: str, what: str) -> MgSearch:
        """One page of a list."""
        return await self.get(path, MgSearch, operation=operation, what=what, params=params)

    async def change(self, method: str, path: str, body: Any = None, *, operation: str, what: str) -> bytes:
        """Change something, once; the answer's body, often a bare `true` or number. Raises what `Http.write` raises, and as `get`."""
        try:
            answer = await self._http.write(method, ROOT + path, operation=operation, json=body)
        except AuthenticationFailed as error:
            raise self._refusal(error) from error
        return self._judged(answer, what).body

    async def told_apart(self, pages: AsyncIterator[T]) -> AsyncIterator[T]:
        """Pages of something that orders do without; see `refusal_of_a_part`."""
        try:
            async for page in pages:
                yield page
        except AuthenticationFailed as error:
            raise await self.refusal_of_a_part(error) from error

    async def refusal_of_a_part(self, error: AuthenticationFailed) -> AuthenticationFailed | InvalidData:
        """Whether all is refused, or one right is missing: then it is that part alone which fails, for orders still come.

        The answer is the same for both, so orders are asked for once.
        """
        if _NOT_AUTHORIZED not in error.evidence.get("answer", ""):
            return error
        try:
            await self.search("orders", query(size=1, fields="total_count"), operation="Check", what="Magento's list of orders")
        except ConnectorError:
            return error
        found = re.search(r"\w+::\w+", error.evidence.get("answer", ""))
        right = _RIGHTS.get(found[0], found[0]) if found else "it"
        return InvalidData(
            f"The integration has no access to {right}. Give it that under System › Integrations › your integration › API and save "
            "it, or switch this kind of data off here.",
            field="access_token",
            evidence=error.evidence,
        )

    def _judged(self, answer: Answer, what: str) -> Answer:
        """Only a success is read on. What is 401, 429 or 5xx never comes here."""
        page = answer.body.lstrip()[:1] == b"<"
        if 200 <= answer.status < 300 and not page:
            return answer
        said = self._http.masked(words_of(answer.body))
        evidence = {"status": str(answer.status), "said": said}
        if page:
            if answer.status == 403:
                raise AuthenticationFailed(
                    "A firewall in front of the shop refuses us. Let the shop's operator allow Crossdock's address.",
                    field="store_url",
                    evidence=evidence,
                )
            raise InvalidData(
                "The address answers with a web page, not with Magento's API. Check the Store URL; where the server rewrites no "
                "addresses, it has to end with /index.php.",
                field="store_url",
                evidence=evidence,
            )
        if answer.status == 403:
            raise AuthenticationFailed(f"Magento refuses this call: “{said}”.", field="access_token", evidence=evidence)
        if answer.status == 404:
            if NO_ROUTE in said:
                raise NoRoute(f"{what}: this shop does not offer the call. Magento says: “{said}”", evidence=evidence)
            raise Gone(f"{what} is not there: “{said}”", evidence=evidence)
        lowered = said.casefold()
        if answer.status == 400 and self._settings.access == OAUTH and ("oauth" in lowered or "signature" in lowered):
            raise self._refusal(AuthenticationFailed(said, evidence=evidence | {"answer": said}))
        raise InvalidData(f"{what}: Magento answers “{said or answer.status}”", evidence=evidence)

    def _refusal(self, error: AuthenticationFailed) -> AuthenticationFailed:
        """The 401 in plain words, with the field at fault.

        `%resources` says the same for a bearer token where the switch is off, for a right the integration lacks, and for a token
        nobody knows. So all are named, in the order of how often they are met.
        """
        answer = error.evidence.get("answer", "")
        said = words_of(answer.encode()) or answer
        if _NOT_AUTHORIZED in said:
            found = re.search(r"\w+::\w+", answer)
            right = _RIGHTS.get(found[0], found[0]) if found else "Sales, Catalog, Inventory and Stores"
            is_about_orders = found is None or found[0] == _ORDERS
            message = f"The store refuses our token: “{said}” {self._remedy(right, is_about_orders=is_about_orders)}"
            return AuthenticationFailed(message, field="access_token", evidence=error.evidence)
        for word, field, remedy in _PROBLEMS:
            if word in said.casefold():
                at = field if self._settings.access == OAUTH or field == "store_url" else "access_token"
                return AuthenticationFailed(
                    f"Magento refuses the credentials: “{said}” {remedy}", field=at, evidence=error.evidence
                )
        return AuthenticationFailed(error.message, field="access_token", evidence=error.evidence)

    def _remedy(self, right: str, *, is_about_orders: bool) -> str:
        """What to do. Orders are what every store reads, so a refusal of something else is first of all a right that is missing."""
        give = f"give the integration access to {right}, under System › Integrations › your integration › API, and save it again"
        if self._settings.access == OAUTH:
            return f"{give[0].upper()}{give[1:]}; if it has that, activate it anew and copy all four values."
        if not is_about_orders:
            return f"{give[0].upper()}{give[1:]}. If orders are refused as well, {SWITCH}."
        return f"Either {SWITCH}; or {give}. If both are so, copy the token again."


def words_of(body: bytes) -> str:
    """Magento's own words: `message` with its `parameters` put in, and those of `errors`; what was cut off is left out."""
    try:
        value = json.loads(body[:20_000])
    except (ValueError, RecursionError):
        found = re.match(rb'\{"message":"((?:[^"\\]|\\.)*)"', body)
        parameter = re.search(rb'"resources":"([^"\\]*)"', body)
        if not found:
            return ""
        text = str(json.loads(b'"' + found[1] + b'"'))
        return text.replace("%resources", parameter[1].decode("utf-8", "replace")) if parameter else text
    if not isinstance(value, dict):
        return ""
    fatal = value.get("messages")
    if isinstance(fatal, dict) and isinstance(fatal.get("error"), list):
        return "; ".join(str(one.get("message", "")) for one in fatal["error"] if isinstance(one, dict))
    inner = value.get("errors")
    parts = [value, *(inner if isinstance(inner, list) else [])]
    return "; ".join(dict.fromkeys(text for one in parts if isinstance(one, dict) and (text := _filled(one))))


def _filled(error: dict[str, Any]) -> str:
    text = str(error.get("message") or "").strip()
    given = error.get("parameters")
    if isinstance(given, dict):
        for name, value in sorted(given.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(f"%{name}", str(value))
    elif isinstance(given, list):
        for place in range(len(given), 0, -1):
            text = text.replace(f"%{place}", str(given[place - 1]))
    return text[:500]
