"""Whatever is done in somebody's name is refused to whoever lacks the right for it, before anything else happens."""

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

import crossdock
from crossdock.accounts.models import Role
from crossdock.accounts.rights import DOES, Actor, Forbidden, Right
from crossdock.connections.models import Mode

# Written out once more on purpose: a changed right has to be changed in both places.
NEEDS = """
accounts.services.add_member                   manage_people
accounts.services.change_member                manage_people
accounts.services.change_settings              manage_account
accounts.services.remove_member                manage_people
connections.editing.test                       replace_credentials  what can be tried
connections.hooks.replace_hook                 manage_account
connections.merchants.change_merchant          manage_connections
connections.merchants.create_merchant          manage_connections
connections.requests.ask                       manage_connections   for a draft
connections.requests.ask                       replace_credentials  for a site
connections.requests.must_be_allowed           manage_connections   for a draft
connections.requests.must_be_allowed           replace_credentials  for a site
connections.requests.revoke                    manage_connections   for a draft
connections.requests.revoke                    replace_credentials  for a site
connections.services.create_connection         manage_connections
connections.services.delete_connection         delete_connections
connections.services.link_locations            manage_connections
connections.services.make_default              manage_connections
connections.services.rename_connection         manage_connections
connections.services.run_now                   run_channels
connections.services.set_channel               manage_connections
connections.services.set_mode                  manage_connections   off
connections.services.set_mode                  go_live              live
connections.services.set_remainder             manage_connections
connections.services.set_schedules             manage_connections
connections.sites.replace_settings             replace_credentials
connections.sites.save_store                   manage_connections
connections.sites.save_warehouse               manage_connections
connections.unread.set_aside                   run_channels
desk.privacy.requests.answer                   manage_account
desk.privacy.requests.erase_person             manage_account
desk.privacy.requests.gathered                 manage_account
fulfillment.services.archive_shipments         act_on_orders
fulfillment.services.go_live                   go_live
fulfillment.services.reprocess_shipments       act_on_orders
inventory.services.allow                       manage_connections
inventory.services.link_stock                  manage_connections
inventory.services.push_everything             run_channels
inventory.services.set_drop_limit              manage_connections
orders.backfilling.fetch_orders                run_channels
orders.counting.count_again                    run_channels
orders.counting.fetch_missing                  run_channels
orders.not_understood.set_aside                act_on_orders
orders.services.archive                        act_on_orders
orders.services.delete                         delete_orders
orders.services.delete                         force_delete_orders  by force
orders.services.release                        act_on_orders
orders.services.reprocess                      act_on_orders
orders.services.reset                          act_on_orders
orders.services.settle_issue                   act_on_orders
"""
HOW = {
    "for a draft": {"subject": SimpleNamespace(site=None)},
    "for a site": {"subject": SimpleNamespace(site=object())},
    "what can be tried": {"changed": SimpleNamespace(resolved=SimpleNamespace(settings=object()))},
    "off": {"mode": Mode.OFF},
    "live": {"mode": Mode.LIVE},
    "by force": {"is_forced": True},
}
ROWS = [line.split(maxsplit=2) for line in NEEDS.strip().splitlines()]

ASKS_NOBODY = {
    "accounts.audit.record": "writes down what was done",
    "connections.completing.complete": "by the services that it calls",
    "connections.completing.proposed_prefix": "reads",
    "connections.completing.warehouse_of": "reads",
    "connections.drafts.discard": "everybody's own",
    "connections.drafts.load": "everybody's own",
    "connections.drafts.open_drafts": "everybody's own",
    "connections.drafts.save": "everybody's own",
    "connections.drafts.start": "everybody's own",
    "connections.editing.save": "by the services that it calls",
    "connections.oauth.ask": "only makes an address",
    "connections.oauth.begin": "only makes an address",
    "connections.presenting.warehouses": "reads",
    "fulfillment.adopting.adopt": "a step of going live",
    "fulfillment.adopting.leave": "a step of going live",
}
"""Functions that act for somebody and ask for no right themselves, and why."""


@dataclass(frozen=True)
class Lacking(Actor):
    """Somebody who may do everything but one thing."""

    missing: Right | None = None

    def may(self, right):
        return right is not self.missing


def acting():
    """Every public function outside of views that is told for whom it acts, by name."""
    left_out = ("bench", "connectors", "migrations", "sandbox", "site", "testing", "tests", "views", "web")
    for module in pkgutil.walk_packages(crossdock.__path__, "crossdock."):
        if not set(module.name.split(".")) & set(left_out):
            home = importlib.import_module(module.name)
            for name, found in vars(home).items():
                is_ours = inspect.isfunction(found) and found.__module__ == home.__name__ and not name.startswith("_")
                if is_ours and "actor" in inspect.signature(found).parameters:
                    yield f"{module.name.removeprefix('crossdock.')}.{name}"


def test_every_function_that_acts_for_somebody_is_in_one_of_the_tables():
    assert set(acting()) == {name for name, *_ in ROWS} | set(ASKS_NOBODY)


@pytest.mark.parametrize(("name", "needed", "how"), [(name, Right(needed), "".join(how)) for name, needed, *how in ROWS])
def test_a_service_is_refused_to_whoever_lacks_its_right(name, needed, how):
    home, _, function = name.rpartition(".")
    service = getattr(importlib.import_module(f"crossdock.{home}"), function)
    actor = Lacking(account_id=1, person_id=2, role=Role.ADMINISTRATOR, missing=needed)
    parameters = inspect.signature(service).parameters.values()
    nothing = {one.name: None for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD}

    with pytest.raises(Forbidden, match=DOES[needed]):
        service(**nothing | {"actor": actor} | HOW.get(how, {}))
