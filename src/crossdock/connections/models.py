"""Merchants, stores, warehouses, the connections between them, and the effects we have at their platforms."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from crossdock.tenancy.models import RowKey, TenantModel, new_public_id


class Realm(models.TextChoices):
    """Whether a store or warehouse is real, or stands in the sandbox. Never changes, never mixes."""

    LIVE = "live", "Live"
    SANDBOX = "sandbox", "Sandbox"


class Mode(models.TextChoices):
    """What a connection may do: nothing; look without touching; everything."""

    OFF = "off", "Off"
    OBSERVE = "observe", "Observe"
    LIVE = "live", "Live"


class Remainder(models.TextChoices):
    """What becomes of the rest of a part when its warehouse says that nothing more of it follows."""

    WAIT = "wait", "Wait"
    ASK = "ask", "Ask a person"
    RESHIP = "reship", "Send the rest again"


class ChannelKind(models.TextChoices):
    """Kinds of data on a connection."""

    SALES_ORDERS = "sales_orders", "Sales Orders"
    SHIPMENTS = "shipments", "Shipments"
    INVENTORY = "inventory", "Inventory"
    PRODUCTS = "products", "Products"
    RETURNS = "returns", "Returns"
    CATALOGS = "catalogs", "Catalogs"
    PURCHASE_ORDERS = "purchase_orders", "Purchase Orders"


class Merchant(TenantModel):
    """The brand that owns the stock."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.TextField()
    company = models.TextField(default="", blank=True)
    contact_name = models.TextField(default="", blank=True)
    contact_email = models.EmailField(default="", blank=True)
    contact_phone = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        db_table = "merchant"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="merchant_name"),
            models.CheckConstraint(condition=~Q(name=""), name="merchant_named"),
        ]


class Platform(TenantModel):
    """What stores and warehouses have in common: one login at one platform. Its identity is the platform's own and never changes;
    a deleted one is kept, so that adding it again revives it.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    platform = models.TextField()
    identity = models.TextField()
    realm = models.TextField(choices=Realm.choices)
    name = models.TextField()
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    trouble = models.TextField(default="", blank=True)

    class Meta:
        abstract = True


class Store(Platform):
    """One order source on one platform. `trouble` is what a person has to mend, as a sentence.

    `old_hook_hash` is of a webhook address that was replaced, and is taken until its moment.
    """

    merchant = RowKey(Merchant, related_name="stores")
    hook_hash = models.BinaryField(null=True)
    old_hook_hash = models.BinaryField(null=True)
    old_hook_until = models.DateTimeField(null=True)
    webhooks_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "store"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "platform", "identity", "realm"], name="store_identity"),
            models.UniqueConstraint(fields=["hook_hash"], name="store_hook"),
            models.UniqueConstraint(fields=["old_hook_hash"], name="store_old_hook"),
        ]


class Warehouse(Platform):
    """One WMS account on one platform."""

    class Meta:
        db_table = "warehouse"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "platform", "identity", "realm"], name="warehouse_identity"),
        ]


class Connection(TenantModel):
    """The unique triple merchant + store + warehouse. Created Off. `is_default` takes what nothing else gives elsewhere."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.TextField()
    merchant = RowKey(Merchant, related_name="connections")
    store = RowKey(Store, related_name="connections")
    warehouse = RowKey(Warehouse, related_name="connections")
    realm = models.TextField(choices=Realm.choices)
    mode = models.TextField(choices=Mode.choices, default=Mode.OFF)
    is_default = models.BooleanField(default=False)
    live_at = models.DateTimeField(null=True)
    accept_after = models.DateTimeField(null=True)
    remainder = models.TextField(choices=Remainder.choices, default=Remainder.WAIT, db_default="wait")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "connection"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "merchant", "store", "warehouse"], name="connection_triple"),
            models.UniqueConstraint(
                fields=["account", "store"], condition=Q(is_default=True, deleted_at=None), name="connection_default"
            ),
            models.CheckConstraint(condition=~Q(mode=Mode.LIVE) | Q(live_at__isnull=False), name="connection_live_since"),
            models.CheckConstraint(condition=Q(deleted_at=None) | Q(mode=Mode.OFF), name="connection_deleted_is_off"),
            models.CheckConstraint(condition=Q(remainder__in=["wait", "ask", "reship"]), name="connection_remainder"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "store"], name="connection_store"),
            models.Index(fields=["account", "warehouse"], name="connection_warehouse"),
        ]


