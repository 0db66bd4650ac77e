"""How a state is shown: an icon, a word and a tone, the same everywhere. One table, read by badges, tabs, plots and help."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Tone(StrEnum):
    """What a color means. No state is told by color alone: the word and the icon's shape say it too."""

    DONE = "done"  # green: nothing is left to do
    WAIT = "wait"  # amber: goes on by itself, at a time
    STUCK = "stuck"  # red: goes on when a person does something
    FLIGHT = "flight"  # blue: on its way
    ASIDE = "aside"  # grey: set aside, nothing will happen


@dataclass(frozen=True)
class Status:
    """A state's word, icon (a name in icons.txt), tone, and one sentence that says what it means."""

    word: str | Promise
    icon: str
    tone: Tone
    meaning: str | Promise


def _of(word: str | Promise, icon: str, tone: Tone, meaning: str | Promise) -> Status:
    return Status(word, icon, tone, meaning)


SALES_ORDER = {
    "new": _of(_("New"), "circle-dashed", Tone.FLIGHT, _("Imported; Crossdock is about to match it and apply the rules.")),
    "on-hold": _of(_("On Hold"), "clock-pause", Tone.WAIT, _("Waits until a time that is shown, then goes on by itself.")),
    "on-hold-person": _of(_("On Hold"), "hand-stop", Tone.STUCK, _("Waits for a person to release it.")),
    "queued": _of(_("Queued"), "send", Tone.FLIGHT, _("Ready; is being sent to the warehouse.")),
    "open": _of(_("Open"), "package", Tone.FLIGHT, _("The warehouse has it.")),
    "cancel-requested": _of(
        _("Cancel Requested"), "hourglass", Tone.WAIT, _("The warehouse was asked to cancel and has not answered.")
    ),
    "partially-shipped": _of(
        _("Partially Shipped"), "circle-half-2", Tone.FLIGHT, _("A part has left the warehouse; the rest follows.")
    ),
    "shipped": _of(_("Shipped"), "truck-delivery", Tone.FLIGHT, _("Everything has left the warehouse; the store is being told.")),
    "closed": _of(_("Closed"), "circle-check", Tone.DONE, _("Shipped, and the store has taken the last notice.")),
    "canceled": _of(_("Canceled"), "circle-x", Tone.ASIDE, _("Canceled in the store or at the warehouse.")),
    "routed": _of(_("Routed"), "git-fork", Tone.ASIDE, _("Divided over several orders, which carry on.")),
    "bundled": _of(_("Bundled"), "stack-2", Tone.ASIDE, _("Joined to another order, which carries on.")),
    "skipped": _of(_("Skipped"), "player-skip-forward", Tone.ASIDE, _("Left out by a setting or a rule; the reason is shown.")),
    "delayed": _of(_("Delayed"), "repeat", Tone.WAIT, _("The last try failed; the next one is scheduled.")),
    "error": _of(_("Error"), "alert-triangle", Tone.STUCK, _("Stopped; a person has to put something right and reprocess it.")),
    "archived": _of(_("Archived"), "archive", Tone.ASIDE, _("Put away by a person or a rule.")),
    "abandoned": _of(_("Abandoned"), "package-off", Tone.ASIDE, _("Open for too many days; a late shipment is still taken.")),
}

SHIPMENT = {
    "new": _of(_("New"), "circle-dashed", Tone.FLIGHT, _("Came from the warehouse; not yet matched to an order.")),
    "open": _of(_("Open"), "send", Tone.FLIGHT, _("Matched; the store is being told.")),
    "delayed": _of(_("Delayed"), "repeat", Tone.WAIT, _("The store did not take it; the next try is scheduled.")),
    "completed": _of(_("Completed"), "circle-check", Tone.DONE, _("The store has taken it.")),
    "error": _of(_("Error"), "alert-triangle", Tone.STUCK, _("Stopped; a person has to put something right and reprocess it.")),
    "voided": _of(_("Voided"), "ban", Tone.ASIDE, _("Taken back by the warehouse.")),
    "archived": _of(_("Archived"), "archive", Tone.ASIDE, _("Put away by a person.")),
}

CONNECTION = {
    "off": _of(_("Off"), "player-pause", Tone.ASIDE, _("Nothing is read and nothing is sent.")),
    "observe": _of(_("Observe"), "eye", Tone.WAIT, _("Reads and shows what it would send; writes nothing anywhere.")),
    "live": _of(_("Live"), "plug-connected", Tone.FLIGHT, _("Orders and shipments flow.")),
}

