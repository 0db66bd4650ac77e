"""Which files of the store's folder are order files, and where their orders are found again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch

from crossdock.connectors.filestore.settings import Settings, listed
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.files import Entry, Folder, is_unfinished
from crossdock.connectors.kit.pickup import Pickup

MONTHS_BACK = 3
"""How many months of the archive are looked through for an order."""

MOST_LOOKED_AT = 2_000
"""Files read to find orders by their ids; those in older files count as gone."""


def pickup_of(files: Folder, settings: Settings, folder: str | None = None) -> Pickup:
    """Takes files from the store's folder, or from another, as the settings say."""
    return Pickup(
        files,
        folder if folder is not None else settings.incoming,
        archive=settings.archive,
        quiet=timedelta(seconds=settings.quiet_seconds if folder is None else 0),
    )


async def waiting(files: Folder, settings: Settings, until: datetime) -> Sequence[Entry]:
    """Order files that were written until a moment, oldest first; those that are still being written by their name are left out."""
    entries = await files.entries(settings.incoming.rstrip("/"))
    return [entry for entry in entries if is_order_file(entry.name, settings) and entry.changed_at <= until]


def is_order_file(name: str, settings: Settings) -> bool:
    """Whether a file is to be read, by its name."""
    wanted = listed(settings.names.casefold())
    return not is_unfinished(name) and (not wanted or any(fnmatch(name.casefold(), one) for one in wanted))


async def newest_first(files: Folder, settings: Settings) -> Sequence[tuple[str, Entry]]:
    """All order files that are still there, with the folder each lies in: those that wait, and the archive of the last months."""
    today = datetime.now(UTC)
    months = [f"{today:%Y/%m}"]
    for _ in range(MONTHS_BACK - 1):
        today = today.replace(day=1) - timedelta(days=1)
        months.append(f"{today:%Y/%m}")
    found: list[tuple[str, Entry]] = []
    for folder in (settings.incoming.rstrip("/"), *(f"{settings.archive.rstrip('/')}/{month}" for month in months)):
        try:
            entries = await files.entries(folder)
        except InvalidData:
            if folder == settings.incoming.rstrip("/"):
                raise
            continue  # no file was archived in that month
        found += [(folder, entry) for entry in entries if is_order_file(entry.name, settings)]
    return sorted(found, key=lambda one: (one[1].changed_at, one[1].name), reverse=True)[:MOST_LOOKED_AT]
