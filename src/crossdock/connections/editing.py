"""A store or warehouse that is here, being changed: what is stored, what was typed over it, and whether the platform agrees."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct

from crossdock.accounts.keyring import SecretsLocked
from crossdock.accounts.rights import Actor, Right
from crossdock.accounts.vault import CannotUnseal
from crossdock.connections import checking, credentials, gateway, sites, typed
from crossdock.connections.checking import Checked, Outcome
from crossdock.connections.credentials import Owner, OwnerKind, Sealed
from crossdock.connections.forms import Sent
from crossdock.connections.models import Store, Warehouse
from crossdock.connections.realms import destination_of, realm_of
from crossdock.connections.typed import Raw, Resolved, address_of, is_asked
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import FieldKind, fields_of
from crossdock.domain.errors import RuleBroken


class Stored(Struct, frozen=True):
    """One store or warehouse as it is stored. `is_locked` says that its secrets cannot be opened and have to be typed again;
    `elsewhere` is the sentence for one whose platform the operator points at another realm now: it cannot be changed then.
    """

    kind: OwnerKind
    site: Store | Warehouse
    connector: Connector
    owner: Owner
    raw: Raw
    sealed: Sealed
    zone: str
    is_locked: bool = False
    elsewhere: str = ""

    @property
    def secret_names(self) -> frozenset[str]:
        """Which secrets are kept."""
        return frozenset(self.sealed.secrets)


class Change(Struct, frozen=True):
    """Answers typed over the stored ones. `is_other_login` says that how we get in differs, so stored tokens mean nothing;
    `is_moved` that secrets would go to another place.
    """

    raw: Raw
    secrets: dict[str, str]
    resolved: Resolved
    is_other_login: bool
    is_moved: bool


def load(site: Store | Warehouse, zone: str) -> Stored:
    """Read a store or warehouse with its secrets, in the account's transaction. Raises KeyError for a platform that is gone."""
    kind: OwnerKind = "store" if isinstance(site, Store) else "warehouse"
    connector = gateway.platform_named(site.platform)
    owner = Owner(kind, site.pk, site.realm, destination_of(connector, gateway.settings_of_row(site)))
    raw = typed.stored(connector, site.settings, zone)
    if realm_of(connector) != site.realm:
        sentence = _("{name} belongs to the {realm} realm, and this Crossdock reaches {platform} elsewhere now.")
        elsewhere = sentence.format(name=site.name, realm=site.get_realm_display().lower(), platform=connector.name)
        return Stored(kind, site, connector, owner, raw, Sealed(), zone, elsewhere=elsewhere)
    try:
        sealed, _generation = credentials.load(owner)
    except (CannotUnseal, SecretsLocked):
        return Stored(kind, site, connector, owner, raw, Sealed(), zone, is_locked=True)
    return Stored(kind, site, connector, owner, raw, sealed, zone)


def change(stored: Stored, answers: Mapping[str, Any], secrets: Mapping[str, str], forgotten: frozenset[str]) -> Change:
    """Judge what was typed. Where the address changed, each stored secret has to be typed again."""
    connector = stored.connector
    raw = {**stored.raw, **answers}
    if stored.elsewhere:
        return Change(raw, {}, Resolved(None, {"": [stored.elsewhere]}), is_other_login=True, is_moved=True)
    is_moved = address_of(connector, raw) != address_of(connector, stored.raw)
    kept = {} if is_moved else {name: value for name, value in stored.sealed.secrets.items() if name not in forgotten}
    held = {**kept, **secrets}
    resolved = typed.resolve(connector, raw, held, stored.zone)
    errors = {name: list(sentences) for name, sentences in resolved.errors.items()}
    if is_moved:
        for name in stored.sealed.secrets:
            if name not in held and name not in forgotten and is_asked(connector, raw, name):
                errors[name] = [_("The address changed, so this has to be entered again: it would go to another place.")]
    how = {spec.name for spec in fields_of(connector.settings) if spec.group == "credentials"}
    is_other_login = is_moved or any(
        (held.get(spec.name) != stored.sealed.secrets.get(spec.name))
        if spec.kind is FieldKind.SECRET
        else raw.get(spec.name) != stored.raw.get(spec.name)
        for spec in fields_of(connector.settings)
        if spec.name in how
    )
    return Change(raw, held, Resolved(None if errors else resolved.settings, errors), is_other_login, is_moved)


def change_sent(stored: Stored, sent: Sent) -> Change:
    """Judge a posted form."""
    return change(stored, sent, sent.secrets, sent.forgotten)


def test(actor: Actor, account_public_id: str, stored: Stored, changed: Change) -> Checked:
    """Ask the platform with what was typed. Outside any transaction. Raises RuleBroken for too many tests."""
    if changed.resolved.settings is None:
        raise RuleBroken(_("Complete the form first."))
    actor.require(Right.REPLACE_CREDENTIALS)
    site = stored.site
    checking.count(actor.account_id)
    source = None
    if not changed.is_other_login:
        source = checking.stored_tokens(actor.account_id, stored.owner, stored.connector, changed.resolved.settings)
    checked = checking.check(stored.connector, changed.resolved.settings, account_public_id=account_public_id, source=source)
    if checked.outcome.ok and checked.outcome.identity != site.identity:
        wrong = _("These credentials belong to {other}, not to {name}.").format(other=checked.outcome.name, name=site.name)
        return Checked(Outcome(ok=False, message=wrong, at=checked.outcome.at, choices=checked.outcome.choices), None)
    if checked.outcome.ok:
        checking.remember(stored.kind, site.pk, checked.outcome)
    return checked


def save(actor: Actor, stored: Stored, changed: Change, checked: Checked, name: str) -> str:
    """Store what was tested, in the account's transaction; a sentence to tell. Raises RuleBroken, or when the test says no.

    Import settings alone may be stored while the platform does not answer: the login was good before.
    """
    settings = changed.resolved.settings
    outcome = checked.outcome
    if settings is None or not (outcome.ok or (outcome.is_unreachable and not changed.is_other_login)):
        raise RuleBroken(outcome.message)
    identity = outcome.found() if outcome.ok else Identity(stored.site.identity, stored.site.name)
    sites.replace_settings(actor=actor, site=stored.site, settings=settings, identity=identity, tokens=checked.tokens, name=name)
    if outcome.ok:
        return _("Saved. {name} answers.").format(name=outcome.name)
    return _("Saved, but not tried: {reason}").format(reason=outcome.message)
