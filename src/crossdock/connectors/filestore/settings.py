"""What the wizard asks for a store that is reached through files."""

import re
from datetime import UTC, datetime
from typing import Any

from pydantic import field_validator

from crossdock.connectors.filestore.outgoing_columns import BadColumns, columns_of
from crossdock.connectors.filestore.plan import BadMapping, plan_of
from crossdock.connectors.kit.folder_settings import FOLDER_PATH, FolderSettings
from crossdock.connectors.kit.settings import ConnectorSettings, StoreSettings, Zone, setting

_FORMATS = (("csv", "CSV"), ("json", "JSON"), ("xml", "XML"))


class Reading(ConnectorSettings):
    """How order files are understood: all that a sample file needs to be shown as orders."""

    mapping: str = setting(
        "Mapping",
        "One line for each field that is not found by its column's name: number = Order #. Two columns with | between them: the first "
        'that is not empty. Text in quotes is taken as it stands: currency = "USD". For JSON and XML write paths: '
        "ship_to.city = customer.address.city. Needed are number, line.sku and line.quantity. Try it on a sample file below.",
        default="",
        group="import",
        long=True,
        max_length=20_000,
    )
    format: str = setting(
        "Format of order files",
        "By itself: by the file's ending, else by how it begins.",
        choices=(("auto", "By itself"), *_FORMATS),
        default="auto",
        group="import",
        pattern="^(auto|csv|json|xml)$",
    )
    encoding: str = setting(
        "Encoding",
        "By itself: UTF-8, or what the byte order mark says. Another one when names with accents arrive garbled.",
        choices=(
            ("auto", "By itself"),
            ("utf-8", "UTF-8"),
            ("utf-16", "UTF-16"),
            ("cp1252", "Windows, Western Europe"),
            ("cp1250", "Windows, Central Europe"),
            ("cp1251", "Windows, Cyrillic"),
            ("shift_jis", "Shift JIS"),
            ("gb18030", "GB 18030"),
        ),
        default="auto",
        group="import",
        pattern="^(auto|utf-8|utf-16|cp1252|cp1250|cp1251|shift_jis|gb18030)$",
    )
    delimiter: str = setting(
        "Delimiter",
        "What stands between two values of a CSV file.",
        choices=(("auto", "By itself"), (",", "Comma"), (";", "Semicolon"), ("tab", "Tab"), ("|", "Pipe")),
        default="auto",
        group="import",
        pattern=r"^(auto|,|;|tab|\|)$",
    )
    skip_rows: int = setting(
        "Rows above the header",
        "How many rows of a CSV file stand above the one with the column names.",
        default=0,
        group="import",
        ge=0,
        le=100,
    )
    orders_path: str = setting(
        "Path to the orders",
        "Where the list of orders stands in JSON, and the order element in XML: data.orders, Orders/Order. Empty: it is looked for.",
        default="",
        group="import",
        max_length=200,
    )
    lines_path: str = setting(
        "Path to the lines",
        "Where an order's lines stand in JSON or XML, from the order on: line_items, Items/Item. Empty: it is looked for.",
        default="",
        group="import",
        max_length=200,
    )
    number_style: str = setting(
        "Numbers are written",
        "A comma is taken only when you say what it means.",
        choices=(("plain", "1234.50"), ("point", "1,234.50"), ("comma", "1.234,50")),
        default="plain",
        group="import",
        pattern="^(plain|point|comma)$",
    )
    date_order: str = setting(
        "Dates like 01/02/2026",
        "2026-02-01 and 1 Feb 2026 are always understood. These only when you say which comes first.",
        choices=(("refuse", "Refuse them"), ("mdy", "Month first"), ("dmy", "Day first")),
        default="refuse",
        group="import",
        pattern="^(refuse|mdy|dmy)$",
    )
    date_pattern: str = setting(
        "Date pattern",
        "For dates of another form: year, month and day as %Y, %m and %d, hour and minute as %H and %M. Usually empty.",
        default="",
        group="import",
        placeholder="%d.%m.%y %H:%M",
        max_length=60,
    )
    time_zone: Zone = setting(
        "Time zone of the store", "For dates without one.", default="UTC", group="import", placeholder="America/New_York"
    )
    currency: str = setting(
        "Currency",
        "Of orders that name none.",
        default="USD",
        group="import",
        placeholder="USD",
        pattern="^[A-Z]{3}$",
    )
    statuses: str = setting(
        "Statuses to import",
        "Where files have a status: only these, with commas between. Others are kept as Skipped. Empty: all.",
        default="",
        group="import",
        placeholder="paid, processing",
        max_length=400,
    )
    status_canceled: str = setting(
        "Statuses that mean canceled",
        "An order that comes again with one of these is canceled.",
        default="canceled, cancelled, void, voided",
        group="import",
        max_length=400,
    )
    status_hold: str = setting(
        "Statuses that mean wait",
        "An order with one of these is kept On Hold until it comes again without.",
        default="on hold, on-hold, hold",
        group="import",
        max_length=400,
    )

    @field_validator("mapping")
    @classmethod
    def _is_a_mapping(cls, text: str) -> str:
        try:
            plan_of(text)
        except BadMapping as error:
            raise ValueError(str(error)) from error
        return text

    @field_validator("date_pattern")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        moment = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
        try:
            is_whole = not pattern or datetime.strptime(moment.strftime(pattern), pattern).month == 1  # noqa: DTZ007
        except (ValueError, re.error):  # the same part twice is an error of the expression it is turned into
            is_whole = False
        if not is_whole:
            raise ValueError("This pattern does not hold a date. Example: %d.%m.%Y %H:%M")
        return pattern


