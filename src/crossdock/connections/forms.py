"""Forms made of a connector's settings, and the small ones around them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from crossdock.connections.typed import Raw, is_asked
from crossdock.connectors.kit.capabilities import PreviewsSample
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import FieldKind, FieldSpec, fields_of
from crossdock.ui.forms import LoadedSelect, SecretInput, Switch

Choices = Mapping[str, Sequence[tuple[str, str]]]
"""Options that a platform gave, by field: (value, label) pairs."""

FORGET = "forget-"


class PlatformSelect(LoadedSelect):
    """A choice that comes from the platform: a text box until the options are known, then a select; Load asks for them again."""

    template_name = "connections/widgets/platform_select.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Django's context, with the kept value among the options even when the platform does not name it any more."""
        known = [str(option) for option, _label in self.choices]
        current = "" if value is None else str(value)
        if known and current not in known:
            self.choices = [(current, current or _("Choose")), *self.choices]
        context = super().get_context(name, value, attrs)
        context["widget"]["is_known"] = bool(known)
        context["widget"]["attrs"]["class"] = f"{'form-select' if known else 'form-control'}{_without_control(attrs)}"
        return context


def _without_control(attrs: Mapping[str, Any] | None) -> str:
    return "".join(
        f" {name}" for name in str((attrs or {}).get("class", "")).split() if name not in ("form-control", "form-select")
    )


class SettingsForm(forms.Form):
    """Shows a connector's questions. What was typed is judged by `typed.resolve`, so this form validates nothing itself.

    `stored` names the secrets that are kept; `choices_url` is where a field's options are loaded, the field's name put for `FIELD`.
    """

    FIELD = "FIELD"

    def __init__(
        self,
        connector: Connector,
        raw: Raw,
        *,
        prefix: str,
        stored: frozenset[str] = frozenset(),
        choices: Choices | None = None,
        choices_url: str = "",
    ) -> None:
        super().__init__(initial=raw, prefix=prefix)
        self.connector = connector
        self.forgettable: set[str] = set()
        self.offers: dict[str, str] = {}
        for spec in fields_of(connector.settings):
            url = choices_url.replace(self.FIELD, spec.name) if spec.loads else ""
            field = _field(spec, spec.name in stored, (choices or {}).get(spec.name, ()), url)
            if spec.shown_when is not None:
                field.shown_when = spec.shown_when  # type: ignore[attr-defined]
                field.is_away = not is_asked(connector, raw, spec.name)  # type: ignore[attr-defined]
            field.group = spec.group  # type: ignore[attr-defined]
            self.fields[spec.name] = field
            if spec.kind is FieldKind.SECRET and spec.name in stored and not spec.required:
                self.forgettable.add(spec.name)
        self.full_clean()

    def say(self, name: str, *sentences: str) -> None:
        """Put sentences beside a field, or above the form when they are about none of its fields."""
        for sentence in sentences:
            self.errors.setdefault(name if name in self.fields else "__all__", self.error_class()).append(sentence)

    def say_all(self, errors: Mapping[str, Sequence[str]]) -> None:
        """Put all sentences beside their fields."""
        for name, sentences in errors.items():
            self.say(name, *sentences)

    @property
    def faults(self) -> list[forms.BoundField]:
        """Fields that something is said beside, in the order of the form."""
        return [self[name] for name in self.fields if name in self.errors]

    @property
    def credentials(self) -> list[forms.BoundField]:
        """Fields on how to get in."""
        return [self[name] for name, field in self.fields.items() if getattr(field, "group", "") == "credentials"]

    @property
    def imports(self) -> list[forms.BoundField]:
        """Fields on what is read and told, by default all that are no credentials."""
        return [self[name] for name, field in self.fields.items() if getattr(field, "group", "") != "credentials"]

    @property
    def previewed(self) -> str:
        """The field whose mapping can be tried on a sample file, which stands below it; empty for none."""
        client = self.connector.client
        return client.previewed if issubclass(client, PreviewsSample) else ""

    @property
    def has_import_error(self) -> bool:
        """Whether something below the heading is at fault, so that it must be open."""
        return any(field.errors for field in self.imports)


