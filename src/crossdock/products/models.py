"""Listings: one thing that one store sells, as the store said it last."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crossdock.connections.models import Merchant, Store
from crossdock.tenancy.models import RowKey, TenantModel, new_public_id

EXTERNAL: dict[str, Any] = {"db_collation": "C"}
QUANTITY: dict[str, Any] = {"max_digits": 20, "decimal_places": 4}


class Listing(TenantModel):
    """What a store sells under one of its own keys. An empty `sku` is one that the store does not say.

    `reading` names the whole reading of the store that saw it last; what the newest one did not see is gone since `gone_at`.
    `is_doubled`: another listing of the store has the same SKU. `stock` is what the store showed as available when it was read,
    where it says so. `hash` is of all that the store said, so that what is unchanged is not written again.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    merchant = RowKey(Merchant, related_name="+")
    store = RowKey(Store, related_name="listings")
    external_id = models.TextField(**EXTERNAL)
    product_id = models.TextField(**EXTERNAL)
    sku = models.TextField(default="", **EXTERNAL)
    name = models.TextField()
    barcode = models.TextField(default="", **EXTERNAL)
    price = models.DecimalField(null=True, **QUANTITY)
    weight = models.DecimalField(null=True, **QUANTITY)
    weight_unit = models.TextField(default="")
    options = models.JSONField(default=dict)
    components = models.JSONField(default=list)
    hs_code = models.TextField(default="")
    origin = models.TextField(default="")
    url = models.TextField(default="")
    is_bundle = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    requires_shipping = models.BooleanField(default=True)
    tracks_stock = models.BooleanField(null=True)
    stock = models.DecimalField(null=True, **QUANTITY)
    is_doubled = models.BooleanField(default=False)
    words = models.TextField(default="")
    hash = models.BinaryField()
    reading = models.BigIntegerField()
    source_updated_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "listing"
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "external_id"], name="listing_once")]
        indexes: ClassVar = [
            models.Index(fields=["account", "sku", "merchant"], name="listing_by_sku"),
            models.Index(fields=["account", "store", "sku", "merchant"], name="listing_by_store"),
            models.Index(fields=["account", "merchant", "sku"], name="listing_by_merchant"),
            models.Index(fields=["account", "barcode"], name="listing_barcode", condition=~Q(barcode="")),
            models.Index(fields=["account", "id"], name="listing_without_sku", condition=Q(sku="", gone_at=None)),
            models.Index(fields=["account", "store"], name="listing_bundle", condition=Q(is_bundle=True, gone_at=None)),
            models.Index(fields=["account", "sku"], name="listing_doubled", condition=Q(is_doubled=True, gone_at=None)),
        ]
