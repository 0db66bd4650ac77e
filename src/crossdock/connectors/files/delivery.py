"""Order files for a warehouse: what each is called, which orders share one, and where the warehouse keeps what it took.

How a file is delivered once is the kit's (`kit.parcels`).
"""

from collections.abc import Mapping, Sequence

from crossdock.connectors.files.mapping import file_of
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.parcels import Parcel, Parcels, Sought, parcel
from crossdock.domain.fulfillment import FulfillmentRequest


def name_of(request: FulfillmentRequest, settings: Settings) -> str:
    """The final name of the file that begins with this request: the same in every attempt."""
    stamp = request.intended_at.strftime("%Y%m%d%H%M%S" if settings.stamp == "long" else "%y%m%d%H%M%S")
    return f"ord_{request.reference}_{stamp}.csv"


class Delivery:
    """Sends to and looks up in one folder."""

    def __init__(self, files: Folder, settings: Settings) -> None:
        self._parcels = Parcels(files, settings.incoming, at="warehouse", field="incoming")
        self._settings = settings

    async def send(self, requests: Sequence[FulfillmentRequest], note: Note) -> list[Done | Failed]:
        """Deliver each, once. A file that fails fails its own requests."""
        refused: list[Done | Failed] = []
        parcels = self._files_of(requests, refused)
        return refused + await self._parcels.send(parcels, note)

    async def find(self, requests: Sequence[FulfillmentRequest], evidence: Mapping[str, Mapping[str, str]]) -> list[Found]:
        """Which of these were delivered; finishes a renaming that a crash interrupted."""
        by_name: dict[str, list[FulfillmentRequest]] = {}
        for request in requests:
            name = evidence.get(request.key, {}).get("name") or name_of(request, self._settings)
            by_name.setdefault(name, []).append(request)
        return await self._parcels.find([self._sought(name, some, evidence) for name, some in by_name.items()])

    def _sought(self, name: str, some: Sequence[FulfillmentRequest], evidence: Mapping[str, Mapping[str, str]]) -> Sought:
        first, kept = some[0], self._settings.picked_up.rstrip("/")
        known = evidence.get(first.key, {})
        places = (f"{kept}/{name}", f"{kept}/{first.intended_at:%Y/%m}/{name}")
        return Sought(tuple(each.key for each in some), name, places, known, self._alone(first, known))

    def _alone(self, request: FulfillmentRequest, known: Mapping[str, str]) -> Parcel | None:
        """Without a note: the file as it would be sent alone."""
        try:
            return None if "sha256" in known else self._file((request,))
        except InvalidData:
            return None

    def _files_of(self, requests: Sequence[FulfillmentRequest], refused: list[Done | Failed]) -> list[Parcel]:
        """Files for requests that fit; those that do not are added to `refused` and hold up no other."""
        fit: list[FulfillmentRequest] = []
        for request in requests:
            try:
                file_of([request], self._settings)
            except InvalidData as error:
                refused.append(Failed(request.key, error))
            else:
                fit.append(request)
        step = self._settings.orders_per_file
        return [self._file(tuple(fit[start : start + step])) for start in range(0, len(fit), step)]

    def _file(self, requests: tuple[FulfillmentRequest, ...]) -> Parcel:
        name = name_of(requests[0], self._settings)
        return parcel([request.key for request in requests], name, file_of(requests, self._settings))
