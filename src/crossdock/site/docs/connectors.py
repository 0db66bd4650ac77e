"""Pages about platforms, from their declarations: what is asked, what they can, what a warehouse carries."""

import tomllib
from typing import Any

from pydantic import SecretStr

from crossdock.connectors.kit import capabilities as kit
from crossdock.connectors.kit import guide
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import FieldKind, FieldSpec, fields_of
from crossdock.connectors.kit.simulator import SimulatorDeclaration
from crossdock.connectors.registry import every_connector
from crossdock.domain.orders import Order, OrderLine
from crossdock.sandbox.simulators import every_simulator
from crossdock.site.docs.markdown import code, table

CAPABILITIES: dict[Any, str] = {
    kit.PullsOrders: "Orders are read from it",
    kit.ListsOrders: "It says which orders were placed in a stretch of time: older ones can be fetched, and counts compared",
    kit.PostsShipments: "It is told what left, with tracking numbers",
    kit.CorrectsShipments: "What it was told of a shipment can be corrected or taken back",
    kit.ReportsProgress: "It is told that the warehouse has an order",
    kit.KeepsWebhooks: "It announces changes at once (webhooks that Crossdock registers)",
    kit.TakesStock: "It is told what there is to sell",
    kit.PullsProducts: "Its products are read, with their SKUs",
    kit.PullsReturns: "Returns are read from it",
    kit.SendsOrders: "It is asked to ship orders",
    kit.PullsShipments: "Shipments are read from it",
    kit.PullsStock: "Stock can be read from it",
}
"""What each capability of a client means to people."""

_OF_STORES = (
    kit.PullsOrders,
    kit.ListsOrders,
    kit.PostsShipments,
    kit.CorrectsShipments,
    kit.ReportsProgress,
    kit.KeepsWebhooks,
    kit.TakesStock,
    kit.PullsProducts,
    kit.PullsReturns,
)
_OF_WAREHOUSES = (kit.SendsOrders, kit.PullsShipments, kit.PullsStock)

_INSTEAD: dict[Any, str] = {
    kit.ListsOrders: "Older orders cannot be fetched, and nothing is counted against ours.",
    kit.CorrectsShipments: "A shipment that changes after it was posted is put right there by hand.",
    kit.ReportsProgress: "Until a shipment is posted it shows the order as it was.",
    kit.KeepsWebhooks: "Orders are noticed by the schedule.",
    kit.TakesStock: "Its figures are kept there.",
    kit.PullsProducts: "SKUs are known from orders alone.",
    kit.PullsReturns: "What comes back is not known from there.",
    kit.PullsStock: "Figures come from elsewhere.",
}
"""What follows for people where a platform does not offer something."""

KINDS = {
    FieldKind.TEXT: "text",
    FieldKind.LONG_TEXT: "text",
    FieldKind.SECRET: "secret",
    FieldKind.SWITCH: "on or off",
    FieldKind.NUMBER: "number",
    FieldKind.CHOICE: "choice",
    FieldKind.CHOICES: "choices",
    FieldKind.MOMENT: "date and time",
}


def _rows() -> list[tuple[str, str, str, str]]:
    """Name, kind, data and sandbox of every connector."""
    simulators = every_simulator()
    rows = []
    for connector in every_connector().values():
        can = [_short(one) for one in CAPABILITIES if connector.can(one)]
        rows.append((connector.key, connector.name, connector.kind, ", ".join(can)))
    return [(key, name, kind, f"{can}; sandbox" if key in simulators else can) for key, name, kind, can in rows]


def _short(capability: Any) -> str:
    short: dict[Any, str] = {
        kit.PullsOrders: "orders in",
        kit.ListsOrders: "older orders",
        kit.PostsShipments: "tracking back",
        kit.CorrectsShipments: "corrections",
        kit.ReportsProgress: "progress",
        kit.KeepsWebhooks: "webhooks",
        kit.TakesStock: "stock out",
        kit.PullsProducts: "products in",
        kit.PullsReturns: "returns in",
        kit.SendsOrders: "orders out",
        kit.PullsShipments: "shipments in",
        kit.PullsStock: "stock read",
    }
    return short[capability]


def overview_table(folder: str) -> str:
    """The connectors as a table whose links lead into `folder`."""
    return table(
        ("Platform", "Kind", "What it can", "For the merchant"),
        [
            (f"[{name}]({folder}{key}.md)", kind, can, f"[Get your credentials]({folder}{key}-credentials.md)")
            for key, name, kind, can in _rows()
        ],
    )


