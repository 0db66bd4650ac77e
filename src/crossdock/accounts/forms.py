"""What people type about themselves and their account. Rules are the services'; forms only carry words in and sentences back."""

from functools import cache
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crossdock.accounts.services import InvalidSetting
from crossdock.domain.errors import RuleBroken


@cache
def time_zones() -> list[tuple[str, str]]:
    """All zones by name, with UTC first."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/")))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class SaysWhatIsWrong(forms.Form):
    """A form whose service may refuse: the sentence goes beside the field it is about."""

    def refuse(self, error: RuleBroken | ValidationError, field: str | None = None) -> None:
        """Show a refusal, at `field` where the error does not name one itself."""
        if isinstance(error, ValidationError):
            self.add_error(field, error)
            return
        name = error.field if isinstance(error, InvalidSetting) else field
        self.add_error(name if name in self.fields else None, error.message)


class ProfileForm(SaysWhatIsWrong):
    """How a person is called."""

    name = forms.CharField(
        label=_("Your name"), max_length=200, required=False, help_text=_("Shown beside what you do in Crossdock.")
    )


class SettingsForm(SaysWhatIsWrong):
    """The account's name, time zone, and when open orders are given up."""

    name = forms.CharField(label=_("Account name"), max_length=200)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zones, help_text=_("Times are shown in it, and schedules with hours follow it.")
    )
    abandon_after_days = forms.IntegerField(
        label=_("Abandon open orders after"),
        min_value=1,
        max_value=3_650,
        help_text=_("Days. An order that is still open then becomes Abandoned; a shipment that comes later is still posted."),
    )


class FirstAdministratorForm(SaysWhatIsWrong):
    """The first account and the person who administers it."""

    account_name = forms.CharField(label=_("Account name"), max_length=200, help_text=_("Your company, as people will see it."))
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, initial="UTC")
    name = forms.CharField(label=_("Your name"), max_length=200)
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters, and not one that many people use."),
    )

    def refuse(self, error: RuleBroken | ValidationError, field: str | None = None) -> None:
        """A service says "name" for the account's name."""
        if isinstance(error, InvalidSetting) and error.field == "name":
            error.field = "account_name"
        super().refuse(error, field)


class NewAccountForm(SaysWhatIsWrong):
    """An account of one's own, where the operator lets people sign up."""

    name = forms.CharField(label=_("Account name"), max_length=200)
