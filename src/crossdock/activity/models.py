"""The story of each record, and every message exchanged with a platform. Both are partitioned by month and dropped by age."""

import uuid
from typing import ClassVar

from django.db import models

from crossdock.tenancy.models import TenantModel


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
