"""Sales orders: hot and narrow rows that are listed and counted, the whole order as bytes, and what people search."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Reverse
from django.utils import timezone

from crossdock.connections.models import Merchant, Store
from crossdock.domain.statuses import OrderStatus
from crossdock.tenancy.models import RowKey, TenantModel, new_public_id

EXTERNAL: dict[str, Any] = {"db_collation": "C"}
QUANTITY: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}


class Giving(models.IntegerChoices):
    """Whether units of an order wait to be given to a connection: none do; some wait until the order or what decides changes, and
    need not be looked at before; some are to be looked at again.
    """

    NOTHING = 0
    WAITS = 1
    AGAIN = 2


class SalesOrder(TenantModel):
    """What is listed, filtered, sorted, counted, joined or constrained. `reason` says why it stands where it stands.

    `issue` is a sentence for a person when the store and the warehouse no longer agree; it does not move the status. Rows are kept
    for good: a deleted one only remembers that its id was seen. `followed` is the revision that was acted
    on: a higher `revision` waits. `erase_asked_at`: its personal data are to be erased as soon as it is finished; once they were,
    at `erased_at`, nothing brings them back, and it is never sent.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    merchant = RowKey(Merchant, related_name="+")
    store = RowKey(Store, related_name="sales_orders")
    external_id = models.TextField(**EXTERNAL)
    number = models.TextField(**EXTERNAL)
    status = models.TextField(choices=[(status.value, status.label) for status in OrderStatus], default=OrderStatus.NEW.value)
    status_at = models.DateTimeField(default=timezone.now)
    wait_until = models.DateTimeField(null=True)
    reason = models.TextField(default="")
    issue = models.TextField(default="")
    placed_at = models.DateTimeField()
    imported_at = models.DateTimeField(default=timezone.now)
    source_updated_at = models.DateTimeField()
    ship_by = models.DateTimeField(null=True)
    content_hash = models.BinaryField()
    revision = models.IntegerField(default=1)
    followed = models.IntegerField(default=1)
    giving = models.SmallIntegerField(choices=Giving.choices, default=Giving.NOTHING, db_default=Giving.NOTHING)
    currency = models.TextField()
    grand_total = models.DecimalField(null=True, **QUANTITY)
    ship_name = models.TextField(default="")
    ship_country = models.TextField(default="")
    method_sold = models.TextField(default="")
    lines_count = models.IntegerField(default=0)
    units = models.DecimalField(default=0, **QUANTITY)
    is_test = models.BooleanField(default=False)
    parent = RowKey("self", null=True, related_name="children")
    parent_kind = models.TextField(null=True)  # noqa: DJ001  (null is "has no parent")
    deleted_at = models.DateTimeField(null=True)
    erase_asked_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sales_order"
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "external_id"], name="sales_order_once")]
        indexes: ClassVar = [
            # What the policies and every list ask for is in the index, so that counting fetches nothing from the table.
            models.Index(
                F("account"), F("placed_at").desc(), F("id").desc(), name="sales_order_list", include=["merchant", "deleted_at"]
            ),
            models.Index(
                F("account"),
                F("status"),
                F("placed_at").desc(),
                F("id").desc(),
                name="sales_order_status",
                include=["merchant", "deleted_at"],
            ),
            models.Index(
                F("account"),
                F("store"),
                F("status"),
                F("placed_at").desc(),
                F("id").desc(),
                name="sales_order_store",
                include=["merchant", "deleted_at"],
            ),
            models.Index(
                F("account"),
                F("merchant"),
                F("status"),
                F("placed_at").desc(),
                F("id").desc(),
                name="sales_order_merchant",
                include=["deleted_at"],
            ),
            # Where somebody limited to some merchants looks through all of theirs, newest first.
            models.Index(
                F("account"),
                F("merchant"),
                F("placed_at").desc(),
                F("id").desc(),
                name="sales_order_theirs",
                include=["deleted_at"],
            ),
            models.Index(fields=["account", "number"], name="sales_order_number"),
            models.Index(F("account"), Reverse("number"), name="sales_order_number_end"),
            models.Index(fields=["account", "store"], name="sales_order_issue", condition=~Q(issue="")),
            models.Index(F("store"), F("id"), name="sales_order_follow", condition=Q(followed__lt=F("revision"))),
            models.Index(F("store"), F("id"), name="sales_order_to_give", condition=Q(status="new") & ~Q(giving=1)),
            models.Index(F("store"), F("id"), name="sales_order_waits", condition=Q(giving__gt=0)),
            models.Index(
                F("store"), F("id"), name="sales_order_to_erase", condition=Q(erase_asked_at__isnull=False, erased_at=None)
            ),
        ]


class SalesOrderContent(models.Model):
    """The canonical order (msgspec JSON) and the payload as received, both compressed with zlib."""

    order = models.OneToOneField(SalesOrder, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+")
    account_id = models.BigIntegerField()
    doc = models.BinaryField()
    raw = models.BinaryField()
    edits = models.JSONField(null=True)

    class Meta:
        db_table = "sales_order_content"


class SalesOrderVersion(TenantModel):
    """How the order stood in the store before it changed there after we had sent it: for both versions side by side."""

    order = RowKey(SalesOrder, related_name="versions")
    revision = models.IntegerField()
    source_updated_at = models.DateTimeField()
    hash = models.BinaryField()
    doc = models.BinaryField()
    kept_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "sales_order_version"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "order", "revision"], name="sales_order_version_once")
        ]


