"""A database that nobody used yet, for what happens once in an installation's life; and a key file that may be lost."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection


@pytest.fixture
def fresh_database(server: Any, db_ready: Any) -> Iterator[None]:
    """A migrated database without accounts or keys, and this thread's connection to it until the test ends."""
    before, name = connection.settings_dict["NAME"], f"crossdock_fresh_{os.getpid()}"
    server.clone(server.template, name)
    connection.close()
    connection.settings_dict["NAME"] = name
    yield
    connection.close()
    connection.settings_dict["NAME"] = before
    server.drop(name)


@pytest.fixture
def no_administrator(fresh_database: None) -> None:
    """An installation without anybody in it."""


@pytest.fixture
def key_file(settings: Any, db_ready: Any) -> Iterator[Path]:
    """The run's key file. What a test takes away is put back, beside what it added: the database holds keys of both."""
    from crossdock.accounts import keyring, vault
    from crossdock.accounts.models import InstanceKey

    vault.check()
    path = Path(settings.VAULT_KEY_FILE)
    before = keyring.load().keys
    yield path
    try:
        after = keyring.load(again=True)
    except vault.SecretsLocked:
        after = None
    is_ours = after and InstanceKey.objects.filter(kek_id=after.primary.id).exists()
    if not is_ours:
        path.unlink(missing_ok=True)
        keyring.write(before, is_new=True)
    vault.forget_keys()
