"""What the wizard asks for a file exchange."""

from crossdock.connectors.kit.folder_settings import FOLDER_PATH, FolderSettings
from crossdock.connectors.kit.settings import Zone, setting


class Settings(FolderSettings):
    """A partner's folder, and how the files in it are written. One login or folder holds one merchant's files."""

    incoming: str = setting(
        "Folder to the warehouse", "Order files are put here.", default="/in", group="import", pattern=FOLDER_PATH
    )
    outgoing: str = setting(
        "Folder from the warehouse",
        "Shipment and stock files are read here.",
        default="/out",
        group="import",
        pattern=FOLDER_PATH,
    )
    archive: str = setting(
        "Archive",
        "Files that were read are moved here, one folder a month.",
        default="/out/archive",
        group="import",
        pattern=FOLDER_PATH,
    )
    picked_up: str = setting(
        "Warehouse's own archive",
        "Where the warehouse puts order files it has taken, if it keeps them. Crossdock looks there for files that are gone.",
        default="/in/archive",
        group="import",
        pattern=FOLDER_PATH,
    )
    order_version: int = setting(
        "Order file version",
        "2 adds the customer's e-mail address, 3 the facility. The warehouse says which one it reads.",
        choices=(("1", "1"), ("2", "2: with e-mail"), ("3", "3: with e-mail and facility")),
        default=2,
        group="import",
        ge=1,
        le=3,
    )
    default_method: str = setting(
        "Usual shipping method",
        "Written for orders that name none, in the warehouse's own words. Leave it empty, and such orders wait for you instead.",
        default="",
        group="import",
        placeholder="Ground",
        max_length=80,
    )
    orders_per_file: int = setting(
        "Orders in one file",
        "1 unless the warehouse takes several: then one order it refuses may hold up the others in the file.",
        default=1,
        group="import",
        ge=1,
        le=1000,
    )
    stamp: str = setting(
        "Date in file names",
        "How the moment is written at the end of an order file's name.",
        choices=(("short", "260131235959"), ("long", "20260131235959")),
        default="short",
        group="import",
        pattern="^(short|long)$",
    )
    encoding: str = setting(
        "Encoding",
        "UTF-8 unless names with accents arrive garbled.",
        choices=(("utf-8", "UTF-8"), ("cp1252", "Windows (CP1252)"), ("latin-1", "Latin-1")),
        default="utf-8",
        group="import",
        pattern="^(utf-8|cp1252|latin-1)$",
    )
    delimiter: str = setting(
        "Delimiter",
        "What stands between two values.",
        choices=((",", "Comma"), (";", "Semicolon"), ("tab", "Tab"), ("|", "Pipe")),
        default=",",
        group="import",
        pattern=r"^(,|;|tab|\|)$",
    )
    quiet_seconds: int = setting(
        "Seconds a file must be at rest",
        "Files the warehouse is still writing are left alone. 0 when it renames finished files, or writes them in one go.",
        default=20,
        group="import",
        ge=0,
        le=3600,
    )
    last_line_open: bool = setting(
        "The last line may lack its line break",
        "Off: such a file counts as cut, and is not read until it is whole.",
        default=False,
        group="import",
    )
    slash_dates: str = setting(
        "Dates like 01/02/2026",
        "2026-02-01 and 20260201 are always understood. Dates with slashes only when you say which comes first.",
        choices=(("refuse", "Refuse them"), ("mdy", "Month first"), ("dmy", "Day first")),
        default="refuse",
        group="import",
        pattern="^(refuse|mdy|dmy)$",
    )
    time_zone: Zone = setting(
        "Time zone of the warehouse", "For ship dates without one.", default="UTC", group="import", placeholder="America/New_York"
    )
    weight_unit: str = setting(
        "Weights are in",
        "The unit of the weight column.",
        choices=(("lb", "Pounds"), ("oz", "Ounces"), ("kg", "Kilograms"), ("g", "Grams")),
        default="lb",
        group="import",
        pattern="^(lb|oz|kg|g)$",
    )
    stock_meaning: str = setting(
        "The stock figure means",
        "What the second column of a stock file without a header says.",
        choices=(("available", "Available: free to sell"), ("on_hand", "On hand: in the building")),
        default="available",
        group="import",
        pattern="^(available|on_hand)$",
    )
    address_length: int = setting(
        "Longest address line",
        "Characters the warehouse takes; 0 when it names no limit.",
        default=0,
        group="import",
        ge=0,
        le=200,
    )
    source_code: str = setting(
        "Source code",
        "A short code for where the orders are from, if the warehouse wants one.",
        default="",
        group="import",
        max_length=40,
    )
    facility: str = setting(
        "Facility",
        "The warehouse's number for the building, for version 3.",
        default="",
        group="import",
        shown_when=("order_version", ("3",)),
        max_length=40,
    )
    billing: str = setting(
        "Freight is paid by",
        "Used where an order does not say.",
        choices=(("prepaid", "The sender"), ("collect", "The receiver"), ("third_party", "A third party")),
        default="prepaid",
        group="import",
        pattern="^(prepaid|collect|third_party)$",
    )
    code_prepaid: str = setting(
        "Code for the sender pays", "As the warehouse reads it.", default="P", group="import", max_length=10
    )
    code_collect: str = setting(
        "Code for the receiver pays", "As the warehouse reads it.", default="C", group="import", max_length=10
    )
    code_third_party: str = setting(
        "Code for a third party pays", "As the warehouse reads it.", default="T", group="import", max_length=10
    )

    @property
    def inside(self) -> tuple[str, ...]:
        return (self.incoming, self.outgoing)

    @property
    def separator(self) -> str:
        """The delimiter as a character."""
        return "\t" if self.delimiter == "tab" else self.delimiter