class Settings(Reading, FolderSettings, StoreSettings):
    """A cart's folder: order files come from it, shipment and stock files go into it."""

    incoming: str = setting(
        "Folder with orders", "The store puts order files here.", default="/orders", group="import", pattern=FOLDER_PATH
    )
    names: str = setting(
        "Names of order files",
        "Only files with such names are read; * stands for anything. Several with commas between. Empty: all.",
        default="",
        group="import",
        placeholder="orders_*.csv",
        max_length=200,
    )
    archive: str = setting(
        "Archive",
        "Files that were read are moved here, one folder a month.",
        default="/orders/archive",
        group="import",
        pattern=FOLDER_PATH,
    )
    quiet_seconds: int = setting(
        "Seconds a file must be at rest",
        "Files the store is still writing are left alone. 0 when it renames finished files, or writes them in one go.",
        default=20,
        group="import",
        ge=0,
        le=3600,
    )
    outgoing: str = setting(
        "Folder for the store",
        "Shipment and stock files are put here.",
        default="/shipments",
        group="import",
        pattern=FOLDER_PATH,
    )
    taken: str = setting(
        "Store's own archive",
        "Where the store puts files it has taken, if it keeps them. Crossdock looks there for files that are gone.",
        default="/shipments/archive",
        group="import",
        pattern=FOLDER_PATH,
    )
    out_format: str = setting(
        "Format of files for the store",
        "Of shipment and stock files.",
        choices=_FORMATS,
        default="csv",
        group="import",
        pattern="^(csv|json|xml)$",
    )
    shipment_columns: str = setting(
        "Columns of shipment files",
        "One line for each column, in order: Tracking Number = tracking_number. Text in quotes is written as it stands. Empty: all "
        "fields under their own names.",
        default="",
        group="import",
        long=True,
        max_length=4_000,
    )
    shipments_per_file: int = setting(
        "Shipments in one file",
        "What left at the same time shares a file, up to so many shipments. 1 when the store takes only one.",
        default=100,
        group="import",
        ge=1,
        le=1000,
    )
    stock_columns: str = setting(
        "Columns of stock files",
        "As above, of the fields sku, quantity, location and updated_at. Empty: all of them.",
        default="",
        group="import",
        long=True,
        max_length=4_000,
    )
    stock_locations: str = setting(
        "Stock locations",
        "The store's places that keep stock, as it calls them, with commas between. Empty: there is only one.",
        default="",
        group="import",
        placeholder="Reno, Memphis",
        max_length=400,
    )

    @field_validator("shipment_columns")
    @classmethod
    def _are_shipment_columns(cls, text: str) -> str:
        return _checked(text, "shipment")

    @field_validator("stock_columns")
    @classmethod
    def _are_stock_columns(cls, text: str) -> str:
        return _checked(text, "stock")

    @property
    def inside(self) -> tuple[str, ...]:
        return (self.incoming, self.outgoing)

    def keeps_orders_known(self, before: Any) -> bool:
        """See `StoreSettings`. That the number is mapped at last, which was found by its name, is no other number."""
        then, now = plan_of(before.mapping), plan_of(self.mapping)
        if "external_id" in then or "external_id" in now:
            return then.get("external_id") == now.get("external_id")
        return "number" not in then or then["number"] == now.get("number")

    def places(self) -> tuple[str, ...]:
        """The stock locations, in the order typed."""
        return listed(self.stock_locations)


def listed(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _checked(text: str, kind: str) -> str:
    try:
        columns_of(text, kind)
    except BadColumns as error:
        raise ValueError(str(error)) from error
    return text
