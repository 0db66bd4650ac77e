"""How a page gets its account: from the address, never from the session, and only for its members."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, overload
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crossdock.accounts import confirming
from crossdock.accounts.keyring import SecretsLocked
from crossdock.accounts.models import Account, Person, Role
from crossdock.accounts.rights import Actor, Forbidden, NotConfirmed, Right
from crossdock.domain.errors import RuleBroken

P = ParamSpec("P")
# Where an account's own address leads, the first of these that exists.
HOMES = ("desk:home", "orders:list", "connections:list", "accounts:settings")


class AccountRequest(HttpRequest):
    """A request inside an account: what `for_account` adds to it."""

    user: Person
    account: Account
    actor: Actor
    rights: frozenset[Right]


@dataclass(frozen=True)
class Belonging:
    """One account of a person, with the role there. `merchants` is None when not limited."""

    account: Account
    role: Role
    merchants: tuple[int, ...] | None

    @property
    def url(self) -> str:
        """The account's first page."""
        return home_of(self.account)

    def actor(self, person: Person, *, is_confirmed: bool = True) -> Actor:
        """The person at work in this account."""
        return Actor(
            account_id=self.account.pk,
            person_id=person.pk,
            role=self.role,
            merchants=self.merchants,
            name=person.name or person.email,
            is_confirmed=is_confirmed,
        )


def belongings(person: Person) -> list[Belonging]:
    """The accounts a person is a member of, by name. One call, outside any account."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select account_id, public_id, name, time_zone, abandon_after_days, created_at, role, merchant_ids"
            " from memberships_of(%s)",
            [person.pk],
        )
        rows = cursor.fetchall()
    return [Belonging(_account(*row[:6]), Role(row[6]), None if row[7] is None else tuple(row[7])) for row in rows]


def _account(pk: int, public_id: UUID, name: str, time_zone: str, abandon_after_days: int, created_at: datetime) -> Account:
    names = ["id", "public_id", "name", "time_zone", "abandon_after_days", "created_at"]
    return Account.from_db("default", names, [pk, public_id, name, time_zone, abandon_after_days, created_at])


def belongings_of(request: HttpRequest) -> list[Belonging]:
    """The signed-in person's accounts, asked once a request."""
    if not hasattr(request, "_belongings"):
        person = request.user
        request._belongings = belongings(person) if isinstance(person, Person) else []  # type: ignore[attr-defined]
    return request._belongings  # type: ignore[attr-defined, no-any-return]


def home_of(account: Account) -> str:
    """The first page of an account."""
    for name in HOMES:
        try:
            return reverse(name, kwargs={"account": account.public_id})
        except NoReverseMatch:
            continue
    raise NoReverseMatch("no account has a first page")


View = Callable[Concatenate[AccountRequest, P], HttpResponseBase]
Wrapped = Callable[..., HttpResponseBase]


@overload
def for_account(view: View[P], /) -> Wrapped: ...
@overload
def for_account(*, transaction: bool) -> Callable[[View[P]], Wrapped]: ...
def for_account(view: View[P] | None = None, /, *, transaction: bool = True) -> Wrapped | Callable[[View[P]], Wrapped]:
    """Let a view serve `/a/<account:account>/…`: signed in, a member of that account, inside its transaction.

    The view receives an AccountRequest and the address's other parts. An account that is not there and one that is not this
    person's are the same 404. With `transaction=False` (a view that talks to a platform) no transaction is open: the view opens
    short ones by `with request.actor.scope():`.
    """
    if view is None:
        return functools.partial(_for_account, transaction=transaction)
    return _for_account(view, transaction=transaction)


def _for_account(view: View[P], *, transaction: bool) -> Wrapped:
    @functools.wraps(view)
    def inside(request: AccountRequest, *args: Any, account: UUID, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        found = next((one for one in belongings_of(request) if one.account.public_id == account), None)
        if found is None:
            raise Http404
        request.account = found.account
        request.actor = found.actor(request.user, is_confirmed=confirming.is_fresh(request))
        request.rights = request.actor.rights
        # Times are shown in the account's zone, by whatever draws the page.
        with timezone.override(found.account.time_zone):
            if not transaction:
                return view(request, *args, **kwargs)
            with request.actor.scope():
                response = view(request, *args, **kwargs)
                # A template answer is rendered by Django after the view: too late for rows that it reads lazily.
                if hasattr(response, "render") and callable(response.render):
                    response = response.render()
                return response

    inside.is_for_account = True  # type: ignore[attr-defined]
    return inside


def requires(right: Right, *, keeps: Sequence[str] = (), asks_first: bool = False) -> Callable[[View[P]], View[P]]:
    """Refuse a view to roles without this right. Stands below `for_account`.

    Where the right is one that a person has to confirm for (`rights.CONFIRMED`), a POST is sent to do so, and the fields in `keeps`
    are there again afterwards (`confirming.kept`); never name a secret. With `asks_first` the page itself is shown only then.
    """

    def decorate(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def checked(request: AccountRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            request.actor.require_role(right)
            if asks_first or request.method not in ("GET", "HEAD"):
                try:
                    request.actor.require(right)
                except NotConfirmed as error:
                    if request.method == "POST" and keeps:
                        confirming.keep(request, keeps)
                    # A page that asks first takes a GET at this very address.
                    raise NotConfirmed(request.get_full_path() if asks_first else error.back) from None
            return view(request, *args, **kwargs)

        checked.required_right = right  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return decorate


def account(request: HttpRequest) -> dict[str, Any]:
    """For templates: `account`, `actor`, `role` and `rights` of the page, `accounts` of the person, `open_sign_up`."""
    actor: Actor | None = getattr(request, "actor", None)
    signed_in = hasattr(request, "user") and hasattr(request, "_belongings")
    return {
        "account": getattr(request, "account", None),
        "actor": actor,
        "role": actor.role.label if actor else "",
        "rights": actor.rights if actor else frozenset(),
        "accounts": belongings_of(request) if signed_in else [],
        "open_sign_up": settings.ACCOUNT_OPEN_SIGN_UP,
    }


class BrokenRules:
    """Middleware: a broken rule that no view answered itself becomes a page, or a notice on the page for HTMX."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """403 for what this person may not, 503 while secrets are locked, else 409, each with its sentence; and who has to
        confirm first is asked to.
        """
        if isinstance(error, NotConfirmed):
            return confirming.ask(request, error)
        if not isinstance(error, RuleBroken):
            return None
        if request.headers.get("HX-Request") == "true":
            messages.error(request, error.message)
            # 409 is what the page's HTMX swaps; the others it drops.
            response = render(request, "ui/_messages.html", status=409)
            response.headers["HX-Retarget"] = "#messages"
            response.headers["HX-Reswap"] = "outerHTML"
            return response
        match error:
            case Forbidden():
                status, title = 403, _("Not yours to do")
            case SecretsLocked():
                status, title = 503, _("Secrets are locked")
            case _:
                status, title = 409, _("That is not possible")
        return render(request, "ui/error.html", {"status": status, "title": title, "what_happened": error.message}, status=status)


__all__ = [
    "AccountRequest",
    "Belonging",
    "BrokenRules",
    "account",
    "belongings",
    "belongings_of",
    "for_account",
    "home_of",
    "requires",
]
