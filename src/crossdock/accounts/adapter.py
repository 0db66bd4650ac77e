"""What the sign-in library asks us: who may sign up, where to go, and how second factors are kept."""

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from crossdock.accounts import vault


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in by e-mail and password, with every link built on the configured address."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Only where the operator opened it (`ACCOUNT_OPEN_SIGN_UP`); else people are let in by an administrator."""
        return bool(settings.ACCOUNT_OPEN_SIGN_UP)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in a reset mail. Never from the Host header, which the asker chooses."""
        return self._on_our_address(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: object) -> str:
        """The link in a confirmation mail."""
        return self._on_our_address(super().get_email_confirmation_url(request, emailconfirmation))

    def _on_our_address(self, url: str) -> str:
        path = url.split("/", 3)[3] if "://" in url else url.lstrip("/")
        return f"{settings.PUBLIC_URL}/{path}"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the seeds of second factors sealed: the library would store them in clear."""

    FIELD = "second factor"

    def encrypt(self, text: str) -> str:
        """Sealed with the installation's key, since a person may be in several accounts or none."""
        return base64.b64encode(vault.seal_for_installation(self.FIELD, text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises CannotUnseal, or SecretsLocked while the key file is not there."""
        return vault.unseal_for_installation(self.FIELD, base64.b64decode(encrypted_text)).decode()
