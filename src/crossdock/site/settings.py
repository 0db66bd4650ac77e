"""Django's settings, from the environment. What an operator may set is read in `environment`."""

import importlib.util
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from crossdock.site.db import APP_ROLE, connection_settings
from crossdock.site.environment import data_dir, database_urls, is_demo, is_loopback, key_file, public_url
from crossdock.site.logs import logging_config

DEBUG = False
IS_DEMO = is_demo()
PUBLIC_URL = public_url()
_public = urlsplit(PUBLIC_URL)
_host = _public.hostname or ""
# Cookies with the __Host- prefix need TLS; only on loopback may people come without it.
_is_secure = _public.scheme == "https"


def _secret_key() -> str:
    """Signs sessions and reset links. Every web process of an installation needs the same: `CROSSDOCK_SECRET_KEY` or the data's."""
    named = os.environ.get("CROSSDOCK_SECRET_KEY")
    if named:
        return named
    try:
        return (data_dir() / "web_secret").read_text().strip()
    except OSError:
        return secrets.token_urlsafe(48)


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = [_host] + (["127.0.0.1", "localhost", "[::1]"] if is_loopback(_host) else [])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "crossdock.site",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "crossdock.accounts",
    "crossdock.activity",
    "crossdock.connections",
    "crossdock.products",
    "crossdock.orders",
    "crossdock.fulfillment",
    "crossdock.inventory",
    "crossdock.inbound",
    "crossdock.desk",
    "crossdock.ui",
    "crossdock.jobs",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
]

MIDDLEWARE = [
    "crossdock.site.middleware.SafeHeaders",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "crossdock.accounts.sessions.SessionsSeen",
    "crossdock.site.middleware.IdleSessions",
    "crossdock.accounts.web.BrokenRules",
]

ROOT_URLCONF = "crossdock.site.urls"
FORM_RENDERER = "crossdock.ui.forms.Renderer"
CSRF_FAILURE_VIEW = "crossdock.ui.views.csrf_failure"
WSGI_APPLICATION = "crossdock.site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crossdock.site.context.site",
                "crossdock.ui.context.navigation",
                "crossdock.ui.context.frame",
                "crossdock.accounts.web.account",
            ],
        },
    },
]

# --- The database ---------------------------------------------------------------------------------------------------------------

_urls = database_urls()
# Without a database yet (`crossdock read`, `makemigrations`, the tests before they start one) the settings still load.
_app_url = _urls.app if _urls else "postgresql:///crossdock?host=/nonexistent"
DATABASES: dict[str, dict[str, Any]] = {"default": connection_settings(_app_url, role=APP_ROLE)}
# The owner's login is there only in the process that migrates: `crossdock migrate`, and `up` before it starts anything.
if os.environ.get("CROSSDOCK_MIGRATING") == "1" and _urls and _urls.owner:
    DATABASES["owner"] = connection_settings(_urls.owner, role=None)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"

CACHES = {
    "default": {
        "BACKEND": "crossdock.site.cache.JsonDatabaseCache",
        "LOCATION": "site_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Sign-in --------------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Closed unless the operator opens it: people come by an invitation or by the first administrator's link.
ACCOUNT_OPEN_SIGN_UP = os.environ.get("CROSSDOCK_OPEN_SIGN_UP") == "1"
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if ACCOUNT_OPEN_SIGN_UP else "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(timedelta(minutes=15).total_seconds())
ACCOUNT_SESSION_REMEMBER = True  # as long as the cookie; SESSION_IDLE ends what nobody uses
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
ACCOUNT_FORMS = {
    "login": "crossdock.accounts.sign_in_forms.SignIn",
    "reset_password": "crossdock.accounts.sign_in_forms.AskForReset",
    "reset_password_from_key": "crossdock.accounts.sign_in_forms.SetPassword",
    "change_password": "crossdock.accounts.sign_in_forms.ChangePassword",
    "add_email": "crossdock.accounts.sign_in_forms.ChangeEmail",
    "reauthenticate": "crossdock.accounts.sign_in_forms.Confirm",
}
MFA_FORMS = {
    "authenticate": "crossdock.accounts.sign_in_forms.SecondFactor",
    "reauthenticate": "crossdock.accounts.sign_in_forms.ConfirmByCode",
    "activate_totp": "crossdock.accounts.sign_in_forms.SwitchOnApp",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _is_secure and is_loopback(_host)
MFA_TOTP_ISSUER = "Crossdock"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
USERSESSIONS_TRACK_ACTIVITY = True
# How many proxies of ours stand in front; unset, X-Forwarded-For is not believed at all.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("CROSSDOCK_TRUSTED_PROXIES", "0"))
# The vault's key lies on another path than the data.
VAULT_KEY_FILE = str(key_file())
# What the accounts package brings, named here since allauth looks it up by name.
for _setting, _module, _name in (
    ("ACCOUNT_ADAPTER", "crossdock.accounts.adapter", "AccountAdapter"),
    ("MFA_ADAPTER", "crossdock.accounts.adapter", "MFAAdapter"),
):
    if importlib.util.find_spec(_module):
        globals()[_setting] = f"{_module}.{_name}"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-session" if _is_secure else "session"
SESSION_COOKIE_SECURE = _is_secure
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would lose the way back from a platform's authorization page
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SESSION_IDLE = timedelta(hours=12)
CSRF_COOKIE_NAME = "__Host-csrf" if _is_secure else "csrf"
CSRF_COOKIE_SECURE = _is_secure
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# --- What a browser may do ------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "img-src": ["'self'", "data:"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _is_secure else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_secure and ALLAUTH_TRUSTED_PROXY_COUNT else None
X_FRAME_OPTIONS = "DENY"

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # 2.5 MiB a form; a webhook's own limit is its view's
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- Language, time, files ------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English")]
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATIC_ROOT = os.environ.get("CROSSDOCK_STATIC_ROOT") or None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        # Collected files carry their content's hash in the name, so that browsers may keep them for good.
        "BACKEND": "crossdock.site.storage.HashedNames"
        if (STATIC_ROOT and Path(STATIC_ROOT, "staticfiles.json").exists()) or os.environ.get("CROSSDOCK_COLLECTING") == "1"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Mail -----------------------------------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("CROSSDOCK_MAIL_FROM", f"Crossdock <crossdock@{_host}>")
EMAIL_TIMEOUT = 10
SMTP_URL = os.environ.get("CROSSDOCK_SMTP_URL", "")
if SMTP_URL:
    _smtp = urlsplit(SMTP_URL)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _smtp.hostname or ""
    EMAIL_USE_SSL = _smtp.scheme == "smtps"
    EMAIL_USE_TLS = _smtp.scheme == "smtp+tls"
    EMAIL_PORT = _smtp.port or (465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25)
    EMAIL_HOST_USER = unquote(_smtp.username or "")
    EMAIL_HOST_PASSWORD = unquote(_smtp.password or "")
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

LOGGING_CONFIG = "crossdock.site.logs.configure"
LOGGING = logging_config()
