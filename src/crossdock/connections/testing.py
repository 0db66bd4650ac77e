"""Merchants, stores, warehouses and connections for tests of every package: rows written directly, no platform is asked."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from crossdock.accounts.models import Account
from crossdock.connections.models import Channel, Connection, LocationLink, Merchant, Mode, Realm, Schedule, Store, Warehouse
from crossdock.connections.services import DEFAULT_SCHEDULES, supported_channels
from crossdock.jobs.schedules import dump
from crossdock.tenancy.scope import scoped

_numbers = itertools.count(1)


def a_merchant(account: Account, name: str = "") -> Merchant:
    """A brand of its own."""
    with scoped(account.pk):
        return Merchant.objects.create(account_id=account.pk, name=name or f"Merchant {next(_numbers)}")


def a_store(
    account: Account,
    merchant: Merchant | None = None,
    *,
    name: str = "",
    platform: str = "shopify",
    realm: str = Realm.LIVE,
    settings: dict[str, Any] | None = None,
) -> Store:
    """A store without credentials, of a merchant of its own unless one is given. `settings` are the connector's, as stored."""
    number = next(_numbers)
    merchant = merchant or a_merchant(account)
    with scoped(account.pk):
        return Store.objects.create(
            account_id=account.pk,
            merchant=merchant,
            platform=platform,
            identity=f"store-{number}",
            realm=realm,
            name=name or f"Store {number}",
            settings={"shop": f"store-{number}", **(settings or {})} if platform == "shopify" else settings or {},
        )


def a_warehouse(
    account: Account,
    *,
    name: str = "",
    platform: str = "files",
    realm: str = Realm.LIVE,
    settings: dict[str, Any] | None = None,
) -> Warehouse:
    """A warehouse without credentials."""
    number = next(_numbers)
    with scoped(account.pk):
        return Warehouse.objects.create(
            account_id=account.pk,
            platform=platform,
            identity=f"warehouse-{number}",
            realm=realm,
            name=name or f"Warehouse {number}",
            settings={"transport": "folder", "folder": f"w{number}", **(settings or {})}
            if platform == "files"
            else settings or {},
        )


def a_connection(
    account: Account,
    *,
    store: Store | None = None,
    warehouse: Warehouse | None = None,
    mode: str = Mode.LIVE,
    is_default: bool | None = None,
    name: str = "",
    accept_after: datetime | None = None,
    locations: Sequence[str] = (),
) -> Connection:
    """A connection with its usual channels and schedules. The store's first is its default unless told otherwise."""
    store = store or a_store(account)
    warehouse = warehouse or a_warehouse(account, realm=store.realm)
    with scoped(account.pk):
        if is_default is None:
            is_default = not Connection.objects.filter(store=store, is_default=True, deleted_at=None).exists()
        connection = Connection.objects.create(
            account_id=account.pk,
            name=name or f"{store.name} to {warehouse.name}",
            merchant_id=store.merchant_id,
            store=store,
            warehouse=warehouse,
            realm=store.realm,
            mode=mode,
            is_default=is_default,
            live_at=datetime.now(UTC) if mode == Mode.LIVE else None,
            accept_after=accept_after,
        )
        for kind in supported_channels(connection):
            channel = Channel.objects.create(account_id=account.pk, connection=connection, kind=kind)
            Schedule.objects.bulk_create(
                [Schedule(account_id=account.pk, channel=channel, rule=dump(rule)) for rule in DEFAULT_SCHEDULES[kind]]
            )
        LocationLink.objects.bulk_create(
            [LocationLink(account_id=account.pk, connection=connection, store=store, location=location) for location in locations]
        )
        return connection
