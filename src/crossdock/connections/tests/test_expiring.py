"""Credentials that end: who is told, when, how often, and what ends the warnings."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.expiring import endings
from crossdock.connections.models import Connection, Store
from crossdock.connections.testing import a_connection, a_store
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import open_lane
from crossdock.jobs.worker import run_lane
from crossdock.tenancy.scope import scoped

SIX_DAYS = timedelta(days=6, hours=12)


def a_secret_ending(account, left):
    """A Live connection of a store whose secret ends after so long."""
    settings = {"instance_url": "https://erp.example.com/Acme", "client_id": "ABC@Acme", "username": "crossdock"}
    store = a_store(account, platform="acumatica", name="Acme ERP", settings=settings)
    lasts(account, store, left)
    return a_connection(account, store=store)


def lasts(account, store, left):
    """The secret ends after so long; never with None."""
    ends = (datetime.now(UTC) + left).isoformat() if left is not None else None
    with scoped(account.pk):
        row = Store.objects.get(pk=store.pk)
        Store.objects.filter(pk=store.pk).update(settings={**row.settings, "secret_expires_at": ends})


def run(account, store):
    """Run the lane, as the worker does; the lane as it stands then."""
    with scoped(account.pk):
        lane = open_lane("connections.expiry", store.pk)
    asyncio.run(run_lane(account.pk, lane))
    with scoped(account.pk):
        return Lane.objects.get(pk=lane)


@pytest.mark.parametrize(
    ("left", "stages"),
    [
        (timedelta(days=31), []),
        (timedelta(days=29), [30]),
        (SIX_DAYS, [7]),
        (timedelta(hours=20), [1]),
        (-timedelta(days=2), [0]),
    ],
)
def test_it_is_told_by_the_settings_as_they_are_stored(account, left, stages):
    a_secret_ending(account, left)

    with scoped(account.pk):
        assert [one.stage for one in endings()] == stages


def test_one_mail_goes_to_all_administrators_and_to_nobody_else(account):
    bosses = [a_person(account), a_person(account)]
    a_person(account, role=Role.STAFF)
    a_person(an_account())
    store = a_secret_ending(account, SIX_DAYS).store

    run(account, store)

    (sent,) = mail.outbox
    assert sent.to == [boss.email for boss in bosses]
    assert sent.subject == "[Crossdock] Acme ERP: “Client (shared) secret” ends soon."
    assert "It ends in 7 days" in sent.body
    assert reverse("connections:store", kwargs={"account": account.public_id, "public_id": store.public_id}) in sent.body


def test_each_stage_is_mailed_once(account):
    a_person(account)
    store = a_secret_ending(account, timedelta(days=29)).store

    for days in (29, 29, 6, 6, 0.5, 0.5, -1, -1):
        # Days pass by moving the end, in the settings and in what was remembered alike.
        lasts(account, store, timedelta(days=days))
        with scoped(account.pk):
            stored = Lane.objects.filter(kind="connections.expiry", store_id=store.pk).first()
            moment = Store.objects.get(pk=store.pk).settings["secret_expires_at"]
            if stored is not None and stored.position:
                stage = stored.position["client_secret"][1]
                Lane.objects.filter(pk=stored.pk).update(position={"client_secret": [moment, stage]})
        run(account, store)

    assert len(mail.outbox) == 4


def test_after_a_renewal_nothing_is_said_and_the_next_end_is_told_afresh(account):
    a_person(account)
    store = a_secret_ending(account, SIX_DAYS).store
    run(account, store)

    lasts(account, store, timedelta(days=365))
    lane = run(account, store)
    said = len(mail.outbox)
    lasts(account, store, timedelta(days=6))
    run(account, store)

    assert (said, lane.position) == (1, {})
    assert len(mail.outbox) == 2


def test_it_is_looked_at_daily_and_when_the_next_stage_begins(account):
    a_person(account)
    store = a_secret_ending(account, timedelta(days=7, hours=3)).store

    due = run(account, store).due_at

    assert timedelta(hours=2) < due - datetime.now(UTC) <= timedelta(hours=3)


def test_a_store_that_nothing_uses_is_not_written_about(account):
    a_person(account)
    connection = a_secret_ending(account, SIX_DAYS)
    with scoped(account.pk):
        Connection.objects.filter(pk=connection.pk).update(mode="off")

    run(account, connection.store)

    assert mail.outbox == []


def test_a_mail_server_that_does_not_answer_is_tried_again(account, settings):
    a_person(account)
    store = a_secret_ending(account, SIX_DAYS).store
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    failed = run(account, store)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    run(account, store)

    assert (failed.failures, failed.position) == (1, None)
    assert "The mail server did not take the warning" in failed.last_error
    assert len(mail.outbox) == 1


def test_the_stores_page_says_it_and_leads_to_the_settings(account):
    store = a_secret_ending(account, SIX_DAYS).store
    client = signed_in_client(a_person(account))

    page = client.get(reverse("connections:store", kwargs={"account": account.public_id, "public_id": store.public_id}))

    text = page.content.decode()
    assert text.count("Client (shared) secret” ends soon.") == 1
    assert 'href="#settings"' in text
    assert 'id="settings"' in text


@pytest.mark.parametrize("name", ["one", "settings"])
def test_the_pages_of_a_connection_say_it_and_lead_to_the_settings(account, name):
    link = a_secret_ending(account, SIX_DAYS)
    client = signed_in_client(a_person(account))
    at = {"account": account.public_id, "public_id": link.public_id}

    text = client.get(reverse(f"connections:{name}", kwargs=at)).content.decode()

    assert text.count("Client (shared) secret” ends soon.") == 1
    assert f'<a href="{reverse("connections:settings", kwargs=at)}">Go to the settings</a>' in text
