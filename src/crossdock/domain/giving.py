"""Which connection ships a line: the location's link, else the store's default. Pure; every line gets one answer or none."""

from collections.abc import Mapping, Sequence

from msgspec import Struct


class Candidate(Struct, frozen=True):
    """A connection that may be given lines. `is_live` false: its lines wait."""

    id: int
    is_live: bool
    is_default: bool


def connection_for(location: str, *, candidates: Sequence[Candidate], links: Mapping[str, int]) -> Candidate | None:
    """The one connection of a line; None while nobody said which.

    A link of the line's location decides, whether that connection is live or not: it must not go elsewhere meanwhile. Without one it
    is the default connection, or the only one there is.
    """
    by_id = {candidate.id: candidate for candidate in candidates}
    if location and location in links:
        return by_id.get(links[location])
    default = next((candidate for candidate in candidates if candidate.is_default), None)
    if default is not None:
        return default
    return candidates[0] if len(candidates) == 1 else None
