"""Where a platform is reached and in which realm: the operator's configuration decides, once for the whole process."""

import os
from functools import cache
from pathlib import Path

from crossdock.connectors.kit.declaration import App, Connector
from crossdock.connectors.kit.door import Door, door_for
from crossdock.connectors.kit.opening import Target, resolve_base_url
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.settings import ConnectorSettings, fields_of


def target_of(connector: Connector, settings: ConnectorSettings) -> Target:
    """The address and realm of these settings as the operator's configuration has them now. Raises InvalidData."""
    return resolve_base_url(connector, settings, os.environ)


def realm_of(connector: Connector) -> str:
    """The realm that new stores and warehouses of a platform get."""
    return "sandbox" if os.environ.get(f"CROSSDOCK_BASE_URL__{connector.key.upper()}", "").strip() else "live"


def destination_of(connector: Connector, settings: ConnectorSettings) -> str:
    """What secrets are bound to: the address and every setting that decides where they are sent."""
    base = target_of(connector, settings).base_url if connector.base_url else None
    parts = [f"{spec.name}={getattr(settings, spec.name)}" for spec in fields_of(connector.settings) if spec.is_address]
    return " ".join([base or "", *parts])


def door_of(realm: str) -> Door:
    """The door of a realm, made anew only when its configuration changes."""
    configured = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith(CONFIGURES_DOORS)))
    return _door(realm, configured)


CONFIGURES_DOORS = ("CROSSDOCK_BASE_URL__", "CROSSDOCK_ALLOW_NETWORKS", "CROSSDOCK_PUBLIC_URL")


@cache
def _door(realm: str, configured: tuple[tuple[str, str], ...]) -> Door:
    return door_for(realm, dict(configured))


def sandbox_authority() -> Path | None:
    """The sandbox's made-up certificate authority, trusted in the sandbox realm alone."""
    path = os.environ.get("CROSSDOCK_SANDBOX_CA", "")
    return Path(path) if path else None


def folder_roots(account_public_id: str) -> tuple[Path, ...]:
    """Below which folders an account's local folders lie, in the operator's order; none when the operator allows none."""
    roots = filter(None, os.environ.get("CROSSDOCK_FOLDERS", "").split(os.pathsep))
    return tuple(Path(root) / account_public_id for root in roots)


def app_of(connector: Connector) -> App | None:
    """The app this installation has at a platform: `CROSSDOCK_APP__SHOPIFY=client id:client secret`. None where it has none."""
    client_id, _, secret = os.environ.get(f"CROSSDOCK_APP__{connector.key.upper()}", "").strip().partition(":")
    return App(client_id, Secret(secret)) if client_id and secret else None


def with_app(connector: Connector, settings: ConnectorSettings) -> ConnectorSettings:
    """Settings as a platform is opened with: the installation's app filled in where they name none. Never stored."""
    app = app_of(connector)
    if connector.oauth is None or app is None:
        return settings
    filled: ConnectorSettings = connector.oauth.with_app(settings, app)
    return filled
