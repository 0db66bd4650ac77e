"""Add Connection, from the first name to a connection that is Off."""

import json
import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.slugs import short
from crossdock.accounts.testing import a_person, actor_of, an_account, signed_in_client
from crossdock.connections import credentials, drafts, services
from crossdock.connections.checking import Outcome
from crossdock.connections.credentials import Owner
from crossdock.connections.models import Connection, LocationLink, Merchant, Store, Warehouse, WizardDraft
from crossdock.connections.realms import destination_of
from crossdock.connections.testing import a_connection, a_merchant, a_store, a_warehouse
from crossdock.connections.tests.rig import PASSWORD, posted
from crossdock.connectors.shopify import connector as shopify
from crossdock.tenancy.scope import scoped


class Wizard:
    """A person in a browser, going through the steps."""

    def __init__(self, sandbox, account=None, person=None):
        self.sandbox = sandbox
        self.account = account or an_account("Northline")
        self.person = person or a_person(self.account)
        self.browser = signed_in_client(self.person)
        self.at = self.url("new")

    def url(self, name, **kwargs):
        return reverse(f"connections:{name}", kwargs={"account": self.account.public_id, **kwargs})

    def send(self, do="next", **values):
        """Press a button of the step one is at; where it leads is where one is then."""
        answer = self.browser.post(self.at, {"do": do, **values})
        if answer.status_code == 302:
            self.at = answer.url
        return answer

    def name(self, name="Acme to Reno"):
        return self.send(name=name)

    def merchant(self, name="Acme Outdoor"):
        return self.send(how="new", name=name)

    def warehouse(self, do="next", **changed):
        return self.send(do, **{**posted("warehouse", "files", self.sandbox.warehouse_fields(**changed)), "site_name": "Reno"})

    def store(self, do="next", **changed):
        changed.setdefault("location", next(iter(self.sandbox.locations.values())))
        self.browser.post(self.at, {"do": "show", "platform": "shopify"})
        return self.send(do, **posted("store", "shopify", self.sandbox.store_fields(**changed)))

    def draft(self):
        with scoped(self.account.pk):
            return WizardDraft.objects.get(person=self.person)

    def connection(self):
        with scoped(self.account.pk):
            return Connection.objects.select_related("store", "warehouse", "merchant").order_by("-pk").first()


@pytest.fixture
def wizard(sandbox):
    return Wizard(sandbox)


def errors_in(answer):
    return re.findall(r'id="id_([\w-]+)_error">.*?<p>(.*?)</p>', answer.content.decode(), re.S)


