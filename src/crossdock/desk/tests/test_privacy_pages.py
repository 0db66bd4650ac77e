"""Pages of privacy requests: for administrators, with a look before anything is erased, and nothing that says who after it."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.slugs import short
from crossdock.accounts.testing import a_person, signed_in_client
from crossdock.activity.models import PrivacyRequest
from crossdock.connections.models import Effect
from crossdock.connections.privacy import note_request
from crossdock.connections.testing import a_store
from crossdock.connectors.kit.declaration import Privacy
from crossdock.desk.privacy import erasing, requests
from crossdock.fulfillment.sending import PROGRESS_EFFECT
from crossdock.jobs.wakes import open_lane
from crossdock.orders.models import SalesOrder
from crossdock.orders.testing import a_canonical_order, an_order, received
from crossdock.tenancy.scope import scoped


@pytest.fixture
def administrator(account):
    return signed_in_client(a_person(account, role=Role.ADMINISTRATOR))


def url(name, account, **kwargs):
    return reverse(f"desk:{name}", kwargs={"account": account.public_id, **kwargs})


def asked(account, store, kind="gather", **more):
    with scoped(account.pk):
        row = note_request(store, Privacy(kind, store.identity, email="ada@example.com", **more))
        requests.begin(row)
        return PrivacyRequest.objects.get(pk=row.pk)


def test_somebody_is_looked_for_before_anything_is_erased(account, administrator):
    store = a_store(account)
    an_order(account, store, status="archived")
    an_order(account, store)

    page = administrator.post(url("privacy_look", account), {"email": "Ada@example.com"}).content.decode()

    assert "2 orders of A•••@e•••.com" in page
    assert "1 is finished and is erased at once" in page
    with scoped(account.pk):
        assert not SalesOrder.objects.filter(erase_asked_at__isnull=False).exists()


def test_an_order_leads_to_erasing_whom_it_is_about(account, administrator):
    order = an_order(account, a_store(account))

    page = administrator.get(reverse("orders:detail", kwargs={"account": account.public_id, "public_id": order.public_id}))
    there = f"{url('privacy', account)}?order={short(order.public_id)}"

    assert there in page.content.decode()
    assert "1 order of a•••@e•••.com" in administrator.get(there).content.decode()


@pytest.mark.parametrize("slug", ["", "x", "0" * 22, "!" * 22])
def test_an_order_that_is_none_shows_the_page_all_the_same(account, administrator, slug):
    assert administrator.get(f"{url('privacy', account)}?order={slug}").status_code == 200


def test_erasing_is_asked_for_at_every_store_and_written_down(account, administrator):
    first, second = a_store(account), a_store(account)
    for store in (first, second):
        an_order(account, store)
    an_order(account, second, email="other@example.com", phone=None)

    answer = administrator.post(url("privacy_erase", account), {"email": "ada@example.com"}, follow=True)

    assert "2 orders are being erased" in answer.content.decode()
    with scoped(account.pk):
        rows = list(PrivacyRequest.objects.order_by("pk"))
        assert [(row.store_id, row.kind) for row in rows] == [(first.pk, "erase_person"), (second.pk, "erase_person")]
        assert Audit.objects.filter(action="privacy.asked").count() == 2
        assert "ada@example.com" not in json.dumps(list(Audit.objects.values_list("after", flat=True)))


def test_nobody_of_this_address_is_said(account, administrator):
    for name in ("privacy_look", "privacy_erase"):
        answer = administrator.post(url(name, account), {"email": "nobody@example.com"}, follow=True)

        assert "No order of this person is held here" in answer.content.decode()


def test_what_is_held_is_downloaded_until_the_request_is_answered(account, administrator):
    store = a_store(account)
    an_order(account, store, number="#77")
    row = asked(account, store)
    named = {"public_id": row.public_id}
    page = administrator.get(reverse("connections:store", kwargs={"account": account.public_id, "public_id": store.public_id}))
    assert url("privacy_download", account, **named) in page.content.decode()

    file = administrator.post(url("privacy_download", account, **named))

    assert file.headers["Content-Disposition"].startswith("attachment")
    assert [order["number"] for order in file.json()["orders"]] == ["#77"]

    administrator.post(url("privacy_answer", account, **named))

    with scoped(account.pk):
        row = PrivacyRequest.objects.get(pk=row.pk)
        assert (row.state, row.subject) == ("done", None)
        actions = set(Audit.objects.filter(action__startswith="privacy.").values_list("action", flat=True))
    assert {"privacy.downloaded", "privacy.answered"} <= actions
    assert administrator.post(url("privacy_download", account, **named)).status_code == 302


@pytest.mark.parametrize("role", [Role.STAFF, Role.MERCHANT])
def test_only_administrators_see_and_do_any_of_it(account, role):
    store = a_store(account)
    order = an_order(account, store)
    row = asked(account, store)
    merchants = [store.merchant_id] if role == Role.MERCHANT else None
    client = signed_in_client(a_person(account, role=role, merchants=merchants))

    assert client.get(url("privacy", account)).status_code == 403
    for name, kwargs in (
        ("privacy_look", {}),
        ("privacy_erase", {}),
        ("privacy_download", {"public_id": row.public_id}),
        ("privacy_answer", {"public_id": row.public_id}),
    ):
        assert client.post(url(name, account, **kwargs), {"email": "ada@example.com"}).status_code == 403
    page = client.get(reverse("orders:detail", kwargs={"account": account.public_id, "public_id": order.public_id}))
    assert "Erase this person" not in page.content.decode()


def test_whoever_signed_in_long_ago_confirms_before_erasing_or_taking_out_what_is_held(account):
    store = a_store(account)
    an_order(account, store)
    row = asked(account, store)
    client = signed_in_client(a_person(account), ago=timedelta(hours=2))

    answers = [
        client.post(url("privacy_erase", account), {"email": "ada@example.com"}),
        client.post(url("privacy_download", account, public_id=row.public_id)),
    ]

    assert [(answer.status_code, "reauthenticate" in answer.headers["Location"]) for answer in answers] == [(302, True)] * 2
    with scoped(account.pk):
        assert not PrivacyRequest.objects.filter(kind="erase_person").exists()


def test_orders_with_a_change_that_nobody_can_make_any_more_hold_up_no_other(account):
    store = a_store(account)
    rows = received(account, store, [a_canonical_order() for _ in range(erasing.SET + 1)])
    with scoped(account.pk):
        SalesOrder.objects.update(erase_asked_at=timezone.now(), deleted_at=timezone.now())
        ids, lane = sorted(row.pk for row in rows), open_lane("orders.pull", store.pk)
        told = [
            Effect(
                account_id=account.pk,
                kind=PROGRESS_EFFECT,
                key=str(pk),
                lane_id=lane,
                store=store,
                realm=store.realm,
                subject_id=pk,
            )
            for pk in ids[: erasing.SET]
        ]
        Effect.objects.bulk_create(told)

        assert erasing.ready(store.pk) == ids[erasing.SET :]
