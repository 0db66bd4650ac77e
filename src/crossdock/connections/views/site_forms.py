"""A store's or warehouse's form as pages draw it: the connector's questions, what the last test said beside them."""

from collections.abc import Mapping
from typing import Any

from crossdock.connections.checking import Outcome
from crossdock.connections.credentials import Sealed
from crossdock.connections.forms import SettingsForm
from crossdock.connections.typed import Raw
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import FieldKind, fields_of


def site_form(
    connector: Connector, raw: Raw, prefix: str, stored: frozenset[str], outcome: Outcome | None, choices_url: str
) -> SettingsForm:
    """The form, its loaded options and the last test's complaint in place."""
    form = SettingsForm(
        connector,
        raw,
        prefix=prefix,
        stored=stored,
        choices=outcome.choices if outcome else None,
        choices_url=choices_url,
    )
    if outcome is not None and not outcome.ok and outcome.field in form.fields:
        form.say(outcome.field, outcome.message)
        form.offers = dict(outcome.offers)
    return form


def is_authorized(connector: Connector, raw: Mapping[str, Any], sealed: Sealed) -> bool:
    """Whether a person agreed in the browser: there are tokens, and these answers get them that way."""
    if connector.oauth is None or sealed.access is None:
        return False
    defaults = {spec.name: spec.default for spec in fields_of(connector.settings)}
    return connector.oauth.is_wanted(connector.settings.model_construct(**{**defaults, **raw}))


def authorize_when(connector: Connector, raw: Mapping[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """With which answers of which field one signs in by the browser: (field, values); ("", ()) always; None never.

    Found by asking the connector for each option, so that the button comes and goes with the answer.
    """
    if connector.oauth is None:
        return None
    wanted = connector.oauth.is_wanted
    defaults = {spec.name: spec.default for spec in fields_of(connector.settings)}
    given = {**defaults, **{name: value for name, value in raw.items() if value != ""}}
    for spec in fields_of(connector.settings):
        if spec.kind is FieldKind.CHOICE and spec.choices and spec.group == "credentials":
            options = [choice.value for choice in spec.choices]
            chosen = tuple(
                value for value in options if wanted(connector.settings.model_construct(**{**given, spec.name: value}))
            )
            if 0 < len(chosen) < len(options):
                return spec.name, chosen
    return ("", ()) if wanted(connector.settings.model_construct(**given)) else None
