"""What we ask warehouses to ship, which units that takes, and what they shipped."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Trim, Upper
from django.utils import timezone

from crossdock.connections.models import Connection, Merchant, Warehouse
from crossdock.domain.statuses import ShipmentStatus
from crossdock.orders.models import EXTERNAL, QUANTITY, SalesOrder, SalesOrderLine
from crossdock.tenancy.models import RowKey, TenantModel, new_public_id


class FulfillmentOrder(TenantModel):
    """What one connection's warehouse is asked to ship of an order. `reference` is the number the warehouse knows it by.

    `status`: given (not sent yet), open (the warehouse has it), withdrawn (taken back before it was sent), closed.
    """

    order = RowKey(SalesOrder, related_name="fulfillment_orders")
    connection = RowKey(Connection, related_name="+")
    warehouse = RowKey(Warehouse, related_name="+")
    part = models.IntegerField()
    consignment = models.IntegerField(default=0)
    reference = models.TextField(**EXTERNAL)
    reference_key = models.GeneratedField(
        expression=Upper(Trim("reference")), output_field=models.TextField(**EXTERNAL), db_persist=True
    )
    status = models.TextField(default="given")
    ready_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "fulfillment_order"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "part"], name="fulfillment_order_part"),
            models.UniqueConstraint(fields=["warehouse", "reference"], name="fulfillment_order_reference"),
            models.CheckConstraint(
                condition=Q(status__in=["given", "open", "withdrawn", "closed"]), name="fulfillment_order_status"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "reference"], name="fulfillment_order_found"),
            models.Index(fields=["warehouse", "reference_key"], name="fulfillment_order_key"),
        ]


class Allocation(TenantModel):
    """Units of a line given to a fulfillment order. `released` are those taken back; a trigger keeps the line's count."""

    line = RowKey(SalesOrderLine, related_name="allocations")
    fulfillment_order = RowKey(FulfillmentOrder, null=True, related_name="allocations")
    child_line = RowKey(SalesOrderLine, null=True, related_name="+")
    number = models.IntegerField(default=1)
    sku = models.TextField(default="", **EXTERNAL)
    quantity = models.DecimalField(**QUANTITY)
    released = models.DecimalField(default=0, **QUANTITY)

    class Meta:
        db_table = "allocation"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "fulfillment_order"], name="allocation_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="allocation_quantity"),
            models.CheckConstraint(
                condition=Q(released__gte=0) & Q(released__lte=models.F("quantity")), name="allocation_released"
            ),
            models.CheckConstraint(
                condition=Q(fulfillment_order__isnull=False, child_line__isnull=True)
                | Q(fulfillment_order__isnull=True, child_line__isnull=False),
                name="allocation_to_one",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "fulfillment_order"], name="allocation_of")]


class Shipment(TenantModel):
    """What left a warehouse at one time. Without an order it is not matched yet: kept, shown, tried again."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    merchant = RowKey(Merchant, null=True, related_name="+")
    warehouse = RowKey(Warehouse, related_name="+")
    order = RowKey(SalesOrder, null=True, related_name="shipments")
    fulfillment_order = RowKey(FulfillmentOrder, null=True, related_name="shipments")
    external_id = models.TextField(**EXTERNAL)
    reference = models.TextField(default="", **EXTERNAL)
    status = models.TextField(
        choices=[(status.value, status.label) for status in ShipmentStatus], default=ShipmentStatus.NEW.value
    )
    reason = models.TextField(default="")
    carrier = models.TextField(default="")
    service = models.TextField(default="")
    shipped_at = models.DateTimeField()
    imported_at = models.DateTimeField(default=timezone.now)
    is_final = models.BooleanField(null=True)
    is_flagged = models.BooleanField(default=False)
    doc = models.BinaryField()

    class Meta:
        db_table = "shipment"
        constraints: ClassVar = [models.UniqueConstraint(fields=["warehouse", "external_id"], name="shipment_once")]
        indexes: ClassVar = [
            models.Index(models.F("account"), models.F("shipped_at").desc(), models.F("id").desc(), name="shipment_list"),
            models.Index(
                models.F("account"),
                models.F("status"),
                models.F("shipped_at").desc(),
                models.F("id").desc(),
                name="shipment_status",
            ),
            models.Index(fields=["account", "order"], name="shipment_order"),
            models.Index(fields=["warehouse", "reference"], name="shipment_unmatched", condition=Q(order__isnull=True)),
        ]


class Package(TenantModel):
    """One box of a shipment."""

    shipment = RowKey(Shipment, related_name="packages")
    external_id = models.TextField(**EXTERNAL)
    tracking = models.TextField(default="", **EXTERNAL)
    tracking_url = models.TextField(default="")
    sscc = models.TextField(default="")
    weight = models.DecimalField(null=True, **QUANTITY)
    weight_unit = models.TextField(default="")

    class Meta:
        db_table = "package"
        constraints: ClassVar = [models.UniqueConstraint(fields=["shipment", "external_id"], name="package_once")]
        indexes: ClassVar = [models.Index(fields=["account", "tracking"], name="package_tracking")]


class PackageContent(TenantModel):
    """Units of one allocation in a box; a void takes them back with a negative quantity. A trigger keeps the line's count.

    Without an allocation the units match nothing we asked for; they count only when flagged.
    """

    package = RowKey(Package, related_name="contents")
    allocation = RowKey(Allocation, null=True, related_name="contents")
    sku = models.TextField(default="", **EXTERNAL)
    quantity = models.DecimalField(**QUANTITY)
    lot = models.TextField(default="")
    expiry = models.DateField(null=True)
    serials = ArrayField(models.TextField(), default=list)
    is_flagged = models.BooleanField(default=False)

    class Meta:
        db_table = "package_content"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["package", "allocation", "sku", "lot"], name="package_content_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(quantity=0), name="package_content_quantity"),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "allocation"], name="package_content_of")]
