"""Returns: narrow rows that are listed and counted, their lines, and the whole return as bytes."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils import timezone

from crossdock.connections.models import Merchant, Store
from crossdock.domain.returns import ReturnState
from crossdock.tenancy.models import RowKey, TenantModel, new_public_id

EXTERNAL: dict[str, Any] = {"db_collation": "C"}
QUANTITY: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}


class SalesReturn(TenantModel):
    """What a shopper sends back, as the store has it now. `state` is the store's word for where it stands.

    Its order is the one of the store with `order_external_id`, whichever of both came first.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    merchant = RowKey(Merchant, related_name="+")
    store = RowKey(Store, related_name="returns")
    external_id = models.TextField(**EXTERNAL)
    number = models.TextField(**EXTERNAL)
    state = models.TextField(choices=[(state.value, state.value.title()) for state in ReturnState])
    order_external_id = models.TextField(default="", **EXTERNAL)
    order_number = models.TextField(default="", **EXTERNAL)
    requested_at = models.DateTimeField()
    source_updated_at = models.DateTimeField()
    imported_at = models.DateTimeField(default=timezone.now)
    carrier = models.TextField(default="")
    tracking = ArrayField(models.TextField(**EXTERNAL), default=list)
    url = models.TextField(default="")
    lines_count = models.IntegerField(default=0)
    units = models.DecimalField(default=0, **QUANTITY)
    reasons = models.TextField(default="")
    revision = models.IntegerField(default=1)
    content_hash = models.BinaryField()

    class Meta:
        db_table = "sales_return"
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "external_id"], name="sales_return_once")]
        indexes: ClassVar = [
            models.Index(F("account"), F("requested_at").desc(), F("id").desc(), name="sales_return_list"),
            models.Index(F("account"), F("state"), F("requested_at").desc(), F("id").desc(), name="sales_return_state"),
            models.Index(fields=["account", "number"], name="sales_return_number"),
            models.Index(fields=["account", "order_number"], name="sales_return_order_number"),
            models.Index(fields=["store", "order_external_id"], name="sales_return_order"),
        ]


class SalesReturnLine(TenantModel):
    """Units that come back. `order_line_external_id` is the store's order line, where the return names one."""

    sales_return = RowKey(SalesReturn, related_name="lines")
    external_id = models.TextField(**EXTERNAL)
    position = models.IntegerField()
    sku = models.TextField(default="", **EXTERNAL)
    name = models.TextField(default="")
    quantity = models.DecimalField(**QUANTITY)
    order_line_external_id = models.TextField(default="", **EXTERNAL)
    reason = models.TextField(default="")
    note = models.TextField(default="")

    class Meta:
        db_table = "sales_return_line"
        constraints: ClassVar = [models.UniqueConstraint(fields=["sales_return", "external_id"], name="sales_return_line_once")]
        indexes: ClassVar = [models.Index(fields=["account", "sku", "sales_return"], name="sales_return_line_sku")]


class SalesReturnContent(TenantModel):
    """The canonical return (msgspec JSON) and the payload as received, both compressed with zlib."""

    sales_return = RowKey(SalesReturn, related_name="+")
    doc = models.BinaryField()
    raw = models.BinaryField()

    class Meta:
        db_table = "sales_return_content"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "sales_return"], name="sales_return_content_once")]
