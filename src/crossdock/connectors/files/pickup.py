"""Which of the warehouse's files are taken, and how their rows are read."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.files import Entry, Folder, is_unfinished
from crossdock.connectors.kit.pickup import Pickup, Whole
from crossdock.formats.delimited import BadRow, Reader, Row, TooManyFaults

UNENDED = (
    "The last line of {} has no line break, so the file may be cut. Send it again; if the warehouse always "
    "writes files this way, say so in the settings."
)


def pickup_of(files: Folder, settings: Settings) -> Pickup:
    """Takes files from the warehouse's folder as the settings say."""
    return Pickup(
        files,
        settings.outgoing,
        archive=settings.archive,
        quiet=timedelta(seconds=settings.quiet_seconds),
        unended=None if settings.last_line_open else UNENDED,
    )


async def waiting(files: Folder, settings: Settings, prefix: str) -> Sequence[Entry]:
    """Files of one kind, oldest first; those that are still being written by their name are left out."""
    return [entry for entry in await files.entries(settings.outgoing.rstrip("/")) if _is_of(prefix, entry.name)]


def rows_of(file: Whole, settings: Settings) -> Iterator[Row | BadRow]:
    """A file's rows, understood as the settings say; where quotes are broken all over, a bad row says where reading stopped."""
    reader = Reader(delimiter=settings.separator, encoding=settings.encoding)
    try:
        yield from reader.feed(file.content)
        yield from reader.close()
    except TooManyFaults as error:
        yield BadRow(error.line, "Reading stopped here: the quotes of this file do not pair.", b"")


def _is_of(prefix: str, name: str) -> bool:
    lower = name.casefold()
    return lower.startswith(f"{prefix}_") and lower.endswith(".csv") and not is_unfinished(name)
