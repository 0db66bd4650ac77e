"""Close the session at a platform that counts them, when a store goes or is signed in anew. A failure is logged, and stops nobody."""

from functools import partial

import structlog
from django.db import transaction

from crossdock.connections import checking, gateway
from crossdock.connections.credentials import OwnerKind
from crossdock.connections.gateway import Site
from crossdock.connections.models import Store, Warehouse
from crossdock.connectors.kit.capabilities import SignsOut
from crossdock.connectors.kit.errors import ConnectorError

log = structlog.get_logger(__name__)


def session_of(kind: OwnerKind, row: Store | Warehouse) -> Site | None:
    """The session of a store or warehouse as it is stored, to be ended after it was changed; None where there is none to close."""
    if not gateway.platform_named(row.platform).can(SignsOut):
        return None
    try:
        site = gateway.load_site(kind, row.pk)
    except ConnectorError as error:
        log.warning("session.left_open", kind=kind, id=row.pk, message=error.message)
        return None
    return site if site.tokens is not None else None


def end(session: Site | None) -> None:
    """Close it once the open transaction is committed: what is rolled back goes on with it."""
    if session is not None:
        transaction.on_commit(partial(_end, session), robust=True)


def _end(session: Site) -> None:
    if session.tokens is None:
        return
    try:
        checking.sign_out(session.connector, session.settings, session.tokens, account_public_id=session.account_public_id)
    except (ConnectorError, TimeoutError) as error:
        log.warning("session.left_open", kind=session.kind, id=session.id, message=str(error))
