"""Pages about what happens to an order: statuses, errors, and who may do what."""

import ast
import inspect
from collections import defaultdict
from datetime import timedelta

from crossdock.accounts import rights as table_of_rights
from crossdock.accounts.models import Role
from crossdock.connectors.kit.errors import (
    AuthenticationFailed,
    ConnectorError,
    InvalidData,
    NotReady,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from crossdock.domain.statuses import AT_WAREHOUSE, FINAL, TRANSITIONS, OrderStatus, ShipmentStatus
from crossdock.jobs import policy
from crossdock.site.docs.markdown import paragraph, spoken, table
from crossdock.ui.statuses import EFFECT, PUBLISHING, RETURN, SHIPMENT, STOCK, Tone, key_of, status_of

TONES = {
    Tone.DONE: "done",
    Tone.WAIT: "waits, goes on by itself",
    Tone.STUCK: "needs a person",
    Tone.FLIGHT: "on its way",
    Tone.ASIDE: "set aside",
}


def statuses() -> str:
    """What each status means, and every way from one to another."""
    return "\n".join(
        [
            "# Statuses\n",
            "Where an order stands, and what moves it. The database knows the same table and refuses any other move.\n",
            "## Sales orders\n",
            table(("Status", "Means", "In short", "Warehouse"), [_order_row(status) for status in OrderStatus]),
            "An order On Hold either waits for a moment, which is shown, or for a person.\n",
            "## What moves a sales order\n",
            table(("From", "What happens", "To"), _moves()),
            "Failures never cancel an order: only the store, the warehouse or a person does.\n",
            "These moves are in the table and nothing makes them yet:\n",
            table(("From", "What happens", "To"), _moves(are_made=False)),
            "## Shipments\n",
            table(
                ("Status", "Means", "In short"),
                [(f"**{status.label}**", *_words("shipment", status)) for status in ShipmentStatus if key_of(status) in SHIPMENT],
            ),
            "## Stock figures\n",
            "What a store is to show of one SKU: see [Stock](../guides/stock.md).\n",
            table(("State", "Means"), [(f"**{row.word}**", str(row.meaning)) for row in STOCK.values()]),
            "## Publishing a store's stock\n",
            table(("State", "Means"), [(f"**{row.word}**", str(row.meaning)) for row in PUBLISHING.values()]),
            "## Returns\n",
            "Where a return stands at its store: see [Returns](../guides/returns.md).\n",
            table(("State", "Means"), [(f"**{row.word}**", str(row.meaning)) for row in RETURN.values()]),
            "## Effects\n",
            "An effect is one change Crossdock makes at a platform: see [Effects happen once](../guides/effects.md).\n",
            table(("State", "Means"), [(f"**{row.word}**", str(row.meaning)) for row in EFFECT.values()]),
        ]
    )


def _words(kind: str, status: object) -> tuple[str, str]:
    row = status_of(kind, status)
    return str(row.meaning), TONES[row.tone]


def _order_row(status: OrderStatus) -> tuple[str, str, str, str]:
    meaning, tone = _words("sales_order", status)
    there = "has it, or had it" if status in AT_WAREHOUSE else ""
    return f"**{status.label}**", meaning, f"{tone}; final" if status in FINAL else tone, there


NOT_YET = frozenset(
    {
        *("rule_archived", "routed", "bundled", "cancel_requested", "cancel_confirmed", "cancel_refused"),
        "declared_final",
    }
)
"""Events that the table knows and no code causes; a test finds the one that is caused after all."""


def _moves(*, are_made: bool = True) -> list[tuple[str, str, str]]:
    """One row for each meaning and end, its starts together."""
    starts: dict[tuple[str, OrderStatus], list[str]] = defaultdict(list)
    for move in TRANSITIONS:
        if (move.event not in NOT_YET) is are_made:
            starts[(move.meaning, move.end)].append(move.start.label)
    every = len(OrderStatus) - 1
    return [
        ("any other" if len(names) == every else ", ".join(names), meaning, end.label) for (meaning, end), names in starts.items()
    ]


ERRORS: dict[type[ConnectorError], str] = {
    Unavailable: "Nothing, as long as it goes on by itself. After the last try the order is in Error: see that the platform is up, "
    "then Reprocess.",
    NotReady: "Have it mended there: the home page and the warehouse's name it, with how many orders wait. They go on by themselves.",
    RateLimited: "Nothing. It counts as no failure, however often it happens.",
    AuthenticationFailed: "Open the store or warehouse and enter credentials that work. Its lanes go on at once.",
    InvalidData: "Read the message: it names the record and the field. Put it right in the store, at the warehouse or in the "
    "settings, then Reprocess.",
    OutcomeUnknown: "Nothing at first: the platform is asked whether it happened. What it cannot say is put before you.",
}
"""What a person does about each class of error."""


def errors() -> str:
    """The few classes of error, what follows each, and what to do."""
    steps = _steps()
    rows = []
    for kind, remedy in ERRORS.items():
        decision = policy.decide(_an(kind), 1)
        rows.append((f"**{spoken(kind.__name__).capitalize()}**", paragraph(kind.__doc__), steps[decision.step], remedy))
    pauses = ", ".join(_span(pause) for pause in policy.PAUSES)
    return "\n".join(
        [
            "# Errors and what to do\n",
            "Whatever goes wrong at a store or a warehouse ends in one of six ways. The kind decides what happens next; the "
            "message says "
            "what happened and what to do, with the platform's own words in quotes.\n",
            table(("Kind", "Meaning", "What Crossdock does", "What you do"), rows),
            "## How long it tries\n",
            f"Pauses between tries: {pauses}. That is {_span(sum(policy.PAUSES, timedelta()))} in all; then the record stops "
            "with an error. "
            f"A write without a clear answer is looked up after {_span(policy.decide(OutcomeUnknown(''), 1).after)}, then "
            "after pauses "
            "that grow the same way, for as long as it takes. A platform that names a pause gets that pause. A store or warehouse "
            f"that is not ready is tried again, with one order, after pauses of {_span(policy.PAUSES[policy.MENDED_WITHIN - 1])} at "
            "most, for as long as it takes.\n",
            "A run of a whole lane that fails, because the platform is down, is repeated by the same pauses. It holds up no "
            "other store "
            "or warehouse.\n",
            "## A fault of Crossdock's own\n",
            "Anything else is a bug. It is logged with its traceback, the orders stay where they were, and the lane comes "
            "back after a "
            "minute. Please report it.\n",
        ]
    )


def _an(kind: type[ConnectorError]) -> ConnectorError:
    return RateLimited("", retry_after=timedelta(0)) if kind is RateLimited else kind("")


def _steps() -> dict[policy.Step, str]:
    """The words beside each member of `Step` in its source: Python keeps no docstrings of members."""
    body = ast.parse(inspect.getsource(policy.Step)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101  (it is the class we asked for)
    found = {}
    for before, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(before, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            name = before.targets[0]
            assert isinstance(name, ast.Name)  # noqa: S101  (members of an enum are plain names)
            found[policy.Step[name.id]] = str(after.value.value)
    return found


def _span(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    for size, word in ((3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds / size
            return f"{count:.3g} {word}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


def rights() -> str:
    """Roles and what each may do."""
    roles = list(Role)
    rows = [
        (
            f"{table_of_rights.DOES[right]}{' *' if right in table_of_rights.CONFIRMED else ''}",
            *("yes" if right in table_of_rights.RIGHTS[role] else "" for role in roles),
        )
        for right in table_of_rights.Right
    ]
    return "\n".join(
        [
            "# Roles and rights\n",
            "A person has one role in each account. Somebody limited to some merchants sees theirs only, whatever the role.\n",
            table(("May", *(str(role.label) for role in roles)), rows),
            "\\* asks whoever signed in, or confirmed, more than 15 minutes ago to confirm first. So does adding a store or a"
            " warehouse. Looking asks nobody.\n",
            "Not every right has a page yet: editing, deleting and exporting orders, alerts, people and the audit log are "
            "still to come.\n",
        ]
    )