class SalesOrderLine(TenantModel):
    """One line and its units: ordered, wanted (`to_ship`), given to connections, sent, shipped, told to the store (`posted`).

    `withdrawn` are units the store took back after they were given away; `overshipped` grows only by flagged contents.
    """

    order = RowKey(SalesOrder, related_name="lines")
    external_id = models.TextField(**EXTERNAL)
    position = models.IntegerField()
    consignment = models.IntegerField(default=0)
    sku = models.TextField(default="", **EXTERNAL)
    name = models.TextField(default="")
    location = models.TextField(default="")
    ordered = models.DecimalField(**QUANTITY)
    to_ship = models.DecimalField(**QUANTITY)
    withdrawn = models.DecimalField(default=0, **QUANTITY)
    allocated = models.DecimalField(default=0, **QUANTITY)
    sent = models.DecimalField(default=0, **QUANTITY)
    shipped = models.DecimalField(default=0, **QUANTITY)
    posted = models.DecimalField(default=0, **QUANTITY)
    overshipped = models.DecimalField(default=0, **QUANTITY)
    unit_price = models.DecimalField(null=True, **QUANTITY)

    class Meta:
        db_table = "sales_order_line"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "external_id"], name="sales_order_line_once"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0) & Q(allocated__lte=F("to_ship") + F("withdrawn")), name="line_given_once"
            ),
            models.CheckConstraint(condition=Q(sent__gte=0) & Q(sent__lte=F("allocated")), name="line_sent_le_given"),
            models.CheckConstraint(
                condition=Q(shipped__gte=0) & Q(shipped__lte=F("sent") + F("overshipped")), name="line_shipped_le_sent"
            ),
            models.CheckConstraint(condition=Q(posted__gte=0) & Q(posted__lte=F("shipped")), name="line_posted_le_shipped"),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "sku", "order"], name="sales_order_line_sku")]


class OrderSearch(models.Model):
    """Everything people search an order by, in lower case: what the store said, and tracking numbers as they come. No status move
    touches it.
    """

    order = models.OneToOneField(SalesOrder, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+")
    account_id = models.BigIntegerField()
    words = models.TextField()
    tracking = models.TextField(default="")
    doc = models.GeneratedField(
        expression=models.Func(F("words"), models.Value(" "), F("tracking"), template="%(expressions)s", arg_joiner=" || "),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        db_table = "order_search"


class LeftOutRecord(TenantModel):
    """A record that could not be understood: what of it, why, and the payload as received. It goes once the order comes and is
    understood; `set_aside_at` is when somebody had seen to it.
    """

    store = RowKey(Store, related_name="+")
    external_id = models.TextField(**EXTERNAL)
    what = models.TextField()
    why = models.TextField()
    raw = models.BinaryField()
    last_seen = models.DateTimeField(default=timezone.now)
    set_aside_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "left_out"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "store", "external_id"], name="left_out_once")]


class Backfill(TenantModel):
    """Orders placed in a stretch of time, both ends included, that somebody has fetched again. `position` says where to go on.

    `found` are those that the store listed; of the `new` ones `skipped` were left out by a setting. `trouble` is why it waits.
    """

    store = RowKey(Store, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.BigIntegerField(null=True)
    position = models.JSONField(null=True)
    found = models.IntegerField(default=0)
    new = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    trouble = models.TextField(default="")

    class Meta:
        db_table = "backfill"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(since__lt=F("until")), name="backfill_forward")]
        indexes: ClassVar = [models.Index(fields=["account", "store", "id"], name="backfill_of")]


class DayCount(TenantModel):
    """One day of a store, in the account's zone, counted against the platform. Without `counted_at` it is to be counted again."""

    store = RowKey(Store, related_name="+")
    day = models.DateField()
    at_store = models.IntegerField(default=0)
    here = models.IntegerField(default=0)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "day_count"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "store", "day"], name="day_count_once")]


class Difference(TenantModel):
    """An order that stands on one side only. Without `order` the store has it and we do not; else the store does not have it.

    `fetched_at` is when somebody had it fetched.
    """

    count = RowKey(DayCount, related_name="differences")
    external_id = models.TextField(**EXTERNAL)
    number = models.TextField(**EXTERNAL)
    order = RowKey(SalesOrder, null=True, related_name="+")
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "day_difference"
        constraints: ClassVar = [models.UniqueConstraint(fields=["count", "external_id"], name="day_difference_once")]


class OrderStatusRow(models.Model):
    """The statuses, as the database knows them. Filled from `domain.statuses`; no tenant's rows."""

    status = models.TextField(primary_key=True)

    class Meta:
        db_table = "order_status"


class OrderTransitionRow(models.Model):
    """The moves there are, as the database knows them. Filled from `domain.statuses`; no tenant's rows."""

    from_status = models.TextField()
    event = models.TextField()
    to_status = models.TextField()

    class Meta:
        db_table = "order_transition"
        constraints: ClassVar = [models.UniqueConstraint(fields=["from_status", "event"], name="order_transition_once")]


class StatusChange(TenantModel):
    """Every move of every order. Partitioned by month; written by a trigger, so that nobody can forget it."""

    at = models.DateTimeField()
    order_id = models.BigIntegerField()
    from_status = models.TextField(null=True)  # noqa: DJ001  (null is "imported")
    to_status = models.TextField()

    class Meta:
        db_table = "status_change"
        managed = False
