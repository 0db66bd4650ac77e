"""A channel's rules as a form: one small form for each rule, of whichever kind."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from crossdock.jobs.schedules import WEEKDAYS, Daily, Flexible, Hourly, Minutely, Rule, problem_with

MOST = 12
"""Rules of one channel: more than anybody can overlook."""

TYPES = (
    ("minutely", _("Every so many minutes")),
    ("hourly", _("Every so many hours")),
    ("daily", _("Every so many days")),
    ("flexible", _("On some weekdays and hours")),
)
UNITS = (("minutes", _("minutes")), ("hours", _("hours")))
HOURS = tuple((str(hour), f"{hour:02}:00") for hour in range(24))
ENDS = tuple((str(hour), f"{hour:02}:59") for hour in range(24))

_WHOLE = {"required": _("Type a whole number."), "invalid": _("Type a whole number.")}


def _number(label: Any, initial: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        initial=initial,
        required=False,
        error_messages=_WHOLE,
        widget=forms.NumberInput({"min": 0, "class": "cd-short"}),
    )


class RuleForm(forms.Form):
    """One rule. Which fields count depends on `type`; the others keep what was typed, for whoever changes their mind."""

    type = forms.ChoiceField(label=_("Runs"), choices=TYPES, initial="minutely")
    minutes = _number(_("Minutes between runs"), 5)
    hours = _number(_("Hours between runs"), 1)
    minute = _number(_("At minute"), 0)
    days = _number(_("Days between runs"), 1)
    at = forms.TimeField(
        label=_("At"),
        required=False,
        initial="02:00",
        error_messages={"invalid": _("Type a time, like 02:30.")},
        widget=forms.TimeInput({"type": "time", "class": "cd-short"}, format="%H:%M"),
    )
    every = _number(_("Every"), 15)
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS, required=False, initial="minutes")
    weekdays = forms.MultipleChoiceField(
        label=_("Weekdays"),
        required=False,
        choices=[(str(day), _(name)) for day, name in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
        initial=["0", "1", "2", "3", "4"],
    )
    start_hour = forms.ChoiceField(label=_("From"), choices=HOURS, required=False, initial="8")
    end_hour = forms.ChoiceField(label=_("To"), choices=ENDS, required=False, initial="18")

    SHOWN = {
        "minutes": "minutely",
        "hours": "hourly",
        "minute": "hourly",
        "days": "daily",
        "at": "daily",
        "every": "flexible",
        "unit": "flexible",
        "weekdays": "flexible",
        "start_hour": "flexible",
        "end_hour": "flexible",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = str(self["type"].value())
        for name, kind in self.SHOWN.items():
            field = cast(Any, self.fields[name])
            field.shown_when = (self.add_prefix("type"), (kind,))
            field.is_away = chosen != kind

    def rule(self) -> Rule | None:
        """The rule, or None with the errors in place."""
        if not self.is_valid():
            return None
        rule = _made(self.cleaned_data)
        if rule is None:
            shown = next(name for name, kind in self.SHOWN.items() if kind == self.cleaned_data["type"])
            self.add_error(shown, _WHOLE["required"])
            return None
        if problem := problem_with(rule):
            self.add_error(None, problem)
            return None
        return rule


def _made(given: Mapping[str, Any]) -> Rule | None:
    match given["type"]:
        case "minutely" if given["minutes"] is not None:
            return Minutely(every=given["minutes"])
        case "hourly" if given["hours"] is not None:
            return Hourly(every=given["hours"], minute=given["minute"] or 0)
        case "daily" if given["days"] is not None and given["at"] is not None:
            return Daily(every=given["days"], hour=given["at"].hour, minute=given["at"].minute)
        case "flexible" if given["every"] is not None:
            return Flexible(
                every=given["every"],
                unit=given["unit"] or "minutes",
                weekdays=tuple(int(day) for day in given["weekdays"]),
                start_hour=int(given["start_hour"] or 0),
                end_hour=int(given["end_hour"] or 23),
            )
    return None


def initial_of(rule: Rule) -> dict[str, Any]:
    """What a rule's form shows."""
    match rule:
        case Minutely(every=n):
            return {"type": "minutely", "minutes": n}
        case Hourly(every=n, minute=minute):
            return {"type": "hourly", "hours": n, "minute": minute}
        case Daily(every=n, hour=hour, minute=minute):
            return {"type": "daily", "days": n, "at": f"{hour:02}:{minute:02}"}
        case Flexible():
            return {
                "type": "flexible",
                "every": rule.every,
                "unit": rule.unit,
                "weekdays": [str(day) for day in rule.weekdays],
                "start_hour": str(rule.start_hour),
                "end_hour": str(rule.end_hour),
            }


def forms_of(rules: Sequence[Rule]) -> list[RuleForm]:
    """Forms that show rules."""
    return [RuleForm(initial=initial_of(rule), prefix=f"rule-{number}") for number, rule in enumerate(rules)]


def posted_forms(data: Any, *, without: int | None = None, with_new: bool = False) -> list[RuleForm]:
    """The forms that were posted, one of them left out, or an empty one added; numbered anew."""
    numbers = [int(value) for value in data.getlist("rule") if value.isdigit()][:MOST]
    kept = [number for number in numbers if number != without]
    made = []
    for number, old in enumerate(kept):
        renamed = data.copy()
        for name in [key for key in renamed if key.startswith("rule-")]:
            del renamed[name]
        for name in data:
            if name.startswith(f"rule-{old}-"):
                renamed.setlist(f"rule-{number}-{name.removeprefix(f'rule-{old}-')}", data.getlist(name))
        made.append(RuleForm(renamed, prefix=f"rule-{number}"))
    if with_new and len(made) < MOST:
        made.append(RuleForm(prefix=f"rule-{len(made)}"))
    return made


def rules_in(rule_forms: Sequence[RuleForm]) -> list[Rule] | None:
    """The rules, or None when a form has an error. Every form is judged, so that all errors show at once."""
    made = [form.rule() for form in rule_forms]
    return None if any(rule is None for rule in made) else [rule for rule in made if rule is not None]
