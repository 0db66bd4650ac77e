"""What a person has filled in of a new connection so far: kept across steps, reloads and sign-ins, its secrets sealed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.http import Http404
from django.utils import timezone
from msgspec import Struct

from crossdock.accounts import vault
from crossdock.accounts.rights import Actor
from crossdock.accounts.slugs import long
from crossdock.accounts.vault import CannotUnseal, SealContext
from crossdock.connections import gateway
from crossdock.connections.checking import Outcome
from crossdock.connections.credentials import Sealed
from crossdock.connections.models import WizardDraft
from crossdock.connections.typed import Raw, address_of, blank
from crossdock.connectors.kit.settings import fields_of

KEPT_FOR = timedelta(days=14)

STEPS = ("basics", "merchant", "warehouse", "store")
NEW, EXISTING = "new", "existing"


class MerchantDraft(Struct):
    """Which merchant: one that is here by public id, or a new one's details."""

    how: str = ""
    existing: str = ""
    details: dict[str, str] = {}


class SiteDraft(Struct):
    """Which store or warehouse: one that is here by public id, or a new one on a platform. Answers are kept for each platform."""

    how: str = ""
    existing: str = ""
    platform: str = ""
    name: str = ""
    answers: dict[str, Raw] = {}
    outcome: Outcome | None = None

    @property
    def is_new(self) -> bool:
        """Whether a form is to be filled in."""
        return self.how == NEW

    @property
    def raw(self) -> Raw:
        """The answers for the chosen platform, its defaults where nothing was typed yet."""
        return {**blank(gateway.platform_named(self.platform)), **self.answers.get(self.platform, {})} if self.platform else {}


class Division(Struct):
    """How the orders of a store with another connection are divided: this one takes the rest, or just some locations."""

    how: str = ""
    locations: list[str] = []


class Values(Struct):
    """Everything that is stored in clear."""

    name: str = ""
    merchant: MerchantDraft = msgspec.field(default_factory=MerchantDraft)
    warehouse: SiteDraft = msgspec.field(default_factory=SiteDraft)
    store: SiteDraft = msgspec.field(default_factory=SiteDraft)
    division: Division = msgspec.field(default_factory=Division)
    reached: int = 0


class Draft(Struct):
    """One draft, opened. `sealed` has the secrets and tokens by `side/platform`."""

    public_id: UUID
    values: Values
    sealed: dict[str, Sealed]
    changed_at: datetime

    def site(self, side: str) -> SiteDraft:
        """The store or the warehouse."""
        return self.values.store if side == "store" else self.values.warehouse

    def secrets(self, side: str) -> Sealed:
        """The secrets of the chosen platform."""
        return self.sealed.get(f"{side}/{self.site(side).platform}", Sealed())

    def keep_secrets(self, side: str, sealed: Sealed) -> None:
        """Replace the secrets of the chosen platform."""
        self.sealed[f"{side}/{self.site(side).platform}"] = sealed

    @property
    def step(self) -> str:
        """The step to go on with."""
        return STEPS[min(self.values.reached, len(STEPS) - 1)]


def known_id(text: str) -> UUID | None:
    """A public id in its short form, as forms and filters hold it; None for what is none."""
    try:
        return long(text)
    except ValueError:
        return None


def take_answers(draft: Draft, side: str, typed: Raw, secrets: Mapping[str, str], forgotten: frozenset[str]) -> bool:
    """Keep what was typed; whether anything changed. A changed address drops the secrets that were not typed anew; any other way
    in drops the tokens.
    """
    site = draft.site(side)
    connector = gateway.platform_named(site.platform)
    before, kept = site.raw, draft.secrets(side)
    raw = {**before, **typed}
    if address_of(connector, before) != address_of(connector, raw) and site.platform in site.answers:
        kept = Sealed()
    hidden = {name: value for name, value in kept.secrets.items() if name not in forgotten} | dict(secrets)
    sealed = msgspec.structs.replace(kept, secrets=hidden)
    signing = {spec.name for spec in fields_of(connector.settings) if spec.group == "credentials"}
    if any(raw.get(name) != before.get(name) or hidden.get(name) != kept.secrets.get(name) for name in signing):
        # Tokens of another login, or got in another way, mean nothing to this one.
        sealed = sealed.with_tokens(None)
    changed = raw != before or hidden != draft.secrets(side).secrets or site.platform not in site.answers
    if changed:
        site.answers = {**site.answers, site.platform: raw}
        site.outcome = None
        draft.keep_secrets(side, sealed)
    return changed


