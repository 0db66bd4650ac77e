"""Lanes: what is to be looked at, when, and who is looking."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from crossdock.tenancy.models import TenantModel


class Lane(TenantModel):
    """One direction of one kind of data at one store, warehouse or connection.

    `due_at` says when it is to be looked at; while somebody looks it is when his first lease ends, so that a lane whose holder died
    is still found. A wake that comes during a run shows in `woken_at` and makes the lane due again when the run ends. `fence` grows
    with every lease: a write that names an older one is refused. `position` and the window say where to go on.
    `last_message_id` is the exchange behind the last error.
    """

    kind = models.TextField()
    store_id = models.BigIntegerField(null=True)
    warehouse_id = models.BigIntegerField(null=True)
    connection_id = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    woken_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    holder = models.TextField(default="")
    window_from = models.DateTimeField(null=True)
    window_to = models.DateTimeField(null=True)
    position = models.JSONField(null=True)
    failures = models.IntegerField(default=0)
    blocked_reason = models.TextField(null=True)  # noqa: DJ001  (null is "not blocked"; the index needs the difference)
    last_error = models.TextField(default="")
    last_message_id = models.UUIDField(null=True)
    last_started_at = models.DateTimeField(null=True)
    last_done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lane"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "store_id", "warehouse_id", "connection_id"], name="lane_once", nulls_distinct=False
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("due_at"), name="lane_due", condition=Q(due_at__isnull=False, blocked_reason__isnull=True)),
        ]


class WorkerBeat(models.Model):
    """A worker process that was alive at `beat_at`. No tenant's row."""

    id = models.UUIDField(primary_key=True)
    host = models.TextField()
    pid = models.IntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "worker_beat"