def overview() -> str:
    """The page that lists them."""
    return (
        "# Connectors\n\nA connector is Crossdock's code for one platform: a store or a warehouse.\n\n"
        + overview_table("")
        + "\nA channel of a connection needs both sides. Sales Orders: a store that orders are read from, a warehouse that is asked "
        "to ship. Shipments: a warehouse that shipments are read from, a store that is told. Inventory: a warehouse whose stock "
        "can be read, a store that is told. Products and Returns are read from the store and ask nothing of the warehouse. Catalogs "
        "and Purchase Orders are not built yet.\n\n"
        "To write a connector, see [CONTRIBUTING](../../CONTRIBUTING.md#a-connector-in-seven-steps).\n"
    )


def pages() -> dict[str, str]:
    """Two pages for each connector, by file name: `<key>` for the operator, `<key>-credentials` for the merchant."""
    made = {key: _page(connector) for key, connector in every_connector().items()}
    return made | {f"{key}-credentials": _credentials(connector) for key, connector in every_connector().items()}


def _credentials(connector: Connector) -> str:
    return (
        f"{guide.credentials_page(connector)}\nYour Crossdock serves this page without sign-in at "
        f"`/help/{connector.key}/credentials/`, to be sent to a merchant. For the operator: "
        f"[Connect {connector.name}]({connector.key}.md).\n"
    )


def _page(connector: Connector) -> str:
    said = guide.sections_of(connector)
    own = [title for title in said if title not in {*guide.SECTIONS, guide.TRAPS, *_GENERATED}]
    parts = [
        f"# Connect {connector.name}\n",
        f"For the operator. The merchant's page is [Get your credentials]({connector.key}-credentials.md): what is needed, and where "
        "each value stands.\n",
        table(
            ("", ""),
            [
                ("Kind", connector.kind),
                ("Key", code(connector.key)),
                ("Address", code(connector.base_url or "") or "named by the settings"),
                ("Written for version", connector.version),
                ("Documentation it was written from", f"<{connector.docs}>"),
                (
                    "Known traps, each with the test that shows it avoided",
                    f"[README of the connector](../../src/crossdock/connectors/{connector.key}/README.md)",
                ),
            ],
        ),
        _section(guide.JOINING, said),
        "## What it can\n",
        _can(connector),
        _signing_in(connector),
        _section(guide.NOT_OFFERED, said),
        "## Settings\n",
        "Fields marked *address* decide where secrets are sent: changing one asks for the secrets again. Secrets are "
        "encrypted and never "
        "shown. Fields marked *loaded* offer what the platform has, once the credentials work.\n",
        "### Credentials\n",
        _settings(connector, "credentials"),
        "### Import\n" if connector.kind == "store" else "### Files and figures\n",
        _settings(connector, "import"),
        _section(guide.MAPPED, said),
        _carried(connector) if connector.kind == "warehouse" else "",
        _section(guide.READ_AND_WRITTEN, said),
        _limits(connector, said),
        "## Troubleshooting\n",
        "What you read has the words in the first column in it; … stands for a name or a number. What happens by itself after each "
        "kind of error is in [Errors](../reference/errors.md).\n",
        _section(guide.NO_WAY_IN, said, "###"),
        _section(guide.STUCK, said, "###"),
        *(_section(title, said) for title in own),
        _sandbox(connector),
    ]
    return "\n".join(part for part in parts if part)


_GENERATED = frozenset({"Sandbox", "Settings", "What it can"})
"""Titles that a page has anyway."""


def _section(title: str, said: dict[str, str], level: str = "##") -> str:
    return f"{level} {title}\n\n{said[title]}\n" if said.get(title) else ""


def _can(connector: Connector) -> str:
    offered = _OF_STORES if connector.kind == "store" else _OF_WAREHOUSES
    return table(("", ""), [(CAPABILITIES[one], _whether(connector, one)) for one in offered])


def _whether(connector: Connector, capability: Any) -> str:
    """Yes; or what the platform does not offer, and what follows."""
    if connector.can(capability):
        return "yes"
    if capability is kit.KeepsWebhooks and connector.webhooks is not None:
        return f"set up there by hand; else {_lowered(_INSTEAD[capability])}"
    return f"{connector.name} does not offer it. {_INSTEAD.get(capability, '')}".rstrip()


