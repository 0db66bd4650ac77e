"""What somebody types into a credential link: laid over what is known, asked from the platform, and stored once it works."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from msgspec import Struct

from crossdock.connections import checking, drafts, editing, gateway, requests, typed
from crossdock.connections.checking import Checked, Outcome
from crossdock.connections.credentials import Sealed
from crossdock.connections.drafts import Draft
from crossdock.connections.editing import Stored
from crossdock.connections.forms import Sent
from crossdock.connections.realms import with_app
from crossdock.connections.requests import Found, LinkIsDead
from crossdock.connections.typed import Raw, Resolved, blank
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import ConnectorSettings, FieldKind, FieldSpec, fields_of
from crossdock.connectors.kit.tokens import Tokens

_KEPT_WHEN_EMPTY = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.NUMBER})
"""Kinds that are not shown to who opens a link, so that an empty one means the value that is stored."""


class Wanted(Struct, frozen=True):
    """What a link asks for, opened: the platform, what is known so far, and the address fields that cannot be changed here."""

    found: Found
    connector: Connector
    name: str
    raw: Raw
    fixed: frozenset[str]
    stored: Stored | None = None
    draft: Draft | None = None

    @property
    def zone(self) -> str:
        """The time zone of the asking account."""
        return self.found.belonging.account.time_zone

    @property
    def fields(self) -> tuple[FieldSpec, ...]:
        """The fields that are asked for: how to get in, but for the address."""
        return tuple(
            spec for spec in fields_of(self.connector.settings) if spec.group == "credentials" and spec.name not in self.fixed
        )

    @property
    def address(self) -> list[tuple[str, str]]:
        """Where credentials are sent: (label, value) of what is fixed."""
        return [
            (spec.label, _label_of(spec, self.raw.get(spec.name)))
            for spec in fields_of(self.connector.settings)
            if spec.name in self.fixed and typed.is_asked(self.connector, self.raw, spec.name) and self.raw.get(spec.name) != ""
        ]

    @property
    def shown(self) -> Raw:
        """What the form shows: choices and moments as they are, typed values never."""
        kept = {spec.name for spec in fields_of(self.connector.settings) if spec.kind in _KEPT_WHEN_EMPTY or spec.loads}
        return {**self.raw, **{name: "" for name in kept - self.fixed if name in self.raw and self.stored is not None}}

    def is_kept(self, spec: FieldSpec) -> bool:
        """Whether a field may stay empty because a value is stored that is not shown."""
        return self.stored is not None and (spec.kind in _KEPT_WHEN_EMPTY or spec.loads) and bool(self.raw.get(spec.name))


class Typed(Struct, frozen=True):
    """What was typed, laid over what is known. Secrets that were not typed are not used, whatever is stored."""

    answers: Raw
    secrets: dict[str, str]
    resolved: Resolved


class Said(Struct, frozen=True):
    """What came of it: sentences by field, "" for the whole; or what the platform said. `is_done` when it was stored."""

    errors: dict[str, list[str]] = {}
    outcome: Outcome | None = None
    is_done: bool = False


def open_link(found: Found) -> Wanted:
    """Read what a link is about. Raises LinkIsDead when it is gone, or was turned into something else."""
    link = found.link
    try:
        connector = gateway.platform_named(link.platform)
    except KeyError:
        raise _gone() from None
    address = {spec.name for spec in fields_of(connector.settings) if spec.is_address}
    if link.draft is not None:
        try:
            with found.asker.scope():
                draft = drafts.load(found.asker, link.draft)
        except Http404:
            raise _gone() from None
        side = draft.site(link.side)
        if side.platform != link.platform or not side.is_new:
            raise _gone()
        known = {spec.name for spec in fields_of(connector.settings) if spec.kind in _KEPT_WHEN_EMPTY and side.raw.get(spec.name)}
        is_typed = link.platform in side.answers
        return Wanted(found, connector, side.name, side.raw, frozenset(address & known if is_typed else ()), draft=draft)
    with found.actor.scope():
        site = requests.site_of(link)
        site = site if site is not None and site.deleted_at is None else None
        stored = editing.load(site, found.belonging.account.time_zone) if site is not None else None
    if stored is None or stored.elsewhere:
        raise _gone()
    return Wanted(found, connector, stored.site.name, stored.raw, frozenset(address), stored=stored)


def read(wanted: Wanted, sent: Sent) -> Typed:
    """Judge a posted form. Only fields that are asked for are taken from it."""
    asked = {spec.name: spec for spec in wanted.fields}
    answers = {name: value for name, value in sent.items() if name in asked and not (value == "" and wanted.is_kept(asked[name]))}
    return lay_over(wanted, answers, {name: value for name, value in sent.secrets.items() if name in asked})


def lay_over(wanted: Wanted, answers: Mapping[str, Any], secrets: Mapping[str, str]) -> Typed:
    """Lay answers over what is known."""
    asked = {spec.name for spec in wanted.fields}
    if wanted.stored is not None:
        untyped = frozenset(name for name in wanted.stored.secret_names & asked if name not in secrets)
        changed = editing.change(wanted.stored, answers, secrets, untyped)
        return Typed(dict(answers), dict(secrets), changed.resolved)
    raw = {**wanted.raw, **answers}
    kept = {name: value for name, value in _draft_secrets(wanted).secrets.items() if name not in asked}
    resolved = typed.resolve(wanted.connector, raw, {**kept, **secrets}, wanted.zone)
    if resolved.errors and not set(resolved.errors) & {"", *asked}:
        # What is imported is the asking person's to put right: credentials are tried without it.
        plain = blank(wanted.connector)
        known = asked | wanted.fixed
        resolved = typed.resolve(
            wanted.connector, {**plain, **{name: raw[name] for name in known if name in raw}}, secrets, wanted.zone
        )
    return Typed(dict(answers), dict(secrets), resolved)


def needs_consent(wanted: Wanted, settings: ConnectorSettings) -> bool:
    """Whether these answers get in by agreeing at the platform."""
    return wanted.connector.oauth is not None and bool(wanted.connector.oauth.is_wanted(settings))


def hand_over(wanted: Wanted, given: Typed, tokens: Tokens | None = None) -> Said:
    """Ask the platform and, if it agrees, store what was typed and use the link up. Outside any transaction.

    Counts as one of the link's five tests, and of the account's ten a minute. `tokens` are those of a consent. Raises LinkIsDead,
    also when the link ended while the platform was asked: then nothing is stored.
    """
    settings = given.resolved.settings
    if settings is None:
        return Said(given.resolved.errors)
    found = wanted.found
    try:
        checking.count(found.link.account_id)
    except checking.Refusal as error:
        return Said({"": [error.message]})
    requests.count_test(found)
    checked = checking.check(
        wanted.connector,
        with_app(wanted.connector, settings),
        account_public_id=str(found.belonging.account.public_id),
        tokens=tokens,
    )
    outcome = _judged(wanted, checked.outcome)
    if not _is_good(wanted, outcome):
        requests.note(found, _without(wanted, outcome.message, given))
        return Said(outcome=outcome)
    if wanted.stored is not None:
        _keep(wanted, given, Checked(outcome, checked.tokens or tokens))
    else:
        _keep_in_draft(wanted, given, outcome, checked.tokens or tokens)
    return Said(outcome=outcome, is_done=True)


def _judged(wanted: Wanted, outcome: Outcome) -> Outcome:
    """What the test found, unless it found another shop than the one that is here."""
    site = wanted.stored.site if wanted.stored is not None else None
    if site is None or not outcome.ok or outcome.identity == site.identity:
        return outcome
    wrong = _("These credentials belong to {other}, not to {name}.").format(other=outcome.name, name=site.name)
    return Outcome(ok=False, message=wrong, at=outcome.at)


def _is_good(wanted: Wanted, outcome: Outcome) -> bool:
    """Whether the way in works. A draft's import settings, such as a location to be chosen, are still to come."""
    imports = {spec.name for spec in fields_of(wanted.connector.settings) if spec.group != "credentials"}
    return outcome.ok or (wanted.draft is not None and outcome.field in imports)


