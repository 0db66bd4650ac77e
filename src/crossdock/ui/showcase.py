"""What the page of components shows: made-up values, every state, and the cases that break a careless layout."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from crossdock.ui.columns import Column, chosen_columns
from crossdock.ui.filters import Facet, filter_bar
from crossdock.ui.forms import LoadedSelect, SecretInput, Switch
from crossdock.ui.parts import Fact, Happening, Series, Step, Tab, WayStep
from crossdock.ui.plots import Plot
from crossdock.ui.statuses import KINDS, Tone

COLUMNS = (
    Column("number", "Number", is_fixed=True),
    Column("status", "Status", is_fixed=True),
    Column("customer", "Customer"),
    Column("merchant", "Merchant"),
    Column("ship_to", "Ship to"),
    Column("units", "Units"),
    Column("total", "Total"),
    Column("placed", "Placed"),
    Column("po", "Customer PO", is_default=False),
)


class ExampleForm(forms.Form):
    """One field of each kind, one of them at fault."""

    shop = forms.CharField(
        label="Shop name",
        help_text="The part before “.myshopify.com” in the address of your admin, like “blue-heron”.",
    )
    token = forms.CharField(
        label="Admin API token",
        required=False,
        widget=SecretInput(is_stored=True),
        help_text="From Settings › Apps › Develop apps. Kept encrypted and never shown again.",
    )
    secret = forms.CharField(label="Client secret", widget=SecretInput())
    location = forms.CharField(
        label="Fulfillment location",
        widget=LoadedSelect(choices_url="/ui/components"),
        help_text="Where the stock of this connection lies. Load reads the list from the shop.",
    )
    service = forms.ChoiceField(
        label="Fulfillment service",
        choices=[("all", "All"), ("manual", "Manual"), ("one", "One service")],
        help_text="Lines of other services are not imported.",
    )
    financial = forms.MultipleChoiceField(
        label="Financial statuses",
        choices=[("paid", "Paid"), ("pending", "Pending"), ("authorized", "Authorized")],
        widget=forms.CheckboxSelectMultiple,
        help_text="Orders with another financial status wait in the store.",
    )
    since = forms.DateField(label="Accept orders after", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    notify = forms.BooleanField(
        label="Notify customer", widget=Switch, required=False, help_text="The store mails the tracking number to the customer."
    )
    empties = forms.BooleanField(
        label="Exclude empty orders", required=False, help_text="Orders with nothing to ship are skipped."
    )
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].shown_when = ("notify", ("true",))  # type: ignore[attr-defined]


def _form() -> ExampleForm:
    values = {
        "shop": "blue heron",
        "location": "gid-71044",
        "service": "all",
        "financial": ["paid"],
        "notify": "on",
        "secret": "",
    }
    form = ExampleForm(values)
    form.is_valid()
    form.add_error("shop", "Shopify knows no shop “blue heron”. A shop's name has no spaces; try “blue-heron”.")
    return form


def _orders() -> list[SimpleNamespace]:
    now = timezone.now()
    rows = [
        ("1063", "error", "", "Ada Marsh", "Blue Heron Goods", "Reno, NV", 3, "118.40", 4, "PO-4471"),
        ("1062", "queued", "", "Grace Okafor", "Blue Heron Goods", "Portland, OR", 1, "24.00", 2, ""),
        (
            "1061",
            "delayed",
            "next try 10:41",
            "Wilhelmina van den Heuvel-Cholmondeley",
            "Saltgrass Outfitters of New England",
            "’s-Hertogenbosch, NL",
            12,
            "1204.99",
            9,
            "7001183-B/2026-REPLENISHMENT",
        ),
        ("1060", "on-hold", "until Mon 08:00", "Tomás Ruiz", "Blue Heron Goods", "Austin, TX", 2, "61.50", 31, ""),
        (
            "1059",
            "on-hold-person",
            "address",
            "Yuki Tanaka",
            "Saltgrass Outfitters of New England",
            "Osaka, JP",
            1,
            "35.00",
            55,
            "",
        ),
        ("1058", "open", "", "Priya Nair", "Blue Heron Goods", "Columbus, OH", 4, "152.10", 118, "PO-4468"),
        ("1057", "partially-shipped", "2 of 5", "Liam O’Brien", "Copperline", "Boston, MA", 5, "310.00", 180, ""),
        ("1056", "shipped", "", "Chidi Anagonye", "Copperline", "Tempe, AZ", 2, "88.00", 300, ""),
        ("1055", "closed", "", "Marta Kowalska", "Blue Heron Goods", "Chicago, IL", 120, "9640.00", 1500, "PO-4460"),
        ("1054", "skipped", "test order", "Test Person", "Blue Heron Goods", "Reno, NV", 1, "1.00", 1600, ""),
        ("1053", "cancel-requested", "", "Noor Haddad", "Copperline", "Detroit, MI", 1, "45.00", 2900, ""),
        ("1052", "canceled", "in the store", "Jonas Weber", "Copperline", "Denver, CO", 2, "72.25", 4400, ""),
    ]
    return [
        SimpleNamespace(
            number=f"#{number}", status=status, detail=detail, customer=customer, merchant=merchant, ship_to=ship_to,
            units=Decimal(units), total=Decimal(total), placed=now - timedelta(minutes=minutes), po=po,
        )
        for number, status, detail, customer, merchant, ship_to, units, total, minutes, po in rows
    ]  # fmt: skip


def _plots() -> dict[str, Plot]:
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    hours = [start + timedelta(hours=hour) for hour in range(24)]
    orders = [4, 2, 1, 0, 0, 2, 9, 18, 31, 42, 51, 47, 44, 52, 61, 58, 49, 40, 33, 29, 22, 16, 11, 7]
    shipped = [0, 0, 0, 0, 0, 0, 2, 9, 22, 38, 46, 51, 40, 44, 55, 60, 52, 41, 30, 12, 4, 0, 0, 0]
    lag = [
        3.1,
        2.8,
        2.9,
        None,
        None,
        3.0,
        3.4,
        4.1,
        4.0,
        5.2,
        6.9,
        5.0,
        4.4,
        4.8,
        6.1,
        5.6,
        4.9,
        4.0,
        3.8,
        3.6,
        3.2,
        3.0,
        2.9,
        2.8,
    ]
    return {
        "flow": Plot(
            "Last 24 hours",
            hours,
            [Series("Orders", orders, Tone.FLIGHT), Series("Shipments", shipped, Tone.DONE)],
            unit="an hour",
        ),
        "bars": Plot("Orders an hour", hours, [Series("Orders", orders, Tone.FLIGHT)], kind="bars"),
        "spark": Plot("Lag", hours, [Series("Lag", lag, Tone.WAIT)], kind="spark", unit="s"),
    }


def _way() -> dict[str, list[WayStep]]:
    now = timezone.now()
    return {
        "done": [
            WayStep("Placed", "shopping-bag", now - timedelta(hours=5, minutes=12)),
            WayStep("Imported", "package-import", now - timedelta(hours=5, minutes=11, seconds=58)),
            WayStep("At the warehouse", "building-warehouse", now - timedelta(hours=5, minutes=11, seconds=40)),
            WayStep("Shipped", "truck-delivery", now - timedelta(minutes=44)),
            WayStep("Store told", "circle-check", now - timedelta(minutes=43, seconds=51)),
        ],
        "stuck": [
            WayStep("Placed", "shopping-bag", now - timedelta(minutes=9)),
            WayStep("Imported", "package-import", now - timedelta(minutes=8, seconds=57)),
            WayStep("At the warehouse", "alert-triangle", None, Tone.STUCK, "Method “Express” is not mapped"),
            WayStep("Shipped", "truck-delivery"),
            WayStep("Store told", "circle-check"),
        ],
    }


def _happenings() -> list[Happening]:
    now = timezone.now()
    return [
        Happening(
            now - timedelta(minutes=2),
            "Shopify refused the shipment of #1042: 2 x BLUE-M are not stocked at location Reno.",
            Tone.STUCK,
            "alert-triangle",
            text="Stock them there or choose another fulfillment location, then Reprocess.",
            detail="POST /admin/api/graphql.json\n200 OK in 312 ms\nfulfillmentCreate: “Fulfillment order line item is not stocked”",
            key="a3",
        ),
        Happening(
            now - timedelta(minutes=44),
            "2 packages left Reno",
            Tone.FLIGHT,
            "truck-delivery",
            text="UPS Ground 1Z999AA10123456784",
            key="a2",
        ),
        Happening(
            now - timedelta(hours=5),
            "Sent to the warehouse",
            Tone.FLIGHT,
            "send",
            detail="ord_20261121_101502.csv, 412 bytes",
            key="a1",
        ),
        Happening(now - timedelta(hours=5, minutes=1), "Released from hold", Tone.ASIDE, "hand-stop", who="Ada Marsh", key="a0"),
        Happening(now - timedelta(hours=5, minutes=3), "Imported from Blue Heron", Tone.ASIDE, "package-import", key="a00"),
    ]


EXCHANGE = {
    "data": {
        "fulfillmentCreate": {
            "fulfillment": None,
            "userErrors": [{"field": ["fulfillment"], "message": "Fulfillment order line item is not stocked"}],
        }
    },
    "extensions": {"cost": {"requestedQueryCost": 10, "actualQueryCost": 10, "throttled": False}},
}


def context(request: HttpRequest) -> dict[str, Any]:
    """Everything `ui/components.html` names."""
    here = reverse("ui:components")
    now = timezone.now()
    facets = (
        Facet("status", "Status", [("error", "Error"), ("on-hold", "On Hold"), ("open", "Open")], kind="many"),
        Facet("merchant", "Merchant", [("heron", "Blue Heron Goods"), ("salt", "Saltgrass Outfitters of New England")]),
        Facet("since", "Placed since", kind="date"),
    )
    return {
        "kinds": [(kind, list(table.items())) for kind, table in KINDS.items()],
        "moments": [now - timedelta(seconds=12), now - timedelta(minutes=3), now - timedelta(hours=7), now - timedelta(days=3),
                    now - timedelta(days=40), now + timedelta(minutes=4), None],
        "orders": _orders(),
        "columns": chosen_columns(request, "example", COLUMNS),
        "bar": filter_bar(request, facets, "Number, name, e-mail, SKU"),
        "tabs": [
            Tab("All", here, 1_204_311),
            Tab("Needs a person", f"{here}?tab=stuck", 2, is_current=True, tone=Tone.STUCK),
            Tab("Waiting", f"{here}?tab=wait", 14, tone=Tone.WAIT),
            Tab("In flight", f"{here}?tab=flight", 318),
            Tab("Closed", f"{here}?tab=closed", 9_918),
            Tab("Archived", f"{here}?tab=archived", 0),
        ],
        "steps": [
            Step("Basic information", "done", here),
            Step("Merchant information", "done", here),
            Step("Warehouse setup", "current"),
            Step("Store setup"),
        ],
        "way": _way(),
        "happenings": _happenings(),
        "facts": [
            Fact("Ship to", "Ada Marsh\n114 Riverside Drive, Building C\nReno, NV 89501\nUnited States"),
            Fact("Store's id", "gid://shopify/Order/5512346789012", is_mono=True, is_copied=True),
            Fact("Customer PO", "PO-4471", is_mono=True),
            Fact("Ship by", date(2026, 11, 24).isoformat()),
            Fact("Method as sold", "Standard shipping"),
            Fact("Incoterm", None),
        ],
        "exchange": EXCHANGE,
        "exchange_sent": {"query": "mutation", "variables": {"notifyCustomer": True, "tracking": {"number": "1Z999AA10123456784"}}},
        "form": _form(),
        "plots": _plots(),
        "here": here,
    }  # fmt: skip
