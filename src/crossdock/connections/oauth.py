"""Signing in at a platform in the browser: begun by a person for a draft or a store, ended once, by the same person and browser."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from msgspec import Struct

from crossdock.accounts import vault
from crossdock.accounts.models import Person
from crossdock.accounts.rights import Actor
from crossdock.accounts.vault import SealContext
from crossdock.connections import checking
from crossdock.connections.models import SignInState
from crossdock.connections.realms import app_of, destination_of, target_of
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.connectors.kit.tokens import Tokens
from crossdock.domain.errors import RuleBroken

LIVES = timedelta(minutes=10)
KEPT_FOR = timedelta(days=1)


class NotOurs(RuleBroken):
    """A way back from a platform that nobody here set out on: used, too old, of another browser or person."""


class Purpose(Struct, frozen=True):
    """What the tokens are for: a wizard's draft, or a store or warehouse that is here. `side` is store or warehouse."""

    side: str
    draft: str = ""
    site: str = ""


class Carried(Struct, frozen=True):
    """What was typed for a store that is here already and is not stored until its sign-in worked. The secrets travel sealed, and so
    does `back`, the token of the credential link it was typed into.
    """

    name: str = ""
    raw: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    back: str = ""


class _Sealed(Struct, frozen=True):
    """What of a sign-in under way is encrypted: typed secrets by field, and temporary credentials as (token, secret)."""

    secrets: dict[str, str] = {}
    asked: tuple[str, str] | None = None
    back: str = ""


class Begun(Struct, frozen=True):
    """A state that was redeemed: it cannot be used again. `asked` are the temporary credentials of platforms that want some."""

    account_id: int
    platform: str
    purpose: Purpose
    destination: str
    client_id: str
    redirect_uri: str
    realm: str
    carried: Carried
    asked: Tokens | None = None


def redirect_uri(connector: Connector) -> str:
    """The one exact address a platform leads back to."""
    return f"{django_settings.PUBLIC_URL.rstrip('/')}{reverse('connections:oauth_callback', kwargs={'platform': connector.key})}"


def cookie_name() -> str:
    """The cookie that binds a sign-in to this browser."""
    return "__Host-platform-sign-in" if django_settings.SESSION_COOKIE_SECURE else "platform-sign-in"


def ask(actor: Actor, connector: Connector, settings: ConnectorSettings) -> Tokens | None:
    """Get the temporary credentials that OAuth 1.0a asks for consent with; None elsewhere. Outside transactions.

    Counts as a test of the account, for it calls the platform. Raises ConnectorError, or RuleBroken for too many in a minute.
    """
    if connector.oauth is None or connector.oauth.request is None:
        return None
    checking.count(actor.account_id)
    return checking.run(checking.ask_consent(connector, settings, app_of(connector), redirect_uri(connector)))


def begin(
    actor: Actor,
    connector: Connector,
    settings: ConnectorSettings,
    purpose: Purpose,
    carried: Carried | None = None,
    asked: Tokens | None = None,
    *,
    link_id: int | None = None,
) -> tuple[str, str]:
    """Write down that this person sets out; the platform's address and the state for the cookie. In the account's transaction.

    `asked` is what `ask` gave. Whoever sets out from a credential link is no person here: `link_id` stands for them. Raises
    ConnectorError when the settings do not suffice: no shop, no app.
    """
    if connector.oauth is None or (actor.person_id is None) is (link_id is None):
        raise RuleBroken(_("{platform} has no sign-in in the browser.").format(platform=connector.name))
    target = target_of(connector, settings)
    back = redirect_uri(connector)
    state = secrets.token_urlsafe(32)
    app = app_of(connector)
    more = {"asked": asked} if connector.oauth.request is not None else {}
    address = connector.oauth.authorize(settings, app, back, state, base_url=target.base_url, **more)
    SignInState.objects.filter(created_at__lt=datetime.now(UTC) - KEPT_FOR).delete()
    destination = destination_of(connector, settings)
    sealed = None
    if carried is not None or asked is not None:
        typed = carried or Carried()
        held = _Sealed(typed.secrets, _plain(asked) if asked is not None else None, typed.back)
        sealed = vault.seal(actor.account_id, "secrets", _context(state, target.realm, destination), msgspec.json.encode(held))
    SignInState.objects.create(
        account_id=actor.account_id,
        state_hash=_hash(state),
        sealed=sealed,
        person_id=actor.person_id,
        link_id=link_id,
        platform=connector.key,
        draft={
            "side": purpose.side,
            "draft": purpose.draft,
            "site": purpose.site,
            "destination": destination,
            "client_id": _client_id(connector, settings),
            "name": carried.name if carried else "",
            "raw": carried.raw if carried else {},
        },
        redirect_uri=back,
        realm=target.realm,
    )
    return address, state


