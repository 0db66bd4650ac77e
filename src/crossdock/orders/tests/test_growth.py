"""The database looks at the tables of orders in time: `note_growth`, in a database that nobody used yet."""

import os

import psycopg
import pytest

ORDERS = """
insert into sales_order (account_id, store_id, merchant_id, public_id, external_id, number, placed_at, source_updated_at, content_hash,
                         currency, ship_name, ship_country, method_sold, lines_count, units, is_test)
select 1, 1, 1, gen_random_uuid(), 'order ' || gen_random_uuid(), '#1', now(), now(), '', 'USD', 'Ada', 'US', 'Standard', 1, 1, false
  from generate_series(1, %s)
"""


@pytest.fixture
def owner(server):
    """The owner in a transaction of a fresh database, with nothing that orders have to refer to."""
    name = f"crossdock_growth_{os.getpid()}"
    server.clone(server.template, name)
    with psycopg.connect(server.on(name).owner) as found:
        found.execute("alter table sales_order drop constraint sales_order_account_fk")
        found.commit()
        found.execute("select set_config('app.maintenance', 'on', true)")
        found.execute("set constraints all deferred")
        yield found
        found.rollback()
    server.drop(name)


def growth(owner):
    return owner.execute("select note_growth()").fetchone()[0]


def test_a_table_is_looked_at_once_it_has_grown_and_not_again_before_it_has_grown_fourfold(owner):
    owner.execute(ORDERS, [5])
    assert growth(owner) == 0

    owner.execute(ORDERS, [200])

    assert growth(owner) == 1
    assert owner.execute("select reltuples > 100 from pg_class where relname = 'sales_order'").fetchone()[0]
    owner.execute(ORDERS, [200])
    assert growth(owner) == 0
    owner.execute(ORDERS, [1000])
    assert growth(owner) == 1


def test_whoever_finds_somebody_else_looking_leaves_it_to_them(owner):
    owner.execute(ORDERS, [200])
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as other:
        other.execute("lock table sales_order in share update exclusive mode")

        assert growth(owner) == 0
        other.rollback()

    assert growth(owner) == 1