def _keep(wanted: Wanted, given: Typed, checked: Checked) -> None:
    found, stored = wanted.found, wanted.stored
    if stored is None:
        raise _gone()
    with found.actor.scope():
        requests.use(found)
        asked = {spec.name for spec in wanted.fields}
        untyped = frozenset(name for name in stored.secret_names & asked if name not in given.secrets)
        changed = editing.change(stored, given.answers, given.secrets, untyped)
        editing.save(found.actor, stored, changed, checked, "")
    checking.remember(stored.kind, stored.site.pk, checked.outcome)


def _keep_in_draft(wanted: Wanted, given: Typed, outcome: Outcome, tokens: Tokens | None) -> None:
    found, link = wanted.found, wanted.found.link
    if link.draft is None:
        raise _gone()
    with found.asker.scope():
        requests.use(found)
        # Read again: what the asking person typed meanwhile stays.
        draft = drafts.load(found.asker, link.draft)
        drafts.take_answers(draft, link.side, given.answers, given.secrets, frozenset())
        if tokens is not None:
            draft.keep_secrets(link.side, draft.secrets(link.side).with_tokens(tokens))
        draft.site(link.side).outcome = outcome
        drafts.save(found.asker, draft)


def _draft_secrets(wanted: Wanted) -> Sealed:
    return wanted.draft.secrets(wanted.found.link.side) if wanted.draft is not None else Sealed()


def _without(wanted: Wanted, message: str, given: Typed) -> str:
    """A complaint as the asking person may read it: without what was typed, which is nobody's but the typist's."""
    free = {spec.name for spec in wanted.fields if spec.kind in _KEPT_WHEN_EMPTY}
    values = [*given.secrets.values(), *(str(value) for name, value in given.answers.items() if name in free)]
    for value in sorted((one for one in values if len(one) >= 4), key=len, reverse=True):
        message = message.replace(value, "…")
    return message


def _label_of(spec: FieldSpec, value: Any) -> str:
    return next((choice.label for choice in spec.choices if choice.value == str(value)), str(value))


def _gone() -> LinkIsDead:
    return LinkIsDead(_("What this link asks for is not wanted any more. Ask whoever sent it."))
