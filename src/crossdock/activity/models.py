"""The story of each record, and every message exchanged with a platform, both partitioned by month and dropped by age; and what was
asked about personal data.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crossdock.tenancy.models import TenantModel, new_public_id


class Activity(TenantModel):
    """One thing that happened to an order, a shipment, a store or a warehouse. The sentence is made from `kind` and `params`."""

    at = models.DateTimeField()
    order_id = models.BigIntegerField(null=True)
    shipment_id = models.BigIntegerField(null=True)
    store_id = models.BigIntegerField(null=True)
    warehouse_id = models.BigIntegerField(null=True)
    kind = models.TextField()
    params = models.JSONField(default=dict)
    message_id = models.UUIDField(null=True)
    by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "activity"
        managed = False


class Message(models.Model):
    """One exchange with a platform, as sent and received, secrets removed; bodies are compressed and sealed.

    `id` is a version-7 UUID and `at` the moment inside it, so an id alone finds its partition. In a page of records each record
    stands as a pointer to what the record itself keeps as received: `{"$record": external id}`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account_id = models.BigIntegerField()
    at = models.DateTimeField()
    store_id = models.BigIntegerField(null=True)
    warehouse_id = models.BigIntegerField(null=True)
    operation = models.TextField()
    method = models.TextField()
    url = models.TextField()
    status = models.IntegerField(null=True)
    ms = models.IntegerField()
    request = models.BinaryField()
    response = models.BinaryField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "message"
        managed = False


class MessageSubject(models.Model):
    """Which orders a message is about, so that erasing one finds every exchange."""

    at = models.DateTimeField()
    message_id = models.UUIDField()
    order_id = models.BigIntegerField()
    account_id = models.BigIntegerField()

    class Meta:
        db_table = "message_subject"
        managed = False
        unique_together: ClassVar = [("at", "message_id", "order_id")]


class PrivacyState(models.TextChoices):
    """How far a privacy request is. It waits for a person's answer, or for orders that are still under way."""

    NEW = "new", "New"
    WAITS = "waits", "Waits"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"


class PrivacyRequest(TenantModel):
    """What a platform, or a person here, asks of the personal data a store brought in: gather them, or erase a person or all of it.

    `subject` says whom it is about, as long as that is needed; `about` is the same masked, `digest` the same keyed, so that what was
    done can be shown later. `orders` are those it found, `erased` those of them that were erased. `outcome` is a sentence.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    merchant_id = models.BigIntegerField()
    store_id = models.BigIntegerField()
    kind = models.TextField()
    delivery_id = models.TextField()
    state = models.TextField(choices=PrivacyState.choices, default=PrivacyState.NEW)
    subject = models.JSONField(null=True)
    about = models.TextField(default="")
    digest = models.TextField(default="")
    outcome = models.TextField(default="")
    orders = models.IntegerField(default=0)
    erased = models.IntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.BigIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_request"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "store_id", "delivery_id"], name="privacy_request_once"),
            models.CheckConstraint(condition=Q(kind__in=["gather", "erase_person", "erase_store"]), name="privacy_request_kind"),
            models.CheckConstraint(
                condition=Q(state__in=["new", "waits"], settled_at__isnull=True)
                | Q(state__in=["done", "refused"], settled_at__isnull=False, subject__isnull=True),
                name="privacy_request_forgets",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "asked_at"], name="privacy_request_list")]
