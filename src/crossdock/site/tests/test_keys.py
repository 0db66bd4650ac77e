"""The keys of an installation, at the operator's terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from crossdock.accounts import vault
from crossdock.accounts.testing import an_account
from crossdock.accounts.vault import SealContext

pytestmark = pytest.mark.usefixtures("db_ready")


def keys(*words):
    command = [sys.executable, "-c", "import sys; from crossdock.site.cli import main; sys.exit(main())", "keys", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=os.environ)


def test_keys_are_rotated_and_the_old_one_retired_without_losing_a_secret(settings):
    account, here = an_account(), SealContext("live", "store", 1, "token")
    sealed = vault.seal(account.pk, "secrets", here, b"token")
    file = Path(settings.VAULT_KEY_FILE)
    (old,) = [key["id"] for key in json.loads(file.read_text())["keys"] if key["use"] == "primary"]

    in_use = keys("retire", old)
    rotated = keys("rotate")
    retired = keys("retire", old)
    listed = keys("list")
    vault.forget_keys()

    assert (in_use.returncode, in_use.stderr) == (1, f"crossdock: The key {old} is in use. Run keys rotate first.\n")
    assert (rotated.returncode, retired.returncode, listed.returncode) == (0, 0, 0), rotated.stderr + retired.stderr
    assert old not in listed.stdout
    assert "primary" in listed.stdout
    assert all(key["key"] not in listed.stdout + rotated.stdout for key in json.loads(file.read_text())["keys"])
    assert vault.unseal(account.pk, "secrets", here, sealed) == b"token"


def test_during_the_first_migration_there_is_one_clear_line(database):
    with psycopg.connect(database.owner, autocommit=True) as owner:
        # As a table stands there before the migration ends and grants it.
        owner.execute("revoke all on instance_key from crossdock_app")
        try:
            listed = keys("list")
        finally:
            owner.execute("grant select, insert, update on instance_key to crossdock_app")

    assert listed.returncode == 1
    assert listed.stderr == (
        "crossdock: the database has not been migrated yet; run `crossdock migrate`, or wait until a migration under way is done\n"
    )
