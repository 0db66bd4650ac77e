"""Lists and pages of connections, merchants, stores and warehouses: what they show, to whom, and what their buttons do."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.slugs import short
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections import services
from crossdock.connections.models import Channel, Connection, LocationLink, Merchant, Schedule
from crossdock.connections.testing import a_connection, a_merchant, a_store, a_warehouse
from crossdock.tenancy.scope import scoped
from crossdock.ui.links import page_url_or_none

pytestmark = pytest.mark.usefixtures("db_ready")


class Office:
    """An account and somebody at work in it."""

    def __init__(self, role=Role.ADMINISTRATOR, account=None, merchants=None):
        self.account = account or an_account("Northline", time_zone="America/Chicago")
        self.person = a_person(self.account, role=role, merchants=merchants)
        self.browser = signed_in_client(self.person)

    def url(self, name, **kwargs):
        return reverse(f"connections:{name}", kwargs={"account": self.account.public_id, **kwargs})

    def see(self, name, query="", **kwargs):
        answer = self.browser.get(self.url(name, **kwargs) + query)
        assert answer.status_code == 200, answer.status_code
        return re.sub(r"\s+", " ", answer.content.decode())

    def do(self, name, data=None, htmx=False, **kwargs):
        return self.browser.post(self.url(name, **kwargs), data or {}, headers={"HX-Request": "true"} if htmx else {})


@pytest.fixture
def office():
    return Office()


def set_lanes(office, sql, *params):
    with scoped(office.account.pk), database.cursor() as cursor:
        cursor.execute(f"update lane set {sql}", params)


def read(link):
    """A connection with what it joins, to be looked at outside the account."""
    with scoped(link.account_id):
        return Connection.objects.select_related("store", "warehouse", "merchant").get(pk=link.pk)


def wake(office, link):
    with scoped(office.account.pk):
        services.wake_channels(link)


# --- Lists ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["list", "merchants", "stores", "warehouses"])
def test_an_empty_list_says_what_will_be_here_and_offers_the_next_step(office, name):
    page = office.see(name)

    assert "cd-empty" in page
    assert office.url("new") in page


def test_the_list_shows_what_a_connection_joins(office):
    store = a_store(office.account, a_merchant(office.account, "Copperline"), name="Copperline shop")
    a_connection(office.account, store=store, warehouse=a_warehouse(office.account, name="Columbus"), name="Copper to Columbus")

    page = office.see("list")

    for part in ("Copper to Columbus", "Copperline", "Copperline shop", "Columbus", "Shopify", "Live"):
        assert part in page


def test_the_list_is_searched_and_filtered_in_the_address(office):
    copper = a_store(office.account, a_merchant(office.account, "Copperline"))
    a_connection(office.account, store=copper, name="One", mode="live")
    a_connection(office.account, name="Two", mode="off")

    assert "Two" not in office.see("list", "?q=copperline").split("<tbody")[1]
    assert "One" not in office.see("list", "?status=off").split("<tbody")[1]
    assert "No connection fits this filter" in office.see("list", "?status=observe")
    assert "Two" in office.see("list", "?store_platform=shopify&warehouse_platform=files")
    with scoped(office.account.pk):
        merchant = Merchant.objects.get(name="Copperline")
    assert "Two" not in office.see("list", f"?merchant={short(merchant.public_id)}").split("<tbody")[1]


def test_a_connection_that_stands_still_says_why_on_the_list(office):
    wake(office, a_connection(office.account))
    set_lanes(office, "blocked_reason = %s where kind = 'orders.pull'", "Shopify refuses the token. Enter a new one.")

    page = office.see("list")

    assert "Stopped" in page
    assert "Shopify refuses the token. Enter a new one." in page


def test_a_connection_that_should_have_run_is_late(office):
    wake(office, a_connection(office.account))
    set_lanes(office, "due_at = now() - interval '20 minutes'")

    assert "Late" in office.see("list")


def test_fifty_one_connections_are_two_pages_and_back(office):
    store, warehouse = a_store(office.account), a_warehouse(office.account)
    with scoped(office.account.pk):
        for number in range(51):
            site = a_warehouse(office.account) if number else warehouse
            Connection.objects.create(
                account_id=office.account.pk, name=f"Link {number:02}", merchant_id=store.merchant_id, store=store, warehouse=site,
                realm="live",
            )  # fmt: skip

    first = office.see("list")
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = office.browser.get(older).content.decode()
    newer = re.search(r'rel="prev" href="([^"]+)"', second)[1].replace("&amp;", "&")

    assert first.count("data-row ") == 50
    assert "Link 50" in second
    assert "Link 00" in office.browser.get(newer).content.decode()


# --- One connection -------------------------------------------------------------------------------------------------------------


def test_every_kind_of_data_has_its_card(office):
    link = a_connection(office.account)

    page = office.see("one", public_id=link.public_id)

    assert page.count("<article") == 7
    assert "Every 5 minutes" in page
    assert page.count("Not supported") == 2
    assert f"Neither {link.store.name} nor {link.warehouse.name} can exchange catalogs." in page


def test_a_card_says_what_stopped_it_and_what_to_do_once_for_each_reason(office):
    link = a_connection(office.account)
    wake(office, link)
    set_lanes(office, "blocked_reason = %s where store_id is not null", "Shopify refuses the token. Enter a new one.")

    page = office.see("one", public_id=link.public_id)

    assert page.count("Shopify refuses the token. Enter a new one.") == 1
    assert f"Reading orders from {link.store.name} has stopped." in page
    assert "Open the settings" in page


def test_a_card_that_failed_says_when_it_tries_again(office):
    link = a_connection(office.account)
    wake(office, link)
    due = datetime.now(UTC) + timedelta(minutes=4, seconds=30)
    set_lanes(office, "failures = 2, last_error = 'No answer.', due_at = %s where kind = 'fulfillment.send'", due)

    page = office.see("one", public_id=link.public_id)

    assert f"Sending orders to {link.warehouse.name} failed." in page
    assert "in 4 min" in page


def test_a_store_needs_a_person_only_where_nothing_is_tried_again(office):
    link = a_connection(office.account)
    wake(office, link)
    set_lanes(office, "failures = 2, last_error = 'No answer.' where store_id is not null")
    failing = office.see("store", public_id=link.store.public_id)
    set_lanes(office, "blocked_reason = 'Refused.' where store_id is not null")
    stopped = office.see("store", public_id=link.store.public_id)

    assert "Needs a person" not in failing
    assert "The last run failed; the next try is scheduled." in failing
    assert "Needs a person" in stopped


def test_a_warehouse_whose_sending_is_refused_says_so_instead_of_being_in_use(office):
    link = a_connection(office.account)
    wake(office, link)
    before = office.see("warehouse", public_id=link.warehouse.public_id)
    set_lanes(office, "blocked_reason = 'It refuses the key.' where kind in ('fulfillment.send', 'fulfillment.pull')")

    page = office.see("warehouse", public_id=link.warehouse.public_id)
    store = office.see("store", public_id=link.store.public_id)

    assert "In use" in before
    assert "In use" not in page
    assert "Needs a person" in page
    assert f"Sending orders to {link.warehouse.name} has stopped.</strong> It refuses the key." in page
    assert page.count("has stopped.</strong>") == 1
    assert 'href="#settings"' in page
    assert "Needs a person" in office.see("warehouses")
    assert "It refuses the key." not in store.split("Where it is used")[0]


def test_the_next_run_is_told_while_the_connection_is_on(office):
    link = a_connection(office.account, mode="observe")
    off = a_connection(office.account, mode="off")

    assert re.search(r"Next run</dt><dd><time", office.see("one", public_id=link.public_id))
    assert "When the connection is on" in office.see("one", public_id=off.public_id)


def test_the_cards_are_sent_again_only_when_they_changed(office):
    link = a_connection(office.account)
    url = office.url("channels", public_id=link.public_id)
    version = re.search(r'data-poll-version="(\w+)"', office.see("one", public_id=link.public_id))[1]

    same = office.browser.get(url, headers={"X-Crossdock-Version": version})
    office.do("switch", {}, public_id=link.public_id, kind="shipments")
    changed = office.browser.get(url, headers={"X-Crossdock-Version": version})

    assert (same.status_code, changed.status_code) == (204, 200)


def test_a_channel_is_switched_by_a_click(office):
    link = a_connection(office.account)

    answer = office.do("switch", {}, htmx=True, public_id=link.public_id, kind="sales_orders")

    assert answer.content.decode().lstrip().startswith('<div id="channels"')
    with scoped(office.account.pk):
        assert not Channel.objects.get(connection=link, kind="sales_orders").is_on
    office.do("switch", {"on": "on"}, public_id=link.public_id, kind="sales_orders")
    with scoped(office.account.pk):
        assert Channel.objects.get(connection=link, kind="sales_orders").is_on


def test_run_now_wakes_the_channels_lanes(office):
    link = a_connection(office.account, mode="observe")

    office.do("run_now", public_id=link.public_id, kind="sales_orders")

    with scoped(office.account.pk), database.cursor() as cursor:
        cursor.execute("select kind from lane where woken_at is not null")
        assert "orders.pull" in {row[0] for row in cursor.fetchall()}


def test_run_now_while_off_says_what_to_do(office):
    link = a_connection(office.account, mode="off")

    answer = office.do("run_now", htmx=True, public_id=link.public_id, kind="sales_orders")

    assert answer.status_code == 409
    assert "Turn it to Observe or Live first." in answer.content.decode()


def test_it_is_turned_to_observe_and_off(office):
    link = a_connection(office.account, mode="off")

    office.do("mode", {"mode": "observe"}, public_id=link.public_id)
    with scoped(office.account.pk):
        assert Connection.objects.get().mode == "observe"
    office.do("mode", {"mode": "off"}, public_id=link.public_id)
    with scoped(office.account.pk):
        assert Connection.objects.get().mode == "off"
    assert office.do("mode", {"mode": "sideways"}, public_id=link.public_id).status_code == 409


def test_going_live_leads_to_the_page_that_asks_about_older_orders_or_goes_live_itself(office):
    link = a_connection(office.account, mode="observe")

    answer = office.do("mode", {"mode": "live"}, public_id=link.public_id)

    asks = page_url_or_none(None, "fulfillment:go_live", account=office.account.public_id, public_id=link.public_id)
    with scoped(office.account.pk):
        fresh = Connection.objects.get()
    if asks:
        assert (answer.url, fresh.mode) == (asks, "observe")
    else:
        assert (fresh.mode, fresh.accept_after is not None) == ("live", True)


def test_a_connection_is_deleted_only_while_off_and_its_store_is_remembered(office):
    link = a_connection(office.account, mode="live")
    assert office.do("delete", public_id=link.public_id).status_code == 409
    office.do("mode", {"mode": "off"}, public_id=link.public_id)

    assert office.do("delete", public_id=link.public_id).url == office.url("list")

    assert office.browser.get(office.url("one", public_id=link.public_id)).status_code == 404
    with scoped(office.account.pk):
        assert Connection.objects.get().deleted_at is not None


def test_another_connection_becomes_the_stores_default(office):
    store = a_store(office.account)
    first, second = a_connection(office.account, store=store), a_connection(office.account, store=store)

    office.do("make_default", public_id=second.public_id)

    with scoped(office.account.pk):
        assert set(Connection.objects.filter(is_default=True).values_list("pk", flat=True)) == {second.pk}
    assert "Make it the default" in office.see("settings", public_id=first.public_id)


def test_a_connection_gets_another_name(office):
    link = a_connection(office.account)

    office.do("settings", {"part": "name", "name": "A better name"}, public_id=link.public_id)

    assert "A better name" in office.see("list")


def test_what_becomes_of_a_rest_is_chosen_on_the_connections_settings(office):
    link = a_connection(office.account)
    before = office.see("settings", public_id=link.public_id)

    office.do("settings", {"part": "remainder", "remainder": "ask"}, public_id=link.public_id)

    assert 'value="wait" checked' in before
    assert 'value="cancel" disabled' in before
    assert 'value="ask" checked' in office.see("settings", public_id=link.public_id)


def test_locations_are_linked_once(office):
    store = a_store(office.account)
    first = a_connection(office.account, store=store, locations=["11"])
    second = a_connection(office.account, store=store)

    assert first.name in office.see("locations", public_id=second.public_id)
    answer = office.do("locations", {"locations": ["11"]}, public_id=second.public_id)
    office.do("locations", {"locations": ["22"], "facility-22": "East"}, public_id=second.public_id)

    assert "Remove that link first." in answer.content.decode()
    with scoped(office.account.pk):
        assert LocationLink.objects.get(connection=second).facility == "East"


# --- Schedules ------------------------------------------------------------------------------------------------------------------


def rules(*given):
    data = {"rule": [str(number) for number in range(len(given))]}
    for number, fields in enumerate(given):
        data |= {f"rule-{number}-{name}": value for name, value in fields.items()}
    return data


def stored_rules(office, link, kind="sales_orders"):
    with scoped(office.account.pk):
        return [row.rule for row in Schedule.objects.filter(channel__connection=link, channel__kind=kind).order_by("pk")]


def test_rules_are_stacked_and_read_back(office):
    link = a_connection(office.account)
    flexible = {"type": "flexible", "every": "15", "unit": "minutes", "weekdays": ["0", "4"], "start_hour": "8", "end_hour": "17"}

    answer = office.do(
        "schedule",
        {"do": "save", **rules({"type": "minutely", "minutes": "1"}, {"type": "hourly", "hours": "2", "minute": "30"},
                               {"type": "daily", "days": "1", "at": "02:30"}, flexible)},
        public_id=link.public_id, kind="sales_orders",
    )  # fmt: skip

    assert answer.status_code == 302
    assert [rule["type"] for rule in stored_rules(office, link)] == ["minutely", "hourly", "daily", "flexible"]
    page = office.see("one", public_id=link.public_id)
    assert (
        "Every minute; every 2 hours at 30 minutes past; every day at 02:30; every 15 minutes on Mon, Fri, 08:00 to 17:59" in page
    )
    again = office.see("schedule", public_id=link.public_id, kind="sales_orders")
    assert 'value="02:30"' in again


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"type": "minutely", "minutes": "0"}, "Choose between 1 and 1,439 minutes."),
        ({"type": "minutely", "minutes": ""}, "Type a whole number."),
        (
            {"type": "flexible", "every": "5", "unit": "minutes", "start_hour": "8", "end_hour": "9"},
            "Choose at least one weekday.",
        ),
        (
            {"type": "flexible", "every": "5", "unit": "minutes", "weekdays": ["0"], "start_hour": "9", "end_hour": "8"},
            "The end hour must not come before the start hour.",
        ),
        ({"type": "daily", "days": "1", "at": "noon"}, "Type a time, like 02:30."),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_words(office, fields, sentence):
    link = a_connection(office.account)

    answer = office.do("schedule", {"do": "save", **rules(fields)}, public_id=link.public_id, kind="sales_orders")

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert len(stored_rules(office, link)) == 1


def test_a_rule_is_added_and_taken_away_before_anything_is_saved(office):
    link = a_connection(office.account)
    two = rules({"type": "minutely", "minutes": "7"}, {"type": "hourly", "hours": "3", "minute": "0"})

    added = office.do("schedule", {"do": "add", **two}, public_id=link.public_id, kind="sales_orders").content.decode()
    removed = office.do("schedule", {"do": "remove-0", **two}, public_id=link.public_id, kind="sales_orders").content.decode()

    assert added.count('name="rule"') == 3
    assert removed.count('name="rule"') == 1
    assert 'name="rule-0-hours" value="3"' in removed
    assert len(stored_rules(office, link)) == 1


def test_the_next_three_runs_are_shown_in_the_accounts_time_zone(office):
    link = a_connection(office.account)

    answer = office.do(
        "schedule", {"do": "preview", **rules({"type": "daily", "days": "1", "at": "02:00"})}, public_id=link.public_id,
        kind="shipments",
    ).content.decode()  # fmt: skip

    runs = re.findall(r"<li><time datetime=\"([^\"]+)\">([^<]+)</time>", answer)
    assert len(runs) == 3
    assert all(shown.endswith("02:00") for _at, shown in runs)
    assert "Every day at 02:00" in answer
    assert "America/Chicago" in answer


def test_no_rule_at_all_means_by_hand(office):
    link = a_connection(office.account)

    office.do("schedule", {"do": "save"}, public_id=link.public_id, kind="sales_orders")

    assert stored_rules(office, link) == []
    assert "Never" in office.see("one", public_id=link.public_id)


def test_a_channel_that_is_not_there_has_no_schedule(office):
    link = a_connection(office.account)

    assert office.browser.get(office.url("schedule", public_id=link.public_id, kind="catalogs")).status_code == 404


# --- Merchants, stores, warehouses ----------------------------------------------------------------------------------------------


def test_a_store_and_a_warehouse_say_where_they_are_used(office):
    link = read(a_connection(office.account, name="Copper to Columbus"))

    for name, site in (("store", link.store), ("warehouse", link.warehouse), ("merchant", link.merchant)):
        assert "Copper to Columbus" in office.see(name, public_id=site.public_id)


def test_a_merchant_is_changed_and_a_taken_name_refused(office):
    merchant, _other = a_merchant(office.account, "Copperline"), a_merchant(office.account, "Saltgrass")

    office.do("merchant", {"name": "Copperline Inc", "contact_email": "lee@example.com"}, public_id=merchant.public_id)
    refused = office.do("merchant", {"name": "Saltgrass"}, public_id=merchant.public_id)
    wrong = office.do("merchant", {"name": "X", "contact_email": "nowhere"}, public_id=merchant.public_id)

    with scoped(office.account.pk):
        assert Merchant.objects.get(pk=merchant.pk).contact_email == "lee@example.com"
    assert "There is a merchant called Saltgrass already." in refused.content.decode()
    assert "Type an e-mail address" in wrong.content.decode()


def test_a_merchant_is_added_by_itself(office):
    answer = office.do("new_merchant", {"name": "Tidewater"})

    with scoped(office.account.pk):
        assert answer.url == office.url("merchant", public_id=Merchant.objects.get().public_id)
    assert office.do("new_merchant", {"name": "Tidewater"}).status_code == 422


def test_an_unknown_hook_is_not_there_for_anybody(office):
    url = reverse("connections:hook", kwargs={"platform": "shopify", "token": "x" * 43})

    assert url.startswith("/in/shopify/")
    assert office.browser.post(url, "{}", content_type="application/json").status_code == 404


# --- Who may --------------------------------------------------------------------------------------------------------------------


def everything(office, link):
    ids = {"public_id": link.public_id}
    gets = [office.url(name) for name in ("list", "merchants", "stores", "warehouses")]
    gets += [office.url(name, **ids) for name in ("one", "settings", "locations", "channels")]
    gets += [office.url("schedule", **ids, kind="sales_orders")]
    gets += [office.url(name, public_id=site.public_id) for name, site in
             (("store", link.store), ("warehouse", link.warehouse), ("merchant", link.merchant))]  # fmt: skip
    posts = [office.url(name, **ids) for name in ("mode", "make_default", "delete", "settings", "locations")]
    posts += [office.url(name, **ids, kind="sales_orders") for name in ("switch", "run_now", "schedule")]
    posts += [office.url("choices", side="store", public_id=link.store.public_id, field="location")]
    return gets, posts


def test_somebody_of_a_merchant_sees_and_does_nothing_here(office):
    link = read(a_connection(office.account))
    theirs = Office(Role.MERCHANT, office.account, [link.merchant_id])
    gets, posts = everything(office, link)

    assert {url: theirs.browser.get(url).status_code for url in gets} == dict.fromkeys(gets, 403)
    refused = {
        url: theirs.browser.post(url, {"mode": "off", "do": "save", "name": "x", "part": "name"}).status_code for url in posts
    }
    assert refused == dict.fromkeys(posts, 403)
    with scoped(office.account.pk):
        assert Connection.objects.get().mode == "live"


def test_staff_may_all_but_delete(office):
    link = a_connection(office.account, mode="off")
    staff = Office(Role.STAFF, office.account)

    assert staff.do("delete", public_id=link.public_id).status_code == 403
    assert staff.do("mode", {"mode": "observe"}, public_id=link.public_id).status_code == 302
    assert "Delete connection" not in staff.see("settings", public_id=link.public_id)


def test_ids_of_another_account_are_not_there(office):
    own, foreign = read(a_connection(office.account)), read(a_connection(an_account()))
    gets, posts = everything(office, foreign)
    missing_gets, _ = everything(office, own)

    assert {office.browser.get(url).status_code for url in gets[4:]} == {404}
    assert {office.browser.post(url, {"mode": "off"}).status_code for url in posts} == {404}
    assert {office.browser.get(url).status_code for url in missing_gets} == {200}


def test_staff_limited_to_a_merchant_see_that_merchants_things_only(office):
    theirs, others = read(a_connection(office.account, name="Theirs")), read(a_connection(office.account, name="Hidden"))
    limited = Office(Role.STAFF, office.account, [theirs.merchant_id])

    page = limited.see("list") + limited.see("merchants") + limited.see("stores") + limited.see("warehouses")

    for name in (others.name, others.merchant.name, others.store.name, others.warehouse.name):
        assert f">{name}<" not in page
    assert f">{theirs.warehouse.name}<" in page
    gets, _ = everything(office, others)
    assert {limited.browser.get(url).status_code for url in gets[4:]} == {404}
    assert limited.do("new_merchant", {"name": "Mine now"}).status_code in (403, 422)
