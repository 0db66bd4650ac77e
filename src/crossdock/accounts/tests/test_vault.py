"""A secret opens in its own place only, and a lost or wrong key file never costs one."""

import json
import os
import stat
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crossdock.accounts import keyring, vault
from crossdock.accounts.models import InstanceKey, VaultKey
from crossdock.accounts.testing import an_account
from crossdock.accounts.vault import CannotUnseal, SealContext, SecretsLocked, VaultError
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")

HERE = SealContext("live", "store", 12, "access_token", "https://shop.example.com:443")


@hypothesis_settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    plain=st.binary(max_size=300),
    realm=st.sampled_from(["live", "sandbox"]),
    owner=st.integers(1, 2**40),
    field=st.text(max_size=20),
)
def test_what_is_sealed_opens_again_in_the_same_place(plain, realm, owner, field, account):
    here = SealContext(realm, "store", owner, field, "https://shop.example.com:443")

    sealed = vault.seal(account.pk, "secrets", here, plain)

    assert vault.unseal(account.pk, "secrets", here, sealed) == plain
    assert len(sealed) == 45 + len(plain)
    assert sealed[0] == 1


def test_the_same_secret_never_looks_the_same_twice(account):
    assert vault.seal(account.pk, "secrets", HERE, b"token") != vault.seal(account.pk, "secrets", HERE, b"token")


@pytest.mark.parametrize(
    "elsewhere",
    [
        SealContext("sandbox", "store", 12, "access_token", "https://shop.example.com:443"),
        SealContext("live", "warehouse", 12, "access_token", "https://shop.example.com:443"),
        SealContext("live", "store", 13, "access_token", "https://shop.example.com:443"),
        SealContext("live", "store", 12, "client_secret", "https://shop.example.com:443"),
        SealContext("live", "store", 12, "access_token", "https://attacker.example.com:443"),
        SealContext("live", "store", 12, "access_token", "http://shop.example.com:443"),
        SealContext("live", "store", 12, "access_token", "https://shop.example.com:8443"),
        SealContext("live", "store", 12, "access_token", ""),
        SealContext("live", "store1", 2, "access_token", "https://shop.example.com:443"),
    ],
)
def test_it_does_not_open_in_another_place(account, elsewhere):
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")

    with pytest.raises(CannotUnseal, match="another place"):
        vault.unseal(account.pk, "secrets", elsewhere, sealed)


def test_it_does_not_open_for_another_account_or_purpose(account):
    other = an_account()
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    vault.seal(other.pk, "secrets", HERE, b"other")

    with pytest.raises(CannotUnseal):
        vault.unseal(other.pk, "secrets", HERE, sealed)
    with pytest.raises(CannotUnseal):
        vault.unseal(account.pk, "archive", HERE, sealed)