def choose_platform(site: SiteDraft, platform: str) -> None:
    """Turn to another platform's form. What the last test found is about the other one, and goes."""
    if site.platform != platform:
        site.platform, site.outcome = platform, None


def start(actor: Actor) -> Draft:
    """A new draft of this person. Those nobody touched for two weeks go."""
    WizardDraft.objects.filter(changed_at__lt=timezone.now() - KEPT_FOR).delete()
    row = WizardDraft.objects.create(account_id=actor.account_id, person_id=_person(actor))
    return Draft(row.public_id, Values(), {}, row.changed_at)


def load(actor: Actor, public_id: UUID) -> Draft:
    """A draft of this person. Raises Http404 for anybody else's, and for one that is not there."""
    row = WizardDraft.objects.filter(public_id=public_id, person_id=_person(actor)).first()
    if row is None:
        raise Http404
    return _opened(actor, row)


def open_drafts(actor: Actor) -> list[Draft]:
    """The person's drafts that have a name, newest first. Their secrets stay sealed."""
    rows = WizardDraft.objects.filter(person_id=_person(actor)).order_by("-changed_at")[:5]
    return [Draft(row.public_id, _values(row), {}, row.changed_at) for row in rows if row.values.get("name")]


def save(actor: Actor, draft: Draft) -> None:
    """Store the draft. Raises SecretsLocked while there is something to seal and no key."""
    sealed = None
    if draft.sealed:
        body = msgspec.json.encode(draft.sealed)
        sealed = vault.seal(actor.account_id, "secrets", _context(draft.public_id, draft.values), body)
    WizardDraft.objects.filter(public_id=draft.public_id, person_id=_person(actor)).update(
        values=msgspec.to_builtins(draft.values), sealed=sealed, changed_at=timezone.now()
    )


def discard(actor: Actor, public_id: UUID) -> None:
    """Throw a draft away, secrets and all."""
    WizardDraft.objects.filter(public_id=public_id, person_id=_person(actor)).delete()


def _person(actor: Actor) -> int:
    """Whose drafts: always somebody's, never Crossdock's own. Raises Http404."""
    if actor.person_id is None:
        raise Http404
    return actor.person_id


def _values(row: WizardDraft) -> Values:
    try:
        return msgspec.convert(row.values, Values)
    except msgspec.ValidationError:
        # Of an older version of this form: it begins anew.
        return Values(name=str(row.values.get("name", "")))


def _opened(actor: Actor, row: WizardDraft) -> Draft:
    values = _values(row)
    sealed: dict[str, Sealed] = {}
    if row.sealed:
        try:
            body = vault.unseal(actor.account_id, "secrets", _context(row.public_id, values), bytes(row.sealed))
            sealed = msgspec.json.decode(body, type=dict[str, Sealed])
        except CannotUnseal:
            # An address in the row was changed by other hands than the wizard's: the secrets are asked for again.
            sealed = {}
    return Draft(row.public_id, values, sealed, row.changed_at)


def _context(public_id: UUID, values: Values) -> SealContext:
    """Bound to every address the draft names, so that a row pointed elsewhere does not open."""
    places: dict[str, Any] = {}
    for side, site in (("store", values.store), ("warehouse", values.warehouse)):
        for platform, raw in sorted(site.answers.items()):
            try:
                connector = gateway.platform_named(platform)
            except KeyError:
                continue
            places[f"{side}/{platform}"] = address_of(connector, {**blank(connector), **raw})
    return SealContext("draft", "draft", str(public_id), "secrets", msgspec.json.encode(places).decode())