def bind(response: HttpResponse, state: str) -> None:
    """Tie the sign-in to this browser. Lax, since the way back comes from another site."""
    response.set_cookie(
        cookie_name(),
        state,
        max_age=int(LIVES.total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=django_settings.SESSION_COOKIE_SECURE,
    )


def answered(request: HttpRequest) -> Mapping[str, str]:
    """What came back: the query of the platform's call, or the form in which a person typed the platform's code."""
    return (request.POST if request.method == "POST" else request.GET).dict()


def account_of(request: HttpRequest, person: Person, connector: Connector) -> int:
    """The account that the state in the answer belongs to. Raises NotOurs unless cookie, state, row and person agree."""
    state = _of_this_browser(request, connector)
    with connection.cursor() as cursor:
        cursor.execute("select account_id from account_of_sign_in(%s, %s)", [_hash(state), person.pk])
        row = cursor.fetchone()
    if row is None:
        raise _stale()
    return int(row[0])


def link_of(request: HttpRequest, connector: Connector) -> tuple[int, int] | None:
    """(account, link) where the answer belongs to a sign-in that was begun from a credential link; None for all others.

    Raises NotOurs for one that was begun from a link in another browser.
    """
    with connection.cursor() as cursor:
        cursor.execute("select account_id, link_id from link_of_sign_in(%s)", [_hash(_state(request, connector))])
        row = cursor.fetchone()
    if row is None:
        return None
    _of_this_browser(request, connector)
    return int(row[0]), int(row[1])


def _of_this_browser(request: HttpRequest, connector: Connector) -> str:
    """The state in the answer. Raises NotOurs unless this browser's cookie holds the same."""
    state = _state(request, connector)
    kept = request.COOKIES.get(cookie_name(), "")
    if not state or not kept or not constant_time_compare(state, kept):
        raise NotOurs(
            _("This sign-in was not begun in this browser. Go back to the store you were setting up and choose Authorize again.")
        )
    return state


def redeem(
    request: HttpRequest, person: Person | None, connector: Connector, account_id: int, *, link_id: int | None = None
) -> Begun:
    """Use the state up, before anything is exchanged: that of a person, or of a credential link. In the account's transaction.

    Raises NotOurs.
    """
    state = _state(request, connector)
    with connection.cursor() as cursor:
        cursor.execute(
            "update sign_in_state set used_at = clock_timestamp()"
            " where state_hash = %s and person_id is not distinct from %s and link_id is not distinct from %s and platform = %s"
            " and used_at is null and created_at > clock_timestamp() - make_interval(secs => %s) returning id",
            [_hash(state), person.pk if person is not None else None, link_id, connector.key, LIVES.total_seconds()],
        )
        row = cursor.fetchone()
    if row is None:
        raise _stale()
    begun = SignInState.objects.get(pk=row[0])
    held = begun.draft
    sealed = _Sealed()
    if begun.sealed is not None:
        context = _context(state, begun.realm, held.get("destination", ""))
        sealed = msgspec.json.decode(vault.unseal(account_id, "secrets", context, bytes(begun.sealed)), type=_Sealed)
        SignInState.objects.filter(pk=begun.pk).update(sealed=None)
    return Begun(
        account_id,
        begun.platform,
        Purpose(held.get("side", ""), held.get("draft", ""), held.get("site", "")),
        held.get("destination", ""),
        held.get("client_id", ""),
        begun.redirect_uri,
        begun.realm,
        Carried(held.get("name", ""), held.get("raw", {}), sealed.secrets, sealed.back),
        Tokens(Secret(sealed.asked[0]), Secret(sealed.asked[1])) if sealed.asked is not None else None,
    )


def finish(connector: Connector, settings: ConnectorSettings, begun: Begun, query: Mapping[str, str]) -> Tokens:
    """Check the answer and trade its code for tokens, at the address of the settings, never of the query. Outside transactions.

    Raises ConnectorError, or NotOurs when the settings lead elsewhere than when the person set out.
    """
    if connector.oauth is None or query.get("error"):
        raise NotOurs(_("{platform} was not given access. Choose Authorize to try again.").format(platform=connector.name))
    target = target_of(connector, settings)
    if (destination_of(connector, settings), _client_id(connector, settings), target.realm) != (
        begun.destination,
        begun.client_id,
        begun.realm,
    ):
        raise NotOurs(_("The settings were changed after you chose Authorize. Choose it again."))
    app = app_of(connector)
    connector.oauth.verify(settings, app, query)
    # OAuth 1.0a calls its code a verifier, and names the token it belongs to.
    if begun.asked is not None and query.get("oauth_token", "") not in ("", begun.asked.access.reveal()):
        raise _stale()
    code = query.get("code") or query.get("oauth_verifier", "")
    return checking.run(checking.trade(connector, settings, app, code, begun.redirect_uri, begun.asked))


def _state(request: HttpRequest, connector: Connector) -> str:
    """The state in the answer; that of this browser where the platform gave none back and is known to do so."""
    given = answered(request)
    if "state" not in given and connector.oauth is not None and not connector.oauth.returns_state:
        return request.COOKIES.get(cookie_name(), "")
    return given.get("state", "")


def _client_id(connector: Connector, settings: ConnectorSettings) -> str:
    app = app_of(connector)
    return str(getattr(settings, "client_id", "") or "") or (app.client_id if app else "")


def _context(state: str, realm: str, destination: str) -> SealContext:
    return SealContext(realm, "sign_in", _hash(state).hex(), "secrets", destination)


def _plain(tokens: Tokens) -> tuple[str, str]:
    return tokens.access.reveal(), tokens.refresh.reveal() if tokens.refresh is not None else ""


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()


def _stale() -> NotOurs:
    return NotOurs(_("This sign-in was used already or is older than ten minutes. Choose Authorize again."))
