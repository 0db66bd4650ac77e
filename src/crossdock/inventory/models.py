"""What warehouses say they have, what each store is to show of it, and whether it may be told."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crossdock.connections.models import Connection, Merchant, Store, Warehouse
from crossdock.products.models import Listing
from crossdock.tenancy.models import RowKey, TenantModel, new_public_id

EXTERNAL: dict[str, Any] = {"db_collation": "C"}
QUANTITY: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}


class WarehouseLevel(TenantModel):
    """Units of one SKU in one facility as a warehouse said them last; a null figure is one that it does not state.

    `read_at` is when this row was last written; a level that a later reading confirmed is as fresh as that reading, see
    `StockReading.as_of`. A whole reading that did not name it leaves it as it was, with `gone_at`: missing is not zero.
    """

    warehouse = RowKey(Warehouse, related_name="+")
    facility = models.TextField(default="", **EXTERNAL)
    sku = models.TextField(**EXTERNAL)
    available = models.DecimalField(null=True, **QUANTITY)
    on_hand = models.DecimalField(null=True, **QUANTITY)
    read_at = models.DateTimeField()
    changed_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "warehouse_level"
        constraints: ClassVar = [models.UniqueConstraint(fields=["warehouse", "facility", "sku"], name="warehouse_level_once")]
        indexes: ClassVar = [models.Index(fields=["account", "sku", "id"], name="warehouse_level_sku")]


class StockReading(TenantModel):
    """How far a warehouse's stock was read. `as_of` is the moment for which every level that is not gone was said or confirmed."""

    warehouse = RowKey(Warehouse, related_name="+")
    name = models.TextField(default="")
    as_of = models.DateTimeField(null=True)
    ended_at = models.DateTimeField()
    whole_at = models.DateTimeField(null=True)
    rejected = models.IntegerField(default=0)

    class Meta:
        db_table = "stock_reading"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "warehouse"], name="stock_reading_once")]


class StockLink(TenantModel):
    """What a facility of the connection's warehouse has is shown at a location of its store. An empty facility is all of them."""

    connection = RowKey(Connection, related_name="stock_links")
    location = models.TextField(default="", **EXTERNAL)
    facility = models.TextField(default="", **EXTERNAL)

    class Meta:
        db_table = "stock_link"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "connection", "location", "facility"], name="stock_link_once")
        ]


class PublishingState(models.TextChoices):
    """Whether a store may be told its figures."""

    NEW = "new", "New"
    LINK = "link", "Link"
    FIRST = "first", "First"
    HELD = "held", "Held"
    GOING = "going", "Going"


class Publishing(TenantModel):
    """How a store is told its stock: whether a person said yes, from which drop on one is asked again, and since when a full push is
    under way. `allowed` is the drop, in percent, that a person accepted for the next push.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    merchant = RowKey(Merchant, related_name="+")
    store = RowKey(Store, related_name="+")
    state = models.TextField(choices=PublishingState.choices, default=PublishingState.NEW)
    state_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(default="")
    drop_limit = models.IntegerField(default=30)
    allowed = models.IntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.BigIntegerField(null=True)
    planned_at = models.DateTimeField(null=True)
    pushed_at = models.DateTimeField(null=True)
    full_since = models.DateTimeField(null=True)
    full_at = models.DateTimeField(null=True)
    locations = models.JSONField(default=list)
    locations_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "stock_publishing"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "store"], name="stock_publishing_once"),
            models.CheckConstraint(condition=Q(drop_limit__gte=0, drop_limit__lte=100), name="stock_publishing_limit"),
        ]


class LevelState(models.TextChoices):
    """How the figure of one listing at one location stands."""

    UNKNOWN = "unknown", "Unknown"
    UNTRACKED = "untracked", "Untracked"
    SECOND = "second", "Second"
    GONE = "gone", "Gone"
    WAITING = "waiting", "Waiting"
    TRYING = "trying", "Trying"
    REFUSED = "refused", "Refused"
    DONE = "done", "Done"


class StoreLevel(TenantModel):
    """What a store is to show of one listing at one of its locations (empty: the only one), and what it was told.

    `computed` is the figure as of `level_at`, `held` of it what was sold and taken off. `intended` is written before the store is
    told, `pushed` when it said yes; `is_unsure`: nobody knows whether the last try arrived. `revision` grows with every other figure,
    so that the same try can be told apart from a new one. `answer` is what the store said when it did not take it.
    """

    merchant = RowKey(Merchant, related_name="+")
    store = RowKey(Store, related_name="+")
    listing = RowKey(Listing, related_name="+")
    location = models.TextField(default="", **EXTERNAL)
    sku = models.TextField(**EXTERNAL)
    computed = models.DecimalField(null=True, **QUANTITY)
    held = models.DecimalField(default=0, **QUANTITY)
    level_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField(default=timezone.now)
    state = models.TextField(choices=LevelState.choices)
    intended = models.DecimalField(null=True, **QUANTITY)
    revision = models.IntegerField(default=0)
    pushed = models.DecimalField(null=True, **QUANTITY)
    pushed_at = models.DateTimeField(null=True)
    is_unsure = models.BooleanField(default=False)
    attempt = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "store_level"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["listing", "location"], name="store_level_once"),
            models.CheckConstraint(condition=Q(computed__gte=0), name="store_level_not_negative"),
            models.CheckConstraint(condition=~Q(state="trying") | Q(intended__isnull=False), name="store_level_intended"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "sku", "id"], name="store_level_sku"),
            models.Index(fields=["account", "store", "sku", "id"], name="store_level_store"),
            models.Index(fields=["account", "state", "sku", "id"], name="store_level_state"),
            models.Index(fields=["store", "id"], name="store_level_open", condition=Q(state__in=["waiting", "trying"])),
        ]