def _field(spec: FieldSpec, is_stored: bool, loaded: Sequence[tuple[str, str]], choices_url: str) -> forms.Field:
    words: dict[str, Any] = {"label": spec.label, "help_text": spec.help, "required": spec.required}
    attrs = {"placeholder": spec.placeholder} if spec.placeholder else {}
    plain = {**attrs, "autocomplete": "off", "spellcheck": "false"}
    offered = [(choice.value, choice.label) for choice in spec.choices] or list(loaded)
    match spec.kind:
        case FieldKind.SECRET:
            return forms.CharField(**words, widget=SecretInput(attrs, is_stored=is_stored))
        case FieldKind.SWITCH:
            return forms.BooleanField(**{**words, "required": False}, widget=Switch())
        case FieldKind.NUMBER:
            return forms.CharField(**words, widget=forms.NumberInput({**attrs, "inputmode": "numeric", "class": "cd-short"}))
        case FieldKind.MOMENT:
            return forms.CharField(**words, widget=forms.DateTimeInput({"type": "datetime-local", "class": "cd-short"}))
        case FieldKind.CHOICES:
            return forms.MultipleChoiceField(**words, choices=offered, widget=forms.CheckboxSelectMultiple())
        case FieldKind.CHOICE if spec.loads:
            widget = PlatformSelect(plain, choices_url=choices_url)
            widget.choices = offered
            return forms.CharField(**words, widget=widget)
        case FieldKind.CHOICE if len(offered) <= 3 and spec.group == "credentials":
            return forms.ChoiceField(**words, choices=offered, widget=forms.RadioSelect())
        case FieldKind.CHOICE:
            return forms.ChoiceField(**words, choices=offered)
        case FieldKind.LONG_TEXT:
            return forms.CharField(**words, widget=forms.Textarea({**plain, "rows": 4}))
        case _:
            return forms.CharField(**words, widget=forms.TextInput(plain))


class Sent(dict[str, Any]):
    """A posted settings form: visible values as this mapping, secrets and those to forget beside it."""

    secrets: dict[str, str]
    forgotten: frozenset[str]


def read_settings(connector: Connector, data: QueryDict | MultiValueDict[str, str], prefix: str) -> Sent:
    """What a posted form holds. A secret that was left empty is absent: the stored one stays."""
    sent, secrets = Sent(), {}
    for spec in fields_of(connector.settings):
        name = f"{prefix}-{spec.name}"
        match spec.kind:
            case FieldKind.SECRET:
                if value := data.get(name):
                    secrets[spec.name] = _secret(value)
            case FieldKind.SWITCH:
                sent[spec.name] = name in data
            case FieldKind.CHOICES:
                sent[spec.name] = data.getlist(name)
            case _:
                sent[spec.name] = (data.get(name) or "").strip()
    sent.secrets = {name: value for name, value in secrets.items() if value}
    sent.forgotten = frozenset(
        spec.name
        for spec in fields_of(connector.settings)
        if spec.kind is FieldKind.SECRET and f"{prefix}-{FORGET}{spec.name}" in data and spec.name not in sent.secrets
    )
    return sent


def _secret(value: str) -> str:
    """A key of several lines keeps its lines, as browsers send them with CRLF; anything else loses the blanks around it."""
    text = value.replace("\r\n", "\n").strip()
    return text + "\n" if "\n" in text else text


class MerchantForm(forms.Form):
    """Who owns the stock."""

    name = forms.CharField(max_length=200, error_messages={"required": "Give the merchant a name."})
    company = forms.CharField(required=False, max_length=200)
    contact_name = forms.CharField(required=False, max_length=200)
    contact_email = forms.EmailField(required=False, error_messages={"invalid": "Type an e-mail address, like lee@example.com."})
    contact_phone = forms.CharField(required=False, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {
            "name": (_("Merchant name"), _("The brand, as people in your house call it.")),
            "company": (_("Company"), _("The legal name, if it is another one.")),
            "contact_name": (_("Contact"), _("Whom to ask when a store needs new credentials.")),
            "contact_email": (_("E-mail"), ""),
            "contact_phone": (_("Phone"), ""),
        }
        for name, (label, help_text) in words.items():
            self.fields[name].label, self.fields[name].help_text = label, help_text
