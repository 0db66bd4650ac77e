"""One look for all forms: the renderer that Django uses, and the widgets that the wizard's settings need."""

from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


class Renderer(DjangoTemplates):
    """The project's FORM_RENDERER: `{{ form }}` draws every field by ui/forms/field.html.

    A form's field may carry `shown_when = (name of another field, its values)`: it is shown only with one of these answers, where
    scripts run; "true" and "false" stand for a checkbox.
    """

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"


class SecretInput(forms.PasswordInput):
    """A secret: never sent back to the page. `is_stored` shows that one is kept and that typing replaces it."""

    template_name = "ui/forms/secret.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, is_stored: bool = False) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", **(attrs or {})}, render_value=False)
        self.is_stored = is_stored

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Django's context with the placeholder that says a secret is stored."""
        context = super().get_context(name, value, attrs)
        if self.is_stored:
            context["widget"]["attrs"]["placeholder"] = _("Stored. Type to replace it.")
            context["widget"]["attrs"].pop("required", None)
        context["widget"]["is_stored"] = self.is_stored
        return context

    def use_required_attribute(self, initial: Any) -> bool:
        """A stored secret may be left empty."""
        return not self.is_stored


class LoadedSelect(forms.Select):
    """A select whose choices come from the platform: fetched from `choices_url` by a POST of the form, on demand.

    The answer is `[{"value", "label"}]`, or `{"error": sentence}` that is shown beside the field. Until then it is a text box with
    the value that is kept, so that it can also be typed.
    """

    template_name = "ui/forms/loaded_select.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, choices_url: str = "") -> None:
        super().__init__(attrs)
        self.choices_url = choices_url

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Django's context with the address of the choices."""
        context = super().get_context(name, value, attrs)
        context["widget"]["choices_url"] = self.choices_url
        context["widget"]["current"] = "" if value is None else value
        return context


class Switch(forms.CheckboxInput):
    """A checkbox drawn as a switch, for settings that are on or off."""


def field_kind(field: BoundField) -> str:
    """ "check", "choices" (radios or checkboxes), "secret", or "text" for everything else."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
        return "choices"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, SecretInput | forms.PasswordInput):
        return "secret"
    return "text"


def _class_of(field: BoundField) -> str:
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect | forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, forms.Select) and not isinstance(widget, LoadedSelect):
        return "form-select"
    return "form-control"


def draw_widget(field: BoundField) -> SafeString:
    """The field's control with our classes, described by its help and its error."""
    widget = field.field.widget
    own = str(widget.attrs.get("class", ""))
    classes = " ".join(part for part in (_class_of(field), own, "is-invalid" if field.errors else "") if part)
    attrs: dict[str, Any] = {"class": classes}
    described = [f"id_{field.html_name}_{part}" for part, there in (("help", field.help_text), ("error", field.errors)) if there]
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)