CHANNEL = {
    "on": _of(_("On"), "clock-hour-4", Tone.FLIGHT, _("Runs by its schedule.")),
    "off": _of(_("Off"), "player-pause", Tone.ASIDE, _("Does not run; its schedule is kept.")),
    "running": _of(_("Running"), "loader-2", Tone.FLIGHT, _("Is at work now.")),
    "waiting": _of(_("Waiting"), "repeat", Tone.WAIT, _("The last run failed; the next try is scheduled.")),
    "late": _of(_("Late"), "hourglass", Tone.WAIT, _("Should have run by now.")),
    "stopped": _of(_("Stopped"), "alert-triangle", Tone.STUCK, _("Does not run until a person puts something right.")),
    "not-supported": _of(_("Not supported"), "minus", Tone.ASIDE, _("The store, the warehouse or both cannot do this.")),
}

EFFECT = {
    "intended": _of(_("Intended"), "circle-dashed", Tone.FLIGHT, _("Written down; not yet done.")),
    "trying": _of(_("Trying"), "loader-2", Tone.FLIGHT, _("Is being done now.")),
    "unknown": _of(
        _("Unknown"),
        "zoom-question",
        Tone.WAIT,
        _("No clear answer came; the other system is asked before anything is repeated."),
    ),
    "confirmed": _of(_("Confirmed"), "circle-check", Tone.DONE, _("Done, and the other system said so.")),
    "refused": _of(_("Refused"), "circle-x", Tone.STUCK, _("The other system said no.")),
}

STOCK = {
    "unknown": _of(
        _("No level"), "minus", Tone.ASIDE, _("No warehouse says how many there are; what the store shows stays as it is.")
    ),
    "untracked": _of(_("Not tracked"), "ban", Tone.ASIDE, _("The store keeps no stock figure of it.")),
    "second": _of(_("SKU doubled"), "copy", Tone.ASIDE, _("Another listing of the store has the SKU, and is told the figure.")),
    "gone": _of(_("Set aside"), "archive", Tone.ASIDE, _("The store no longer sells it, or the location is no longer linked.")),
    "waiting": _of(_("To be told"), "circle-dashed", Tone.FLIGHT, _("It differs from what the store was told last.")),
    "trying": _of(_("Being told"), "loader-2", Tone.FLIGHT, _("The store is being told.")),
    "refused": _of(_("Refused"), "circle-x", Tone.STUCK, _("The store did not take it; its answer says why.")),
    "done": _of(_("Told"), "circle-check", Tone.DONE, _("The store took this figure.")),
}

PUBLISHING = {
    "new": _of(_("Not yet"), "circle-dashed", Tone.ASIDE, _("Nothing was worked out yet, or the connection only observes.")),
    "link": _of(_("Location needed"), "map-pin", Tone.STUCK, _("A person has to say at which location the stock is shown.")),
    "first": _of(_("Look first"), "eye", Tone.STUCK, _("The first figures wait for a person's yes.")),
    "held": _of(_("Stopped"), "hand-stop", Tone.STUCK, _("The figures would drop, and wait for a person's yes.")),
    "going": _of(_("Flows"), "send", Tone.FLIGHT, _("What differs is told by the schedule.")),
}

RETURN = {
    "requested": _of(_("Requested"), "circle-dashed", Tone.WAIT, _("The shopper asked; the store has not answered.")),
    "approved": _of(_("Approved"), "package-import", Tone.FLIGHT, _("The store agreed; it is on its way back, or will be.")),
    "received": _of(_("Received"), "package", Tone.FLIGHT, _("It is back; the store has not closed it.")),
    "closed": _of(_("Closed"), "circle-check", Tone.DONE, _("The store is done with it.")),
    "declined": _of(_("Declined"), "ban", Tone.ASIDE, _("The store did not agree.")),
    "canceled": _of(_("Canceled"), "circle-x", Tone.ASIDE, _("Taken back by the shopper or the store.")),
}

KINDS = {
    "sales_order": SALES_ORDER,
    "shipment": SHIPMENT,
    "connection": CONNECTION,
    "channel": CHANNEL,
    "effect": EFFECT,
    "stock": STOCK,
    "publishing": PUBLISHING,
    "return": RETURN,
}


def key_of(state: object) -> str:
    """A state's key in the tables, from its word or its name in code: "On Hold", "on_hold" and an enum's member are "on-hold"."""
    value = getattr(state, "value", state)
    return str(value).strip().lower().replace("_", "-").replace(" ", "-")


def status_of(kind: str, state: object) -> Status:
    """The row for a state of `kind`, one of KINDS. Raises KeyError when the table does not have it, so that no page invents one."""
    table = KINDS[kind]
    key = key_of(state)
    if key not in table:
        raise KeyError(f"no {kind} has the status {key!r}: add it to ui/statuses.py")
    return table[key]