class LocationLink(TenantModel):
    """Lines assigned to `location` of the store go to this connection, at `facility` of its warehouse where it has several."""

    connection = RowKey(Connection, related_name="location_links")
    store = RowKey(Store, related_name="+")
    location = models.TextField()
    facility = models.TextField(default="", blank=True)

    class Meta:
        db_table = "location_link"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "store", "location"], name="location_link_once"),
        ]


class Channel(TenantModel):
    """One kind of data on a connection: its own switch and schedules."""

    connection = RowKey(Connection, related_name="channels")
    kind = models.TextField(choices=ChannelKind.choices)
    is_on = models.BooleanField(default=True)

    class Meta:
        db_table = "channel"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "connection", "kind"], name="channel_once")]


class Schedule(TenantModel):
    """One rule of a channel; a run starts when any of them fires. `rule` is a `jobs.schedules.Rule` as stored."""

    channel = RowKey(Channel, related_name="schedules")
    rule = models.JSONField()

    class Meta:
        db_table = "schedule"
        indexes: ClassVar = [models.Index(fields=["account", "channel"], name="schedule_channel")]


class Credential(TenantModel):
    """The secrets of one store or warehouse, sealed. `generation` moves with every change, so two workers never both spend a
    rotating refresh token.
    """

    store = RowKey(Store, null=True, related_name="+")
    warehouse = RowKey(Warehouse, null=True, related_name="+")
    sealed = models.BinaryField()
    generation = models.IntegerField(default=1)
    expires_at = models.DateTimeField(null=True)
    refreshing_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "credential"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "store"], condition=Q(store__isnull=False), name="credential_store"),
            models.UniqueConstraint(
                fields=["account", "warehouse"], condition=Q(warehouse__isnull=False), name="credential_warehouse"
            ),
            models.CheckConstraint(
                condition=Q(store__isnull=False, warehouse__isnull=True) | Q(store__isnull=True, warehouse__isnull=False),
                name="credential_of_one",
            ),
        ]


class EffectState(models.TextChoices):
    """How far an effect is."""

    INTENDED = "intended", "Intended"
    TRYING = "trying", "Trying"
    UNKNOWN = "unknown", "Unknown"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"


class Effect(TenantModel):
    """One change we make in somebody else's system, written down before it is made. Never deleted.

    `key` names the thing in the store's terms, so it stays the same through deleted and re-added connections. `evidence` holds no
    personal data.
    """

    kind = models.TextField()
    key = models.TextField()
    lane_id = models.BigIntegerField()
    store = RowKey(Store, null=True, related_name="+")
    warehouse = RowKey(Warehouse, null=True, related_name="+")
    realm = models.TextField(choices=Realm.choices)
    subject_id = models.BigIntegerField()
    state = models.TextField(choices=EffectState.choices, default=EffectState.INTENDED)
    attempt = models.IntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    external_id = models.TextField(null=True)  # noqa: DJ001  (null is "none given yet")
    evidence = models.JSONField(null=True)
    error = models.TextField(default="")
    intended_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "effect"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "kind", "key"], name="effect_once"),
            models.CheckConstraint(
                condition=Q(state__in=["confirmed", "refused"], settled_at__isnull=False)
                | Q(state__in=["intended", "trying", "unknown"], settled_at__isnull=True),
                name="effect_settled",
            ),
            models.CheckConstraint(condition=~Q(state="confirmed") | Q(evidence__isnull=False), name="effect_evidence"),
        ]
        indexes: ClassVar = [
            models.Index(
                F("lane_id"), F("next_at"), F("id"), name="effect_open", condition=Q(state__in=["intended", "trying", "unknown"])
            ),
            models.Index(fields=["account", "kind", "subject_id"], name="effect_subject"),
            models.Index(fields=["state"], name="effect_unconfirmed", condition=~Q(state="confirmed")),
        ]


class WebhookInbox(TenantModel):
    """A verified delivery that waits to be acted on: a wake-up with the ids to read again."""

    store = RowKey(Store, related_name="+")
    delivery_id = models.TextField()
    topic = models.TextField()
    subjects = models.JSONField(default=list)
    received_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhook_inbox"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "store", "delivery_id"], name="webhook_once")]
        indexes: ClassVar = [
            models.Index(fields=["store", "id"], name="webhook_waiting", condition=Q(taken_at__isnull=True)),
            models.Index(fields=["received_at"], name="webhook_announced", condition=Q(taken_at__isnull=True)),
        ]


