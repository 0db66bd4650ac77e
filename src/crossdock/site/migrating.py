"""Bring a database up to date: roles, extension, migrations, lanes that are new. Runs in a process of its own."""

import os

from crossdock.site import roles
from crossdock.site.db import connection_settings
from crossdock.site.environment import Refused, database_urls

# One of many machines that start together migrates; the others wait for it and then find nothing to do.
LOCK = "select pg_advisory_lock(hashtext('crossdock migrate'))"


def migrate(*, verbosity: int = 0) -> None:
    """Apply all migrations as the owner. Django must not be set up yet. Raises Refused."""
    urls = database_urls()
    if urls is None:
        raise Refused("there is no database: set DATABASE_URL, or start one with `crossdock up`")
    if urls.owner is None:
        raise Refused("migrations need the owner's login: set DATABASE_OWNER_URL")
    login = connection_settings(urls.app, role=None)["USER"]
    with roles.connect(urls.owner) as connection:
        connection.execute(LOCK)
        if not urls.is_embedded:
            roles.prepare(urls.owner, app_login=None if urls.is_single else login or None)
        roles.extensions(urls.owner)
        _apply(verbosity)


def _apply(verbosity: int) -> None:
    os.environ["CROSSDOCK_MIGRATING"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crossdock.site.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", database="owner", interactive=False, verbosity=verbosity)
    from crossdock.connections.standing import open_missing_lanes

    # A version may bring lanes that what is at work already should have.
    open_missing_lanes(using="owner")
