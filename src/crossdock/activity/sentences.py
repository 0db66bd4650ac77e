"""What each kind of activity says: one table from kind to sentence. A kind that is told and not here is a failing test."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import Struct

from crossdock.domain.changes import FOLLOWS, LEFT_TO_SHIP
from crossdock.domain.statuses import OrderStatus
from crossdock.ui.statuses import Tone

Params = Mapping[str, Any]
Words = Callable[[Params], str]


class Sentence(Struct, frozen=True):
    """How one kind is shown: its icon, its tone, its title, and a text below where there is more to say."""

    icon: str
    tone: Tone
    title: Words
    text: Words = lambda params: ""


def _why(params: Params) -> str:
    return str(params.get("why") or "")


def _status(params: Params) -> str:
    try:
        return OrderStatus(str(params.get("from"))).label
    except ValueError:
        return ""


def _was(params: Params) -> str:
    status = _status(params)
    return _("It was {status}.").format(status=status) if status else ""


def _imported(params: Params) -> str:
    return _("Imported from the store")


_NAMES = {
    "ship_to": gettext_lazy("ship-to address"),
    "bill_to": gettext_lazy("billing address"),
    "consignments": gettext_lazy("destinations"),
    "method": gettext_lazy("shipping method"),
    "lines": gettext_lazy("items"),
    LEFT_TO_SHIP: gettext_lazy("units left to ship"),
    "canceled_at": gettext_lazy("canceled"),
    "attributes": gettext_lazy("custom fields"),
    "left_out": gettext_lazy("what is left out"),
    "not_imported": gettext_lazy("whether it is imported"),
    "url": gettext_lazy("link"),
    "is_test": gettext_lazy("test order"),
    "email": gettext_lazy("e-mail"),
    "customer_po": gettext_lazy("purchase order number"),
}
"""Parts of an order whose names are other words than those of its fields."""


def _changed(params: Params) -> str:
    what = params.get("what") or ()
    names = [
        str(_NAMES.get(name, str(name).replace("_", " "))) for name in what if name not in FOLLOWS or FOLLOWS.issuperset(what)
    ]
    if not names:
        return _("Changed in the store, revision {revision}").format(revision=params.get("revision", "?"))
    if names == [str(_NAMES[LEFT_TO_SHIP])]:
        return _("Changed in the store: units left to ship, as after each shipment")
    shown = ", ".join(names[:3]) + (_(" and {count} more").format(count=len(names) - 3) if len(names) > 3 else "")
    return _("Changed in the store: {what}").format(what=shown)


def _came_back(params: Params) -> str:
    if params.get("sent"):
        return _("It was deleted here, but a warehouse had it: it stands where it stood, and nothing of it is sent again.")
    return _("It was deleted here before anything of it was sent, and starts over.")


def _given(params: Params) -> str:
    return _("Given to {warehouse} as {reference}").format(
        warehouse=params.get("warehouse", "?"), reference=params.get("reference", "?")
    )


def _sent(params: Params) -> str:
    if params.get("found"):
        return _("The warehouse had it already, as {id}").format(id=params.get("as") or "?")
    return (
        _("The warehouse has it, as {id}").format(id=params.get("as") or "?") if params.get("as") else _("The warehouse has it")
    )


def _shipped(params: Params) -> str:
    boxes = int(params.get("boxes") or 0)
    text = ngettext("{boxes} box left the warehouse", "{boxes} boxes left the warehouse", boxes).format(boxes=boxes)
    return _("{what} with {carrier}").format(what=text, carrier=params["carrier"]) if params.get("carrier") else text


def _flagged(params: Params) -> str:
    return _("It has units that were not asked for; they are not told to the store.") if params.get("flagged") else ""


def _rest(params: Params) -> str:
    return _("The warehouse says the rest of {reference} will not follow. Units: {units}").format(
        reference=params.get("reference") or "?", units=params.get("units") or "?"
    )


def _rest_then(params: Params) -> str:
    return {
        "ask": _("A person is asked."),
        "reship": _("It is sent to the warehouse again, as the order's next part."),
    }.get(str(params.get("then")), "")


def _posted(params: Params) -> str:
    if params.get("found"):
        return _("The store knew of the shipment already")
    return _("The store was told of the shipment")


def _mode(params: Params) -> str:
    words = {"off": _("Off"), "observe": _("Observe"), "live": _("Live")}
    mode = words.get(str(params.get("mode")), str(params.get("mode")))
    return _("{connection} was turned to {mode}").format(connection=params.get("connection", "?"), mode=mode)


def _rejected(params: Params) -> str:
    count = int(params.get("count") or 0)
    return ngettext(
        "{count} record of the store could not be understood", "{count} records of the store could not be understood", count
    ).format(count=count)


def _rejected_there(params: Params) -> str:
    where = str(params.get("where") or "")
    return (
        _("The warehouse sent something that could not be understood: {where}").format(where=where)
        if where
        else _("The warehouse sent something that could not be understood")
    )


def _backfilled(params: Params) -> str:
    found, new = int(params.get("found") or 0), int(params.get("new") or 0)
    return _("Orders were fetched by their days: {found} found, {new} new").format(found=f"{found:,}", new=f"{new:,}")


def _count_differs(params: Params) -> str:
    return _("The orders of {day} differ between the store and here").format(day=params.get("day") or "?")


def _count_parts(params: Params) -> str:
    parts = [
        text.format(n=count)
        for name, text in (("missing", _("{n} not here")), ("gone", _("{n} not in the store any more")))
        if (count := int(params.get(name) or 0))
    ]
    return _("{parts}. The store's page lists them.").format(parts=", ".join(parts)) if parts else ""


def _webhooks(params: Params) -> str:
    count = int(params.get("topics") or 0)
    return ngettext(
        "The store now tells us at once of {count} kind of change",
        "The store now tells us at once of {count} kinds of changes",
        count,
    ).format(count=count)


def _products(params: Params) -> str:
    parts = [
        text.format(n=count)
        for name, text in (("new", _("{n} new")), ("changed", _("{n} changed")), ("gone", _("{n} gone")))
        if (count := int(params.get(name) or 0))
    ]
    return _("Products of the store were read: {counts}").format(counts=", ".join(parts))


def _returns(params: Params) -> str:
    new, changed = int(params.get("new") or 0), int(params.get("changed") or 0)
    return _("Returns of the store were read: {new} new, {changed} changed").format(new=new, changed=changed)


def _stock(params: Params) -> str:
    pushed, refused = int(params.get("pushed") or 0), int(params.get("refused") or 0)
    text = ngettext("The store was told {n} stock figure", "The store was told {n} stock figures", pushed).format(n=pushed)
    return _("{told}, and refused {refused}").format(told=text, refused=refused) if refused else text


def _days(params: Params) -> str:
    days = int(params.get("days") or 0)
    return ngettext("No shipment came within {days} day", "No shipment came within {days} days", days).format(days=days)


def _deleted(params: Params) -> str:
    return _("Deleted, though a warehouse had it") if params.get("is_forced") else _("Deleted")


def _adopted(params: Params) -> str:
    return _("Taken over as already at {warehouse}, known there as {reference}").format(
        warehouse=params.get("warehouse", "?"), reference=params.get("reference", "?")
    )


def _say(text: Promise) -> Words:
    """A sentence without parameters, translated when it is shown."""
    return lambda params: str(text)


SENTENCES: dict[str, Sentence] = {
    "order.imported": Sentence("package-import", Tone.ASIDE, _imported),
    "order.changed": Sentence("replace", Tone.ASIDE, _changed),
    "order.came_back": Sentence(
        "arrow-back-up", Tone.ASIDE, _say(gettext_lazy("The store still has it: it came back")), _came_back
    ),
    "order.judged_again": Sentence(
        "replace", Tone.ASIDE, _say(gettext_lazy("Read again: the store's import settings changed, and no longer leave it out"))
    ),
    "order.changed_before_sending": Sentence(
        "arrow-back-up",
        Tone.ASIDE,
        _say(gettext_lazy("The change is applied: what was given to the warehouse and not sent was taken back")),
    ),
    "order.connection_deleted": Sentence(
        "arrow-back-up",
        Tone.ASIDE,
        _say(gettext_lazy("Its connection was deleted before the warehouse was asked: what was given to it was taken back")),
    ),
    "order.canceled_in_store": Sentence(
        "circle-x", Tone.ASIDE, _say(gettext_lazy("Canceled in the store, before anything was sent"))
    ),
    "order.canceled_after_sending": Sentence(
        "alert-circle", Tone.STUCK, _say(gettext_lazy("Canceled in the store after the warehouse had it"))
    ),
    "order.reduced_after_sending": Sentence(
        "alert-circle", Tone.STUCK, _say(gettext_lazy("Fewer units are wanted in the store, after the warehouse had it"))
    ),
    "order.increased_after_sending": Sentence(
        "alert-circle", Tone.STUCK, _say(gettext_lazy("More units are wanted in the store, after the warehouse had it"))
    ),
    "order.closed_unshipped": Sentence(
        "circle-x", Tone.STUCK, _say(gettext_lazy("The warehouse closed it with nothing shipped"))
    ),
    "order.more_wanted": Sentence(
        "alert-circle", Tone.FLIGHT, _say(gettext_lazy("More of it is wanted in the store, after everything had left"))
    ),
    "order.address_changed_after_sending": Sentence(
        "alert-circle", Tone.STUCK, _say(gettext_lazy("The address was changed in the store, after the warehouse had it"))
    ),
    "order.released": Sentence("player-play", Tone.ASIDE, _say(gettext_lazy("Released: what it waited for has come"))),
    "order.released_by_person": Sentence("player-play", Tone.ASIDE, _say(gettext_lazy("Released"))),
    "order.given": Sentence("arrow-right", Tone.FLIGHT, _given),
    "order.unfit": Sentence("alert-triangle", Tone.STUCK, _say(gettext_lazy("It cannot be sent as it is")), _why),
    "order.sent": Sentence("building-warehouse", Tone.FLIGHT, _sent),
    "order.refused": Sentence("alert-triangle", Tone.STUCK, _say(gettext_lazy("It was not sent")), _why),
    "order.delayed": Sentence("repeat", Tone.WAIT, _say(gettext_lazy("It was not sent yet; the next try is scheduled")), _why),
    "order.progress_reported": Sentence(
        "message", Tone.ASIDE, _say(gettext_lazy("The store was told that the warehouse has it"))
    ),
    "order.progress_refused": Sentence(
        "message", Tone.ASIDE, _say(gettext_lazy("The store did not take that the warehouse has it")), _why
    ),
    "order.shipped": Sentence("truck-delivery", Tone.FLIGHT, _shipped, _flagged),
    "order.rest_will_not_follow": Sentence("package-off", Tone.ASIDE, _rest, _rest_then),
    "order.closed": Sentence("circle-check", Tone.DONE, _say(gettext_lazy("Done: everything left and the store was told"))),
    "order.abandoned": Sentence(
        "package-off", Tone.ASIDE, _days, _say(gettext_lazy("A late shipment is still taken and posted."))
    ),
    "order.reprocessed": Sentence("refresh", Tone.ASIDE, _say(gettext_lazy("Reprocessed")), _was),
    "order.reset": Sentence("arrow-back-up", Tone.ASIDE, _say(gettext_lazy("Reset: it starts over as freshly imported")), _was),
    "order.archived": Sentence("archive", Tone.ASIDE, _say(gettext_lazy("Archived")), _was),
    "order.deleted": Sentence("trash", Tone.ASIDE, _deleted, _was),
    "order.erased": Sentence(
        "shield-check",
        Tone.ASIDE,
        _say(gettext_lazy("Its personal data were erased")),
        _say(gettext_lazy("Numbers, SKUs and quantities stay. Nothing of it is ever sent again.")),
    ),
    "order.issue_settled": Sentence(
        "check", Tone.DONE, _say(gettext_lazy("The issue was settled")), lambda params: str(params.get("issue") or "")
    ),
    "order.adopted": Sentence(
        "clipboard-check", Tone.FLIGHT, _adopted, _say(gettext_lazy("Nothing was sent; its shipment is followed."))
    ),
    "order.left_behind": Sentence(
        "player-skip-forward", Tone.ASIDE, _say(gettext_lazy("Left to the earlier tool when the connection went Live"))
    ),
    "shipment.posted": Sentence("circle-check", Tone.DONE, _posted),
    "shipment.refused": Sentence("alert-triangle", Tone.STUCK, _say(gettext_lazy("The store did not take the shipment")), _why),
    "shipment.delayed": Sentence(
        "repeat", Tone.WAIT, _say(gettext_lazy("The store was not told yet; the next try is scheduled")), _why
    ),
    "shipment.corrected": Sentence(
        "replace",
        Tone.ASIDE,
        _say(gettext_lazy("The warehouse changed a shipment that it had reported")),
        lambda params: str(params.get("what") or ""),
    ),
    "shipment.correction_posted": Sentence(
        "circle-check", Tone.DONE, _say(gettext_lazy("The store was told what the warehouse changed of the shipment"))
    ),
    "shipment.correction_refused": Sentence(
        "alert-triangle",
        Tone.STUCK,
        _say(gettext_lazy("The store was not told what the warehouse changed of the shipment: change it there by hand")),
        _why,
    ),
    "shipment.voided": Sentence(
        "package-off", Tone.WAIT, _say(gettext_lazy("The warehouse took the shipment back; its units wait for another"))
    ),
    "shipment.reprocessed": Sentence("refresh", Tone.ASIDE, _say(gettext_lazy("The shipment was reprocessed"))),
    "shipment.archived": Sentence(
        "archive", Tone.ASIDE, _say(gettext_lazy("The shipment was archived; the store is not told of it"))
    ),
    "store.mode": Sentence("plug-connected", Tone.FLIGHT, _mode),
    "store.webhooks": Sentence("webhook", Tone.FLIGHT, _webhooks),
    "store.returns": Sentence("package-import", Tone.ASIDE, _returns),
    "store.stock": Sentence("stack-2", Tone.FLIGHT, _stock),
    "store.stock_first": Sentence(
        "hand-stop", Tone.STUCK, _say(gettext_lazy("Its first stock figures wait for a person's yes")), _why
    ),
    "store.stock_held": Sentence(
        "hand-stop", Tone.STUCK, _say(gettext_lazy("Its stock figures would drop, and wait for a person's yes")), _why
    ),
    "store.stock_unlinked": Sentence(
        "map-pin", Tone.STUCK, _say(gettext_lazy("Where its stock is shown has to be said first")), _why
    ),
    "store.stock_allowed": Sentence("check", Tone.DONE, _say(gettext_lazy("A person let its stock figures be sent"))),
    "store.products": Sentence("tag", Tone.ASIDE, _products),
    "store.backfilled": Sentence("package-import", Tone.ASIDE, _backfilled),
    "store.count_differs": Sentence("alert-triangle", Tone.STUCK, _count_differs, _count_parts),
    "store.not_understood": Sentence("alert-triangle", Tone.STUCK, _rejected),
    "connection.credentials_asked": Sentence(
        "send", Tone.ASIDE, _say(gettext_lazy("Its merchant was asked for credentials by a link"))
    ),
    "connection.credentials_arrived": Sentence(
        "key", Tone.DONE, _say(gettext_lazy("New credentials arrived through the link, and work"))
    ),
    "connection.credentials_link_revoked": Sentence(
        "circle-x", Tone.ASIDE, _say(gettext_lazy("The link that asked for credentials was revoked"))
    ),
    "connection.credentials_link_spent": Sentence(
        "alert-triangle", Tone.STUCK, _say(gettext_lazy("The link that asked for credentials ended after five tests that failed"))
    ),
    "warehouse.not_understood": Sentence("alert-triangle", Tone.STUCK, _rejected_there, _why),
}


class Said(Struct, frozen=True):
    """One activity in words."""

    title: str
    text: str
    icon: str
    tone: Tone


def said(kind: str, params: Params) -> Said:
    """The words for one activity. A kind of a later version shows its name, so that no page breaks on it."""
    sentence = SENTENCES.get(kind)
    if sentence is None:
        return Said(kind.replace(".", ": ").replace("_", " "), "", "circle", Tone.ASIDE)
    return Said(sentence.title(params), sentence.text(params), sentence.icon, sentence.tone)


def problems() -> tuple[str, ...]:
    """Kinds that say something did not go as it should."""
    return tuple(kind for kind, sentence in SENTENCES.items() if sentence.tone in (Tone.STUCK, Tone.WAIT))
