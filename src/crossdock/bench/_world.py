"""An account with shops and warehouses of the sandbox, joined by connections as the wizard would do it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import connection as database

from crossdock.accounts.rights import system
from crossdock.accounts.services import create_account
from crossdock.bench._sandbox import Sandbox
from crossdock.connections import merchants, services
from crossdock.connections.models import Connection, Mode
from crossdock.connections.sites import save_store, save_warehouse
from crossdock.connectors.files.settings import Settings as FilesSettings
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.shopify.settings import Settings as ShopifySettings
from crossdock.domain.errors import RuleBroken
from crossdock.jobs.schedules import Minutely
from crossdock.tenancy.scope import across_accounts, in_db


@dataclass(frozen=True)
class Site:
    """One shop with the login of the warehouse that ships for it."""

    shop: str
    login: str
    prefix: str
    connection_id: int


class World:
    """One account in the database, seen by the bench as an operator and a person at work would."""

    def __init__(self, account_id: int, sites: Sequence[Site]) -> None:
        self.account_id = account_id
        self.actor = system(account_id)
        self.sites = tuple(sites)

    async def run_now(self, kind: str) -> None:
        """Press "run now" on a channel of every connection."""
        for site in self.sites:
            # Where a frozen worker is in the middle, it is pressed again with the others a moment later.
            with suppress(RuleBroken):
                await in_db(self.account_id, self._run_now, site.connection_id, kind)

    def _run_now(self, connection_id: int, kind: str) -> None:
        services.run_now(actor=self.actor, connection=Connection.objects.get(pk=connection_id), kind=kind)

    async def hurry(self) -> None:
        """Let every pause that grew out of failures end now, as if the hours until the next try had passed."""
        await in_db(self.account_id, _hurry)

    async def statuses(self) -> dict[str, int]:
        """How many orders stand where."""
        return await in_db(self.account_id, _statuses)

    async def explain(self, most: int = 20) -> list[dict[str, Any]]:
        """What is not Closed, with the reason people see."""
        return await in_db(self.account_id, _explain, most)


def _hurry() -> None:
    with database.cursor() as cursor:
        cursor.execute("update effect set next_at = clock_timestamp() where state in ('intended', 'unknown') and next_at > now()")
        cursor.execute(
            "update lane set due_at = clock_timestamp() where due_at > now() and blocked_reason is null"
            " and (failures > 0 or exists (select from effect e where e.lane_id = lane.id"
            "      and e.state in ('intended', 'trying', 'unknown')))"
        )


def _statuses() -> dict[str, int]:
    with database.cursor() as cursor:
        cursor.execute("select status, count(*) from sales_order group by 1 order by 1")
        return dict(cursor.fetchall())


def _explain(most: int) -> list[dict[str, Any]]:
    with database.cursor() as cursor:
        cursor.execute(
            "select number, status, reason, issue from sales_order where status <> 'closed' order by id limit %s", [most]
        )
        orders = [dict(zip(("number", "status", "reason", "issue"), row, strict=True)) for row in cursor.fetchall()]
        cursor.execute(
            "select kind, key, state, attempt, error from effect where state <> 'confirmed' order by id limit %s", [most]
        )
        effects = [dict(zip(("kind", "key", "state", "attempt", "error"), row, strict=True)) for row in cursor.fetchall()]
        cursor.execute("select kind, blocked_reason from lane where blocked_reason is not null limit %s", [most])
        lanes = [dict(zip(("lane", "blocked"), row, strict=True)) for row in cursor.fetchall()]
    return orders + effects + lanes


async def build(sandbox: Sandbox, *, shops: int, warehouses: int, **shop_settings: Any) -> World:
    """Open shops and warehouse logins in the sandbox and join them, Live: each shop with one warehouse, in turn."""
    own_app = sandbox.settings("shopify")
    folder = sandbox.settings("files")
    account = await across_accounts(create_account, name="Bench")
    kept = []
    for number in range(1, warehouses + 1):
        given = await sandbox.pull("files", "add_merchant", login=f"w{number:03}")
        kept.append({**folder, "username": given["login"], "password": given["password"]})
    plans = []
    for number in range(1, shops + 1):
        handle = await sandbox.pull("shopify", "add_shop", handle=f"bench-{number:03}")
        token = await sandbox.pull("shopify", "give_token", shop=handle)
        settings = {
            "shop": handle,
            "access": "token",
            "admin_token": token,
            "client_secret": own_app["client_secret"],
            "location": await sandbox.first_location(handle, token),
            "order_number_prefix": f"S{number}-",
            **shop_settings,
        }
        plans.append((settings, kept[(number - 1) % len(kept)]))
    return World(account.pk, await in_db(account.pk, _join, account.pk, plans))


def _join(account_id: int, plans: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[Site]:
    actor = system(account_id)
    sites = []
    warehouses = {}
    for shop_settings, folder in plans:
        login, handle = folder["username"], shop_settings["shop"]
        if login not in warehouses:
            warehouses[login] = save_warehouse(
                actor=actor,
                platform="files",
                name=f"Warehouse {login}",
                settings=FilesSettings.model_validate(folder),
                identity=Identity(f"{login}-{folder['port']}", login),
            )
        store = save_store(
            actor=actor,
            merchant=merchants.create_merchant(actor=actor, name=f"Merchant {handle}"),
            platform="shopify",
            name=f"Shop {handle}",
            settings=ShopifySettings.model_validate(shop_settings),
            identity=Identity(f"{handle}-id", handle),
        )
        connection = services.create_connection(actor=actor, name=handle, store=store, warehouse=warehouses[login])
        for kind in ("sales_orders", "shipments"):
            services.set_schedules(actor=actor, connection=connection, kind=kind, rules=(Minutely(every=1),))
        services.set_mode(actor=actor, connection=connection, mode=Mode.LIVE)
        sites.append(Site(handle, login, shop_settings["order_number_prefix"], connection.pk))
    return sites
