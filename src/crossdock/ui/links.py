"""Addresses of pages: inside the account that the current page belongs to, where the page has one."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


def _account_arguments(request: HttpRequest | None) -> dict[str, Any]:
    """The part of the current address that names the account, by any keyword that begins with "account"."""
    match = getattr(request, "resolver_match", None)
    captured = dict(match.kwargs) if match else {}
    named = {key: value for key, value in captured.items() if key.startswith("account")}
    account = getattr(request, "account", None)
    if not named and account is not None:
        named = {"account": account.public_id}
    return named


def page_url(request: HttpRequest | None, name: str, *args: Any, **kwargs: Any) -> str:
    """The address of the page `name`, in the account of the current page if the page's pattern names one.

    Raises NoReverseMatch when no pattern has this name and takes these arguments.
    """
    account = _account_arguments(request)
    if account and not args:
        try:
            return reverse(name, kwargs={**account, **kwargs})
        except NoReverseMatch:
            pass
    elif account:
        try:
            return reverse(name, args=(*account.values(), *args))
        except NoReverseMatch:
            pass
    return reverse(name, args=args or None, kwargs=kwargs or None)


def page_url_or_none(request: HttpRequest | None, name: str, *args: Any, **kwargs: Any) -> str | None:
    """Like `page_url`, but None when there is no such page (yet)."""
    try:
        return page_url(request, name, *args, **kwargs)
    except NoReverseMatch:
        return None