def _lowered(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")


def _signing_in(connector: Connector) -> str:
    lines = []
    if connector.oauth is not None and connector.oauth.scopes:
        scopes = ", ".join(code(scope) for scope in connector.oauth.scopes)
        lines.append(f"Authorizing in the browser asks for these scopes: {scopes}.\n")
    if connector.webhooks is not None:
        topics = ", ".join(code(topic) for topic in connector.webhooks.topics)
        how = (
            "Webhooks, registered for Live connections only"
            if connector.can(kit.KeepsWebhooks)
            else "Messages, set up there by hand"
        )
        lines.append(f"{how}: {topics}.\n")
    return "\n".join(lines)


def _settings(connector: Connector, group: str) -> str:
    rows = []
    for field in fields_of(connector.settings):
        if field.group != group:
            continue
        marks = [*(["address"] if field.is_address else []), *(["loaded"] if field.loads else [])]
        kind = KINDS[field.kind] + "".join(f", *{mark}*" for mark in marks)
        rows.append((f"**{field.label}**", field.help + guide.asked_when(connector, field), kind, _default(field)))
    return table(("Setting", "What it is", "Kind", "Default"), rows)


def _default(field: FieldSpec) -> str:
    if field.required:
        return "needed"
    return _said(field.default, field) or "empty"


def _said(value: Any, field: FieldSpec) -> str:
    if isinstance(value, SecretStr) or value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        return ", ".join(_said(one, field) for one in value)
    label = next((choice.label for choice in field.choices if choice.value == str(value)), None)
    return label or code(str(value))


def _limits(connector: Connector, said: dict[str, str]) -> str:
    parts = [said.get(guide.LIMITS, "")]
    limit = connector.rate_limit
    if limit is not None:
        burst = f", of which {limit.burst:,} may be saved up" if limit.burst else ""
        parts.append(
            f"Crossdock begins with {limit.calls:,} calls or points in {limit.per.total_seconds():g} s{burst}, and follows what the "
            "platform's answers say. A platform that asks to wait is waited for; that is no failure."
        )
    text = "\n\n".join(part for part in parts if part)
    return f"## {guide.LIMITS}\n\n{text}\n" if text else ""


def _carried(connector: Connector) -> str:
    taken = connector.takes
    known = {*Order.__struct_fields__, *_OF_THE_METHOD, *(f"lines.{name}" for name in OrderLine.__struct_fields__)}
    left = sorted(name for name in known - taken - _NOT_SENT if not _is_taken(name, taken))
    return "## What of an order it carries\n\nBy the names of the canonical order (`domain/orders.py`).\n\n" + table(
        ("Carried", "Not taken"),
        [(", ".join(code(name) for name in sorted(taken)), ", ".join(code(name) for name in left))],
    )


def _is_taken(name: str, taken: frozenset[str]) -> bool:
    return name == "lines" or (name == "lines.to_ship" and "lines.quantity" in taken)


_OF_THE_METHOD = frozenset({"method.signature", "method.saturday", "method.insured_value"})

_NOT_SENT = frozenset(
    {
        *(
            "external_id",
            "number",
            "updated_at",
            "hold",
            "canceled_at",
            "cancel_reason",
            "is_test",
            "left_out",
            "not_imported",
            "url",
        ),
        *(
            "lines.external_id",
            "lines.ordered",
            "lines.variant_id",
            "lines.location",
            "lines.consignment",
            "payment",
            "consignments",
        ),
    }
)
"""What steers an order in Crossdock and is no warehouse's business."""


def _sandbox(connector: Connector) -> str:
    found = every_simulator().get(connector.key)
    if found is None:
        return ""
    loads = f" `crossdock sandbox load {connector.key} FILE` puts orders of your own into it." if "load" in _levers(found) else ""
    reads = f" `crossdock read {connector.key} FILE` shows how a payload is understood." if found.take else ""
    return (
        f"## Sandbox\n\n`crossdock sandbox` serves a stand-in of {found.name}. `CROSSDOCK_BASE_URL__{connector.key.upper()}` "
        "points "
        f"Crossdock at it.{loads}{reads} See [Sandbox](../guides/sandbox.md).{_deviations(connector)}\n"
    )


def _deviations(connector: Connector) -> str:
    """How many differences between platform and stand-in are known, and where each stands with its reason."""
    listed = guide.readme_of(connector).parent / "simulator" / "tests" / "deviations.toml"
    if not listed.is_file():
        return ""
    count = len(tomllib.loads(listed.read_text(encoding="utf-8")).get("deviation", []))
    known = "1 known deviation has its reason" if count == 1 else f"{count} known deviations have their reasons"
    anchor = connector.name.lower().replace(" ", "-")
    return f" It was held to what is known of {connector.name}; {known} in [Conformance](../conformance.md#{anchor})."


def _levers(declaration: SimulatorDeclaration) -> set[str]:
    return set(declaration.make().levers())
