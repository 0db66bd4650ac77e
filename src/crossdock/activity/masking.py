"""Hide personal data when an archived exchange is read: by the names of fields, and by what is known of the shopper. Pure."""

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

Hide = Callable[[str], str]
HIDDEN = "•••"

_ALWAYS = frozenset(
    {
        "email", "emailaddress", "customeremail", "contactemail", "phone", "phonenumber", "telephone", "mobile", "fax",
        "firstname", "lastname", "fullname", "middlename", "address1", "address2", "address3", "addressline1", "addressline2",
        "addressline3", "street", "street1", "street2", "street3", "streetaddress", "zip", "zipcode", "postalcode", "postcode",
        "vatid", "taxid", "latitude", "longitude", "formattedarea", "formatted", "clientip", "browserip", "ipaddress",
    }
)  # fmt: skip
"""Names of fields that hold personal data wherever they stand, in small letters without punctuation."""

_OF_A_PERSON = frozenset(
    {"name", "company", "companyname", "contact", "contactname", "attention", "lines", "address", "addresslines"}
)
"""Names that do so only beside an address or below somebody's name: a product has a name, too."""

_ADDRESS = frozenset(
    {"address1", "street", "street1", "zip", "zipcode", "postalcode", "postcode", "city", "countrycode", "lines"}
)
_SOMEBODY = re.compile(r"(ship|bill|deliver|recipient|consignee|customer|buyer|shopper|sender|address|contact|destination)")
_COLUMN = re.compile(r"(name|company|address|street|line\d|phone|mail|zip|postal|postcode|contact|attention)")


def _plain(key: str) -> str:
    return "".join(char for char in key.lower() if char.isalnum())


def with_records(body: bytes, records: Mapping[str, bytes]) -> bytes:
    """A page with its records put back where only pointers were kept; those that are not given stay pointers."""
    for external_id, raw in records.items():
        body = body.replace(json.dumps({"$record": external_id}).encode(), raw)
    return body


def masked(body: bytes, known: Collection[str] = ()) -> str:
    """A body as text without personal data: JSON by its fields, a table by its columns, and everywhere what is `known`.

    JSON comes back laid out with two blanks; anything else as it was, but for what is hidden.
    """
    text = body.decode("utf-8", errors="backslashreplace")
    hide = _hider(known)
    if text.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return hide(text)
        return json.dumps(_mask(value, hide, is_somebody=False), indent=2, ensure_ascii=False)
    return hide(_mask_table(text))


def _hider(known: Collection[str]) -> Callable[[str], str]:
    """Hides what is known of a shopper anywhere in a text, whatever its case. Very short values would hide half of it."""
    values = sorted({value.strip() for value in known if len(value.strip()) >= 4}, key=len, reverse=True)
    if not values:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(value) for value in values), re.IGNORECASE)
    return lambda text: pattern.sub(HIDDEN, text)


def _mask(value: Any, hide: Hide, *, is_somebody: bool) -> Any:
    if isinstance(value, dict):
        keys = {_plain(key) for key in value}
        is_person = is_somebody or len(keys & _ADDRESS) >= 2
        return {key: _mask_field(key, inner, hide, is_person=is_person) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mask(inner, hide, is_somebody=is_somebody) for inner in value]
    if isinstance(value, str):
        # A document inside a text: what GraphQL calls variables, what a queue calls a payload.
        if value[:1] in ("{", "[") and len(value) > 2:
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                return hide(value)
            return json.dumps(_mask(inner, hide, is_somebody=is_somebody), ensure_ascii=False)
        return hide(value)
    return value


def _mask_field(key: str, value: Any, hide: Hide, *, is_person: bool) -> Any:
    name = _plain(key)
    if (name in _ALWAYS or (is_person and name in _OF_A_PERSON)) and not isinstance(value, dict):
        return _hidden(value)
    return _mask(value, hide, is_somebody=bool(_SOMEBODY.search(name)) and isinstance(value, dict | list))


def _hidden(value: Any) -> Any:
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return value if value in (None, "") or isinstance(value, bool) else HIDDEN


def _mask_table(text: str) -> str:
    """Hide the personal columns of delimited text whose first line names them; anything else comes back as it was."""
    first = text.split("\n", 1)[0].rstrip("\r")
    delimiter = max(",;\t|", key=first.count)
    if first.count(delimiter) < 2:
        return text
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return text
    head = [_plain(name) for name in rows[0]]
    personal = {
        at
        for at, name in enumerate(head)
        if name in _ALWAYS or (_SOMEBODY.search(name) and _COLUMN.search(name)) or "mail" in name
    }
    if not personal:
        return text
    for row in rows[1:]:
        for at in personal:
            if at < len(row) and row[at]:
                row[at] = HIDDEN
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(rows)
    return out.getvalue()