def shown(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_four_steps_make_a_connection_that_is_off(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()

    answer = wizard.store()

    link = wizard.connection()
    assert answer.url == wizard.url("one", public_id=link.public_id)
    assert (link.name, link.mode, link.merchant.name, link.warehouse.name) == ("Acme to Reno", "off", "Acme Outdoor", "Reno")
    assert (link.realm, link.is_default) == ("sandbox", True)
    with scoped(wizard.account.pk):
        assert not WizardDraft.objects.exists()


def test_it_ends_on_the_connections_page_with_what_is_left_to_do(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()
    wizard.store()

    page = shown(wizard.browser.get(wizard.at))

    assert "Until orders flow" in page
    assert 'Reno answers<span class="visually-hidden"> (done)' in page
    assert 'It is Live<span class="visually-hidden"> (to do)' in page


def test_the_store_can_be_opened_with_what_was_typed(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()
    wizard.store()

    store = wizard.connection().store
    with scoped(wizard.account.pk):
        owner = Owner("store", store.pk, store.realm, destination_of(shopify, services.gateway.settings_of_row(store)))
        sealed, _ = credentials.load(owner)
    assert sealed.secrets == {"client_secret": wizard.sandbox.own_app["client_secret"]}
    assert sealed.access is not None
    assert "client_secret" not in store.settings


def test_what_was_typed_is_there_after_stepping_back_and_after_a_reload(wizard):
    wizard.name()
    wizard.merchant()
    warehouse_at = wizard.at
    wizard.warehouse("test", username="acme", incoming="/orders-for-you")

    wizard.warehouse("back", incoming="/orders-for-you")
    assert 'value="Acme Outdoor"' in shown(wizard.browser.get(wizard.at))
    page = shown(wizard.browser.get(warehouse_at))

    assert 'value="/orders-for-you"' in page
    assert f'value="{wizard.sandbox.wms.fingerprint}"' in page
    assert "Stored. Type to replace it." in page


def test_secrets_are_in_no_page_and_in_no_draft_in_clear(wizard):
    wizard.name()
    wizard.merchant()
    pages = [wizard.warehouse("test"), wizard.browser.get(wizard.at), wizard.warehouse()]
    pages += [wizard.store("test"), wizard.browser.get(wizard.at)]
    row = wizard.draft()

    secrets = [PASSWORD, wizard.sandbox.own_app["client_secret"]]
    held = json.dumps(row.values) + repr(bytes(row.sealed)) + "".join(page.content.decode() for page in pages)
    assert not [secret for secret in secrets if secret in held]


def test_a_draft_whose_address_was_edited_by_other_hands_gives_no_secret(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse("test")
    row = wizard.draft()
    row.values["warehouse"]["answers"]["files"]["host"] = "sftp.attacker.example"
    with scoped(wizard.account.pk):
        WizardDraft.objects.filter(pk=row.pk).update(values=row.values)

    answer = wizard.browser.get(wizard.at)

    assert "Stored. Type to replace it." not in shown(answer)


def test_another_address_asks_for_the_secrets_again(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse("test")

    answer = wizard.warehouse("test", host="localhost", password="")

    assert ("warehouse-password", "A password or a private key is needed.") in errors_in(answer)


def test_a_stored_secret_need_not_be_typed_twice(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse("test")

    assert wizard.warehouse(password="").status_code == 302


def test_errors_stand_beside_their_fields(wizard):
    wizard.name()
    wizard.merchant()

    assert errors_in(wizard.warehouse(port="ninety")) == [("warehouse-port", "Type a whole number.")]
    assert [name for name, _ in errors_in(wizard.warehouse(password="not the password"))] == ["warehouse-password"]


def test_a_fingerprint_is_taken_over_by_a_button_and_tested_at_once(wizard):
    wizard.name()
    wizard.merchant()
    page = shown(wizard.warehouse("test", host_key=""))
    assert "I compared it: use this one" in page

    answer = wizard.warehouse("offer", host_key="")

    assert "answers." in shown(answer)
    assert wizard.draft().values["warehouse"]["answers"]["files"]["host_key"] == wizard.sandbox.wms.fingerprint


def test_a_test_lists_the_locations_to_choose_from(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()

    answer = wizard.store("test", location="")

    (error,) = errors_in(answer)
    assert error[0] == "store-location"
    for name, number in wizard.sandbox.locations.items():
        assert f'<option value="{number}">{name}</option>' in shown(answer)


def test_locations_can_be_loaded_by_themselves(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()
    wizard.browser.post(wizard.at, {"do": "show", "platform": "shopify"})
    url = wizard.url("wizard_choices", draft=wizard.draft().public_id, step="store", field="location")

    answer = wizard.browser.post(url, posted("store", "shopify", wizard.sandbox.store_fields()))
    refused = wizard.browser.post(url, posted("store", "shopify", wizard.sandbox.store_fields(client_secret="wrong")))

    assert {one["label"] for one in answer.json()["choices"]} == set(wizard.sandbox.locations)
    assert "refuses the client ID and secret" in refused.json()["error"]
    assert wizard.browser.post(url.replace("location", "shop"), {}).status_code == 404


def test_nothing_is_stored_before_the_platform_said_who_it_is(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()

    answer = wizard.store(client_secret="shpss_wrong")

    assert answer.status_code == 422
    with scoped(wizard.account.pk):
        assert [model.objects.count() for model in (Store, Warehouse, Merchant)] == [0, 0, 0]


def test_what_a_test_found_is_not_taken_for_another_platform():
    site = drafts.SiteDraft(how="new", platform="files", outcome=Outcome(ok=True, message="", at=datetime.now(UTC), identity="a"))

    drafts.choose_platform(site, "files")
    assert site.outcome is not None
    drafts.choose_platform(site, "another")

    assert site.outcome is None


def test_a_changed_answer_has_to_be_tested_again(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse("test")
    assert wizard.draft().values["warehouse"]["outcome"]["ok"]

    wizard.warehouse("show", incoming="/elsewhere")

    assert wizard.draft().values["warehouse"]["outcome"] is None


def test_a_step_that_is_not_reached_leads_to_the_one_that_is(wizard):
    wizard.name()
    merchant_at = wizard.at

    answer = wizard.browser.get(merchant_at.replace("merchant", "store"))

    assert answer.url == merchant_at


def test_somebody_elses_draft_is_not_there(wizard):
    wizard.name()
    colleague = signed_in_client(a_person(wizard.account))
    stranger = an_account()

    assert colleague.get(wizard.at).status_code == 404
    assert wizard.browser.get(wizard.at.replace(wizard.account.slug, stranger.slug)).status_code == 404


def test_a_role_without_the_right_does_not_come_in(wizard):
    limited = a_person(wizard.account, role=Role.MERCHANT, merchants=[a_merchant(wizard.account).pk])

    answer = signed_in_client(limited).get(wizard.url("new"))

    assert answer.status_code == 403


def test_an_existing_merchant_proposes_its_warehouse(wizard):
    merchant, warehouse = a_merchant(wizard.account, "Copperline"), a_warehouse(wizard.account, realm="sandbox", name="Columbus")
    a_connection(wizard.account, store=a_store(wizard.account, merchant, realm="sandbox"), warehouse=warehouse)
    wizard.name()

    wizard.send(how="existing", existing=short(merchant.public_id))

    page = shown(wizard.browser.get(wizard.at))
    assert f'<option value="{short(warehouse.public_id)}" selected>Columbus' in page


def test_a_merchant_that_is_not_chosen_or_has_a_taken_name_is_asked_for_again(wizard):
    a_merchant(wizard.account, "Copperline")
    wizard.name()

    assert "Choose a merchant." in shown(wizard.send(how="existing", existing=""))
    assert "There is a merchant of this name already." in shown(wizard.merchant("Copperline"))


def second_wizard(wizard):
    """The same shop again, for another warehouse."""
    wizard.name()
    wizard.merchant()
    wizard.warehouse()
    wizard.store()
    first = wizard.connection()
    other = a_warehouse(wizard.account, realm="sandbox", name="Dayton")
    again = Wizard(wizard.sandbox, wizard.account, wizard.person)
    again.name("Acme to Dayton")
    again.send(how="existing", existing=short(first.merchant.public_id))
    again.send(how="existing", existing=short(other.public_id))
    return first, again


def test_a_second_connection_asks_how_orders_are_divided(wizard):
    _first, again = second_wizard(wizard)

    answer = again.store()

    assert answer.status_code == 422
    assert "Say how the orders of this store are divided." in shown(answer)
    assert "This shop is here already, as" in shown(answer)


def test_a_store_that_is_here_can_keep_its_settings(wizard):
    first, again = second_wizard(wizard)
    again.store("test", delay_minutes="90")

    page = shown(again.store("use-known", delay_minutes="90"))
    again.send(how="existing", existing=short(first.store.public_id), division="default")

    assert f'<option value="{short(first.store.public_id)}" selected>' in page
    with scoped(wizard.account.pk):
        assert Store.objects.get().settings["delay_minutes"] == 0


def test_a_store_that_shares_its_warehouse_is_proposed_a_prefix(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()
    assert 'value="ACMEOUTD-"' not in shown(wizard.browser.get(wizard.at))
    wizard.store()
    again = Wizard(wizard.sandbox, wizard.account, wizard.person)
    again.name("Second")
    again.merchant("Côte d’Or 21")
    again.send(how="existing", existing=short(wizard.connection().warehouse.public_id))

    assert 'value="CTEDOR21-"' in shown(again.browser.get(again.at))


def test_the_proposed_prefix_is_one_that_no_other_store_has_whatever_platform_is_chosen(wizard):
    warehouse = a_warehouse(wizard.account)
    merchant = a_merchant(wizard.account, "Summit Goods")
    first = a_store(wizard.account, merchant, name="First shop")
    with scoped(wizard.account.pk):
        Store.objects.filter(pk=first.pk).update(settings={**first.settings, "order_number_prefix": "SUMMITGO-"})
    a_connection(wizard.account, store=first, warehouse=warehouse)
    wizard.name()
    wizard.send(how="existing", existing=short(merchant.public_id))
    wizard.send(how="existing", existing=short(warehouse.public_id))

    chosen = [wizard.browser.post(wizard.at, {"do": "show", "how": "new", "platform": key}) for key in ("shopify", "magento2")]

    for page in chosen:
        assert 'name="store-order_number_prefix" value="SUMMITG2-"' in shown(page)


def test_a_second_connection_takes_the_locations_it_is_given(wizard):
    first, again = second_wizard(wizard)
    location = next(iter(wizard.sandbox.locations.values()))

    again.store("test")
    again.send(
        **posted("store", "shopify", wizard.sandbox.store_fields(location=location)), division="locations", locations=[location]
    )

    link = again.connection()
    assert (link.name, link.store_id, link.is_default) == ("Acme to Dayton", first.store_id, False)
    with scoped(wizard.account.pk):
        assert LocationLink.objects.get().connection_id == link.pk


def test_a_second_connection_can_take_the_rest(wizard):
    first, again = second_wizard(wizard)

    again.send(how="existing", existing=short(first.store.public_id), division="default")

    assert again.connection().is_default
    with scoped(wizard.account.pk):
        assert not Connection.objects.get(pk=first.pk).is_default


def test_a_deleted_store_comes_back_with_its_row(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()
    wizard.store()
    first = wizard.connection()
    with scoped(wizard.account.pk):
        services.delete_connection(actor=actor_of(wizard.account, wizard.person), connection=first)
        assert Store.objects.get().deleted_at is not None
    again = Wizard(wizard.sandbox, wizard.account, wizard.person)
    again.name("Acme again")
    again.send(how="existing", existing=short(first.merchant.public_id))
    again.send(how="existing", existing=short(first.warehouse.public_id))

    assert "deleted; comes back with its orders" in shown(again.send("show", how="existing"))
    assert "It was deleted and comes back." in shown(again.store("test"))
    again.store()

    link = again.connection()
    assert (link.pk, link.store_id, link.name) == (first.pk, first.store_id, "Acme again")
    with scoped(wizard.account.pk):
        assert Store.objects.get().deleted_at is None


def test_a_shop_of_another_merchant_is_refused_in_words(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()
    wizard.store()
    again = Wizard(wizard.sandbox, wizard.account, wizard.person)
    again.name("Other")
    again.merchant("Somebody Else")
    again.send(how="existing", existing=short(wizard.connection().warehouse.public_id))

    location = next(iter(wizard.sandbox.locations.values()))
    fields = posted("store", "shopify", wizard.sandbox.store_fields(location=location))
    again.send("show", platform="shopify")
    answer = again.send(**fields, division="default")

    assert answer.status_code == 422
    assert "a store of Acme Outdoor" in shown(answer)
    with scoped(wizard.account.pk):
        assert not Merchant.objects.filter(name="Somebody Else").exists()


def test_the_sandboxs_values_are_filled_in_at_a_click(wizard, monkeypatch, tmp_path):
    presets = tmp_path / "presets.json"
    fields = wizard.sandbox.warehouse_fields()
    presets.write_text(json.dumps({"files": {"label": "Demo warehouse", "settings": {**fields, "port": int(fields["port"])}}}))
    monkeypatch.setenv("CROSSDOCK_SANDBOX_PRESETS", str(presets))
    wizard.name()
    wizard.merchant()
    assert "Demo warehouse" in shown(wizard.browser.get(wizard.at))

    answer = wizard.send("fill-0", **posted("warehouse", "files", {}))

    assert f'value="{fields["port"]}"' in shown(answer)
    assert PASSWORD not in shown(answer)
    assert wizard.warehouse("next", password="").status_code == 302


def test_a_live_platform_is_offered_no_sandbox_values(wizard, monkeypatch, tmp_path):
    presets = tmp_path / "presets.json"
    presets.write_text(json.dumps({"files": {"label": "Demo warehouse", "settings": {}}}))
    monkeypatch.setenv("CROSSDOCK_SANDBOX_PRESETS", str(presets))
    monkeypatch.delenv("CROSSDOCK_BASE_URL__FILES")
    wizard.name()
    wizard.merchant()

    assert "Demo warehouse" not in shown(wizard.browser.get(wizard.at))


def test_htmx_gets_the_form_alone(wizard):
    wizard.name()
    wizard.merchant()

    answer = wizard.browser.post(
        wizard.at,
        {"do": "test", **posted("warehouse", "files", wizard.sandbox.warehouse_fields())},
        headers={"HX-Request": "true"},
    )

    assert answer.content.decode().lstrip().startswith('<form id="wizard-form"')
    assert "answers." in shown(answer)


def test_another_platform_brings_the_way_to_its_own_documentation_along(wizard):
    wizard.name()
    wizard.merchant()
    wizard.warehouse()

    answer = wizard.browser.post(wizard.at, {"do": "show", "platform": "magento2"}, headers={"HX-Request": "true"})

    assert 'id="wizard-docs" hx-swap-oob="true"' in shown(answer)
    assert "Documentation of Magento 2" in shown(answer)


def test_fields_at_fault_are_named_beside_the_button_too(wizard):
    wizard.name()
    wizard.merchant()

    answer = wizard.send("test", **posted("warehouse", "files", wizard.sandbox.warehouse_fields(port="ninety")))

    assert answer.status_code == 422
    assert 'What is wrong is said beside <a href="#id_warehouse-port_error">Port</a>' in shown(answer)


def test_a_draft_waits_on_the_list_and_can_be_thrown_away(wizard):
    wizard.name("Half done")
    listed = wizard.browser.get(wizard.url("list"))
    assert "Half done" in shown(listed)

    wizard.browser.post(wizard.url("wizard_discard", draft=wizard.draft().public_id))

    with scoped(wizard.account.pk):
        assert not WizardDraft.objects.exists()
