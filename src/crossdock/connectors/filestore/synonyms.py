"""Column names that carts commonly write, so that a plain file needs no mapping.

Names are compared by their letters and digits alone: “Ship To - Address 1”, `shipTo.address1` and `SHIP_TO_ADDRESS_1` are one.
Of several columns that could fill a field, the one named earlier in its row below wins, then the one further left.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

_PARTS = {
    "name": "name fullname contact contactname recipientname customername attention attn",
    "first_name": "firstname first givenname forename fname",
    "last_name": "lastname last surname familyname lname",
    "company": "company companyname organization organisation business businessname",
    "address1": "address1 addressline1 street1 streetline1 line1 addr1 address street streetaddress",
    "address2": "address2 addressline2 street2 streetline2 line2 addr2",
    "address3": "address3 addressline3 street3 streetline3 line3 addr3",
    "city": "city town locality",
    "region": "regioncode statecode provincecode region state province stateprovince stateorprovince county",
    "postal_code": "postalcode zip zipcode postcode postal",
    "country": "countrycode countryiso2 countryiso country countryname",
    "phone": "phone phonenumber telephone tel mobile",
    "email": "email emailaddress mail",
}

_ORDER = {
    "number": "ordernumber number orderno ordernum ordernr salesordernumber documentnumber incrementid orderid order "
    "orderreference orderref ordercode",
    "placed_at": "placedat dateplaced placedon placed orderdate orderedat ordereddate orderdatetime createdat datecreated created "
    "creationdate purchasedate date",
    "status": "orderstatus status",
    "currency": "currency currencycode ordercurrency",
    "email": "email customeremail emailaddress buyeremail contactemail customeremailaddress",
    "phone": "phone customerphone telephone buyerphone phonenumber",
    "customer_po": "customerpo customerponumber ponumber purchaseordernumber purchaseorder po customerreference yourreference",
    "method": "shippingmethod shipmethod shippingmethodname shippingmethodtitle deliverymethod shipvia shippingoption "
    "requestedshippingmethod",
    "carrier": "carrier shippingcarrier carriername carriercode",
    "service": "servicelevel shippingservice servicecode service",
    "grand_total": "grandtotal ordertotal totalprice totalamount totalinctax orderamount amounttotal total",
    "subtotal": "subtotal ordersubtotal itemstotal merchandisetotal",
    "shipping_total": "shippingtotal shippingcost shippingamount shippingprice shippingcharge shippingcharges shippingfee freight "
    "freightamount postage shipping",
    "tax_total": "taxtotal totaltax ordertax taxamount taxes vattotal vat tax",
    "discount_total": "discounttotal totaldiscount orderdiscount discountamount discounts discount",
    "packing_slip_note": "packingslipnote customernote customernotes ordernotes ordernote notes note comments comment remarks "
    "customermessage specialinstructions deliveryinstructions shippinginstructions instructions",
    "warehouse_note": "warehousenote internalnote internalnotes staffnote staffnotes",
    "gift_message": "giftmessage giftnote",
    "ship_not_before": "shipnotbefore shipafter startshipdate requestedshipdate earliestshipdate shipdate",
    "ship_by": "shipby shipbydate latestshipdate duedate requireddate",
    "cancel_after": "cancelafter canceldate cancelbydate cancelby",
    "tags": "tags labels",
}

_LINE = {
    "external_id": "lineid lineitemid orderlineid orderitemid itemid linenumber lineno",
    "sku": "sku itemsku productsku variantsku itemnumber itemno itemcode productcode partnumber stockcode articlenumber",
    "name": "itemname productname producttitle itemtitle itemdescription productdescription title description",
    "quantity": "quantity qty qtyordered quantityordered orderedquantity orderedqty orderqty itemquantity units",
    "quantity_shipped": "quantityshipped qtyshipped shippedquantity shippedqty quantityfulfilled fulfilledquantity",
    "quantity_canceled": "quantitycanceled quantitycancelled qtycanceled qtycancelled canceledquantity quantityrefunded qtyrefunded "
    "refundedquantity",
    "unit_price": "unitprice itemprice priceeach priceperunit price",
    "discount": "linediscount itemdiscount",
    "tax": "linetax itemtax",
    "uom": "uom unitofmeasure unit",
    "barcode": "barcode upc ean gtin",
    "note": "linenote linenotes itemnote itemnotes",
    "location": "location warehouse fulfillmentlocation",
    "hs_code": "hscode tariffcode harmonizedcode",
    "origin": "countryoforigin origin",
}

_LINE_ALONE = {
    "external_id": "id number position line",
    "sku": "code item product",
    "name": "name",
    "discount": "discount discountamount",
    "tax": "tax taxamount vat",
    "note": "note notes comment",
}
"""What a name means inside a line element, or after a word such as “Line item”, where it could mean something else on the order."""

_SHIP = (
    "shippingaddress",
    "shiptoaddress",
    "deliveryaddress",
    "shipto",
    "deliverto",
    "shipping",
    "delivery",
    "recipient",
    "ship",
)
_BILL = ("billingaddress", "billtoaddress", "invoiceaddress", "billto", "invoiceto", "billing", "invoice", "bill")
_ITEM = ("lineitem", "orderline", "orderitem", "lines", "line", "items", "item", "product")

_BESIDE = 100
"""Added where a name only probably means the field."""


class Guess(Struct, frozen=True):
    """A field that a name may stand for. The lower the rank, the surer; `is_beside`: only where nothing is named as the address."""

    field: str
    rank: int
    is_beside: bool = False


def _table(words: Mapping[str, str], prefix: str = "") -> dict[str, list[tuple[str, int]]]:
    table: dict[str, list[tuple[str, int]]] = {}
    for field, names in words.items():
        for rank, name in enumerate(names.split()):
            table.setdefault(name, []).append((f"{prefix}{field}", rank))
    return table


_PART_TABLE, _ORDER_TABLE = _table(_PARTS), _table(_ORDER)
_LINE_TABLE, _ALONE_TABLE = _table(_LINE, "line."), _table(_LINE_ALONE, "line.")


def plain(name: str) -> str:
    """A name by which names are compared: its letters and digits in any script, small."""
    return re.sub(r"[\W_]", "", name.casefold())


@lru_cache(maxsize=4096)
def guesses(path: str, in_line: bool, is_flat: bool) -> tuple[Guess, ...]:
    """What a column or path may stand for. `is_flat`: order and line stand in one row, as in CSV."""
    words = [word for part in re.split(r"[./]", path) if (word := plain(re.sub(r"\[\d+\]", "", part)).removesuffix("text"))]
    if not words:
        return ()
    if in_line:
        return _of_line(words, is_alone=True)
    tails = ["".join(words[start:]) for start in range(len(words))]
    whole = tails[0]
    found = [Guess(field, rank) for field, rank in _ORDER_TABLE.get(whole, ())]
    if found:
        return tuple(found)
    for prefixes, role in ((_SHIP, "ship_to"), (_BILL, "bill_to")):
        if found := _address(tails, prefixes, role):
            return tuple(found)
    if is_flat:
        prefix = next((one for one in _ITEM if whole.startswith(one) and len(whole) > len(one)), "")
        line = _of_line([whole], is_alone=False) or (_of_line([whole.removeprefix(prefix)], is_alone=True) if prefix else ())
        if line:
            return line
    named = any(word.startswith((*_SHIP, *_BILL)) for word in words)
    if not named:
        for tail in tails[1:]:
            if table := _ORDER_TABLE.get(tail):
                return tuple(Guess(field, rank + _BESIDE) for field, rank in table)
    parts = [] if named else [(part, rank) for tail in tails for part, rank in _PART_TABLE.get(tail, ())]
    return tuple(Guess(f"ship_to.{part}", rank + _BESIDE, is_beside=True) for part, rank in parts[:1])


def _address(tails: Sequence[str], prefixes: Sequence[str], role: str) -> list[Guess]:
    for tail in tails:
        for prefix in prefixes:
            rest = (
                tail.removeprefix(prefix)
                if tail.startswith(prefix)
                else tail.removesuffix(prefix)
                if tail.endswith(prefix)
                else ""
            )
            if rest and rest in _PART_TABLE:
                return [Guess(f"{role}.{part}", rank) for part, rank in _PART_TABLE[rest]]
    return []


def _of_line(words: Sequence[str], *, is_alone: bool) -> tuple[Guess, ...]:
    for start in range(len(words)):
        tail = "".join(words[start:])
        for candidate in (tail, *(tail.removeprefix(one) for one in _ITEM if is_alone and tail.startswith(one))):
            if table := _LINE_TABLE.get(candidate):
                return tuple(Guess(field, rank) for field, rank in table)
            if is_alone and (table := _ALONE_TABLE.get(candidate)):
                return tuple(Guess(field, rank + _BESIDE) for field, rank in table)
    return ()


def could_be(field: str, paths: Sequence[str], *, is_flat: bool) -> list[str]:
    """All columns or paths of an order that surely may stand for a field."""
    return [path for path in paths if any(one.field == field and one.rank < _BESIDE for one in guesses(path, False, is_flat))]


def assign(paths: Sequence[str], line_paths: Sequence[str], *, is_flat: bool) -> dict[str, str]:
    """The best column or path for each field that any of them may stand for."""
    best: dict[str, tuple[int, int, str]] = {}
    candidates = [
        (guess, place, path)
        for place, (path, in_line) in enumerate([*((one, False) for one in paths), *((one, True) for one in line_paths)])
        for guess in guesses(path, in_line, is_flat)
    ]
    has_address = any(guess.field.startswith("ship_to.") and not guess.is_beside for guess, _, _ in candidates)
    for guess, place, path in candidates:
        if guess.is_beside and has_address:
            continue
        if guess.field not in best or (guess.rank, place) < best[guess.field][:2]:
            best[guess.field] = (guess.rank, place, path)
    return {field: path for field, (_, _, path) in best.items()}