class HookRefusals(TenantModel):
    """Announcements at a store's address whose signature does not fit: how many since when, and how many of them since one fitted.

    One row for a store, however many come; `fitted_at` is kept only while there is one.
    """

    store = RowKey(Store, related_name="+")
    refused = models.BigIntegerField()
    since = models.DateTimeField()
    streak = models.BigIntegerField()
    last_at = models.DateTimeField()
    fitted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hook_refusals"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "store"], name="hook_refusals_once")]


class UnreadFile(TenantModel):
    """A file of a warehouse that could not be understood, or not all of it: until it is, has gone, or somebody set it aside.

    `stands` says that it is still in the warehouse's folder, and is met at every look; set aside it is remembered as long. `has_read`
    says that some of it was taken in, `rows` how much was not. A warehouse without files has the name of the record instead.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    warehouse = RowKey(Warehouse, related_name="+")
    channel = models.TextField(choices=ChannelKind.choices)
    name = models.TextField()
    why = models.TextField()
    rows = models.IntegerField(default=1)
    has_read = models.BooleanField(default=False)
    stands = models.BooleanField(default=False)
    first_seen = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)
    set_aside_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "unread_file"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "warehouse", "channel", "name"], name="unread_file_once"),
        ]


class Throttle(TenantModel):
    """What a platform lets us spend at one store or warehouse: the bucket that all workers take from."""

    owner_kind = models.TextField()
    owner_id = models.BigIntegerField()
    available = models.FloatField()
    maximum = models.FloatField()
    restore = models.FloatField()
    at = models.DateTimeField(default=timezone.now)
    paused_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "throttle"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "owner_kind", "owner_id"], name="throttle_once")]


class CredentialLink(TenantModel):
    """A request for credentials: a link that opens their form to somebody without an account, in one browser, until they work.

    It is about a store, a warehouse, or one side of a wizard's draft, named by its public id since drafts come and go. Of the link
    and of the browser that opened it only hashes are stored. `complaint` is what the last test said, cleaned.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    token_hash = models.BinaryField(unique=True)
    person = models.ForeignKey("accounts.Person", on_delete=models.CASCADE, related_name="+", db_index=False)
    store = RowKey(Store, null=True, related_name="+")
    warehouse = RowKey(Warehouse, null=True, related_name="+")
    draft = models.UUIDField(null=True)
    side = models.TextField()
    platform = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    browser_hash = models.BinaryField(null=True)
    opened_at = models.DateTimeField(null=True)
    tests = models.IntegerField(default=0)
    complaint = models.TextField(default="")
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "credential_link"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(store__isnull=False, warehouse__isnull=True, draft__isnull=True)
                | Q(store__isnull=True, warehouse__isnull=False, draft__isnull=True)
                | Q(store__isnull=True, warehouse__isnull=True, draft__isnull=False),
                name="credential_link_of_one",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "store"], name="credential_link_store"),
            models.Index(fields=["account", "warehouse"], name="credential_link_warehouse"),
            models.Index(fields=["account", "draft"], name="credential_link_draft"),
        ]


class SignInState(TenantModel):
    """A browser sign-in at a platform under way: bound to the person who started it, or to the credential link it was started from;
    used once, gone after ten minutes.
    """

    state_hash = models.BinaryField(unique=True)
    person = models.ForeignKey("accounts.Person", on_delete=models.CASCADE, related_name="+", db_index=False, null=True)
    link = RowKey(CredentialLink, null=True, related_name="+")
    platform = models.TextField()
    draft = models.JSONField(default=dict)
    sealed = models.BinaryField(null=True)
    redirect_uri = models.TextField()
    realm = models.TextField(choices=Realm.choices)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sign_in_state"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, link__isnull=True) | Q(person__isnull=True, link__isnull=False),
                name="sign_in_state_of_one",
            ),
        ]


class WizardDraft(TenantModel):
    """What a person has filled in of a new connection so far. Secrets are sealed from the first step on."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    person = models.ForeignKey("accounts.Person", on_delete=models.CASCADE, related_name="+", db_index=False)
    values = models.JSONField(default=dict)
    sealed = models.BinaryField(null=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "wizard_draft"