def test_a_changed_or_shortened_record_does_not_open(account):
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")

    for length in range(len(sealed)):
        with pytest.raises(CannotUnseal):
            vault.unseal(account.pk, "secrets", HERE, sealed[:length])
    for place in (0, 1, 17, 29, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(CannotUnseal):
            vault.unseal(account.pk, "secrets", HERE, bytes(changed))
    with pytest.raises(CannotUnseal):
        vault.unseal(account.pk, "secrets", HERE, b"shpat_a_token_in_plain_text_of_some_length_or_other")


def test_a_wrapped_key_moved_to_another_account_does_not_unwrap(account):
    other = an_account()
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    with scoped(account.pk):
        stolen = VaultKey.objects.get(purpose="secrets")
    with scoped(account.pk):
        VaultKey.objects.all().delete()
    with scoped(other.pk):
        VaultKey.objects.create(
            account_id=other.pk, purpose="secrets", dek_id=stolen.dek_id, kek_id=stolen.kek_id, wrapped=stolen.wrapped
        )
    vault.forget_keys()

    with pytest.raises(SecretsLocked):
        vault.unseal(other.pk, "secrets", HERE, sealed)
    with scoped(other.pk):
        VaultKey.objects.all().delete()


def test_destroying_an_accounts_keys_destroys_what_they_sealed(account):
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    with scoped(account.pk):
        VaultKey.objects.all().delete()
    vault.forget_keys()

    with pytest.raises(CannotUnseal, match="gone"):
        vault.unseal(account.pk, "secrets", HERE, sealed)


def test_a_key_made_in_a_transaction_that_fails_seals_nothing_afterwards(account):
    def seal_and_fail():
        with scoped(account.pk):
            vault.seal(account.pk, "secrets", HERE, b"lost with its key")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        seal_and_fail()

    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    vault.forget_keys()
    assert vault.unseal(account.pk, "secrets", HERE, sealed) == b"token"


def test_an_old_key_seals_no_more_but_still_opens(account):
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    with scoped(account.pk), connection.cursor() as cursor:
        cursor.execute("update vault_key set created_at = now() - interval '366 days'")
    vault.forget_keys()

    later = vault.seal(account.pk, "secrets", HERE, b"token")

    assert later[1:17] != sealed[1:17]
    assert vault.unseal(account.pk, "secrets", HERE, sealed) == b"token"


def test_digests_of_an_account_are_stable_and_its_own(account):
    other = an_account()

    first = vault.digest(account.pk, "mark", b"order 1042")
    vault.forget_keys()

    assert vault.digest(account.pk, "mark", b"order 1042") == first
    assert len({first, vault.digest(account.pk, "hash", b"order 1042"), vault.digest(other.pk, "mark", b"order 1042")}) == 3


def test_the_key_file_is_for_its_owner_only(key_file):
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert [key["use"] for key in json.loads(key_file.read_text())["keys"]] == ["primary"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_key_file_made_by_root_belongs_to_whoever_owns_its_folder(settings, tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    settings.VAULT_KEY_FILE = str(folder / "keys.json")

    keyring.write([keyring.new_key()], is_new=True)
    made = (folder / "keys.json").stat()
    keyring.write([keyring.new_key()])
    replaced = (folder / "keys.json").stat()

    assert {(one.st_uid, one.st_gid, stat.S_IMODE(one.st_mode)) for one in (made, replaced)} == {(65534, 65534, 0o600)}


def test_a_missing_key_file_locks_secrets_and_no_new_one_is_made(account, key_file):
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    key_file.unlink()
    vault.forget_keys()

    with pytest.raises(SecretsLocked, match="Put it back"):
        vault.unseal(account.pk, "secrets", HERE, sealed)
    with pytest.raises(SecretsLocked):
        vault.seal(an_account().pk, "secrets", HERE, b"token")
    with pytest.raises(SecretsLocked):
        vault.check()

    assert not key_file.exists()


def test_a_key_file_of_another_installation_is_told_at_once(account, key_file):
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    keyring.write([keyring.new_key()])
    vault.forget_keys()

    with pytest.raises(SecretsLocked, match="does not hold the key"):
        vault.check()
    with pytest.raises(SecretsLocked):
        vault.unseal(account.pk, "secrets", HERE, sealed)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"keys": []}', '{"keys": [{"id": "a", "created": "", "key": "AAAA", "use": "primary"}]}']
)
def test_a_broken_key_file_locks_secrets(key_file, content):
    key_file.write_text(content)
    keyring._rings.clear()

    with pytest.raises(SecretsLocked, match="not a key file"):
        vault.check()


def test_only_a_database_that_never_sealed_gets_a_new_key_file(settings, tmp_path, fresh_database):
    settings.VAULT_KEY_FILE = str(tmp_path / "new" / "keys.json")

    vault.check()

    made = Path(settings.VAULT_KEY_FILE)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert InstanceKey.objects.get().kek_id == json.loads(made.read_text())["keys"][0]["id"]
    made.unlink()
    vault.forget_keys()
    with pytest.raises(SecretsLocked):
        vault.check()
    assert not made.exists()


def test_a_place_where_no_key_file_can_be_made_is_said_in_one_sentence(settings, tmp_path, fresh_database):
    (tmp_path / "file").write_text("")
    settings.VAULT_KEY_FILE = str(tmp_path / "file" / "keys.json")

    with pytest.raises(SecretsLocked, match="cannot be"):
        vault.check()


def test_after_a_rotation_everything_opens_and_the_old_key_can_go(account, key_file):
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    for_all = vault.seal_for_installation("test", b"seed")
    old = keyring.load().primary.id

    new = vault.rotate()

    with scoped(account.pk):
        assert set(VaultKey.objects.values_list("kek_id", flat=True)) == {new}
    assert vault.unseal(account.pk, "secrets", HERE, sealed) == b"token"
    assert vault.unseal_for_installation("test", for_all) == b"seed"
    vault.retire(old)
    assert [key.id for key in keyring.load().keys] == [new]
    assert vault.unseal(account.pk, "secrets", HERE, sealed) == b"token"


def test_a_key_in_use_is_not_retired(account, key_file):
    vault.seal(account.pk, "secrets", HERE, b"token")

    with pytest.raises(VaultError, match="in use"):
        vault.retire(keyring.load().primary.id)
    with pytest.raises(VaultError, match="no key"):
        vault.retire("unknown")


def test_a_process_that_knows_the_old_file_reads_it_again_when_it_meets_a_new_key(account, key_file):
    sealed = vault.seal(account.pk, "secrets", HERE, b"token")
    stale = keyring.load()
    vault.rotate()
    keyring._rings[key_file] = stale

    assert vault.unseal(account.pk, "secrets", HERE, sealed) == b"token"


def test_a_record_of_the_installation_opens_for_its_field_only():
    sealed = vault.seal_for_installation("second factor", b"seed")

    assert vault.unseal_for_installation("second factor", sealed) == b"seed"
    with pytest.raises(CannotUnseal):
        vault.unseal_for_installation("other", sealed)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://Shop.Example.com/admin?x=1", "https://shop.example.com:443"),
        ("https://shop.example.com:443", "https://shop.example.com:443"),
        ("https://shop.example.com.:8443/", "https://shop.example.com:8443"),
        ("http://127.0.0.1:9000/shop", "http://127.0.0.1:9000"),
        ("sftp://files.example.com/in", "sftp://files.example.com:22"),
        ("https://[2001:DB8::1]/", "https://[2001:db8::1]:443"),
        ("file:///srv/exchange/acme/", "file:///srv/exchange/acme"),
    ],
)
def test_an_origin_is_scheme_host_and_port(address, expected):
    assert vault.origin(address) == expected


@pytest.mark.parametrize(
    "address", ["", "shop.example.com", "https://", "gopher://shop.example.com", "https://shop.example.com:x"]
)
def test_an_address_without_origin_is_refused(address):
    with pytest.raises(ValueError, match=r"origin|[Pp]ort"):
        vault.origin(address)
