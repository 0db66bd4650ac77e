"""The sign-in library's forms in our words: a label over each field, and no label repeated inside it."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django import forms
from django.utils.translation import gettext_lazy as _

LABELS = {
    "login": _("E-mail"),
    "email": _("E-mail"),
    "oldpassword": _("Password now"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
    "code": _("Code"),
}


class InOurWords(forms.Form):
    """Names fields by `LABELS`, drops placeholders, and can be typed at once: nothing else is on its page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)
        next(iter(self.fields.values())).widget.attrs["autofocus"] = True


class SignIn(InOurWords, account.LoginForm):  # type: ignore[misc]
    """E-mail and password."""


class AskForReset(InOurWords, account.ResetPasswordForm):  # type: ignore[misc]
    """Where to mail the link."""


class SetPassword(InOurWords, account.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password, behind the mailed link."""


class ChangePassword(InOurWords, account.ChangePasswordForm):  # type: ignore[misc]
    """A new password, for who knows the present one."""


class ChangeEmail(InOurWords, account.AddEmailForm):  # type: ignore[misc]
    """Another address to sign in with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail")


class Confirm(InOurWords, account.ReauthenticateForm):  # type: ignore[misc]
    """The password once more."""


class SecondFactor(InOurWords, mfa.AuthenticateForm):  # type: ignore[misc]
    """A code of the app, or a recovery code."""


class ConfirmByCode(InOurWords, mfa.ReauthenticateForm):  # type: ignore[misc]
    """A code once more."""


class SwitchOnApp(InOurWords, totp.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""
