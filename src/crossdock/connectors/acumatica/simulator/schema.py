"""What the simulated endpoint serves: its entities, their fields and types. Everything else here reads this table.

Field names are Acumatica's (Default 24.200.001). A type is a letter: S text, N decimal, I whole number, F flag, D moment or day, G
guid; `@Name` is a linked entity, `*Name` its detail rows. Text is the usual case and is not written.
"""

from __future__ import annotations

from msgspec import Struct

ENDPOINT = "Default"
VERSIONS = ("20.200.001", "22.200.001", "23.200.001", "24.200.001")

VALUES = {
    "S": "StringValue",
    "N": "DecimalValue",
    "I": "IntValue",
    "F": "BooleanValue",
    "D": "DateTimeValue",
    "G": "GuidValue",
}

_ADDRESS = "AddressLine1 AddressLine2 City Country PostalCode State Validated:F"

ENTITIES: dict[str, str] = {
    "Address": _ADDRESS,
    "DocContact": "Attention BusinessName Email Phone1",
    "ShippingSettings": (
        "CancelByDate:D Canceled:F FOBPoint GroundCollect:F Insurance:F PreferredWarehouseID ResidentialDelivery:F SaturdayDelivery:F "
        "ScheduledShipmentDate:D ShippingRule ShippingTerms ShippingZone ShipSeparately:F ShipVia UseCustomersAccount:F FreightPrice:N"
    ),
    "FinancialSettings": "Branch DueDate:D InvoiceNbr OriginalOrderNbr OriginalOrderType Owner PostPeriod Terms",
    "Totals": "DiscountTotal:N LineTotalAmount:N MiscTotalAmount:N TaxTotal:N Freight:N FreightCost:N OrderWeight:N",
    "SalesOrderDetailAllocation": (
        "Allocated:F AllocWarehouseID Completed:F InventoryID LineNbr:I LocationID LotSerialNbr OrderNbr OrderType Qty:N "
        "QtyOnShipments:N ShipOn:D SplitLineNbr:I UOM"
    ),
    "SalesOrderDetail": (
        "Allocations:*SalesOrderDetailAllocation AlternateID Amount:N Branch Completed:F DiscountAmount:N DiscountPercent:N "
        "ExtendedPrice:N FreeItem:F GiftMessage InventoryID InvoiceNbr InvoiceType LineDescription LineNbr:I LineType LotSerialNbr "
        "MarkForPO:F NoteID:G OpenQty:N Operation OrderQty:N POSource QtyOnShipments:N ReasonCode RequestedOn:D ShipOn:D "
        "ShippingRule UnitPrice:N UOM WarehouseID"
    ),
    "SalesOrderShipment": (
        "InvoiceNbr InvoiceType LastModifiedDateTime:D ShipmentDate:D ShipmentNbr ShipmentType ShippedQty:N Status"
    ),
    "SalesOrder": (
        "Approved:F BaseCurrencyID BillToAddress:@Address BillToAddressOverride:F BillToContact:@DocContact BillToContactOverride:F "
        "Branch ControlTotal:N CreatedDate:D CreditHold:F CurrencyID CurrencyRate:N CustomerID CustomerOrder Date:D Description "
        "Details:*SalesOrderDetail EffectiveDate:D ExternalRef FinancialSettings:@FinancialSettings Hold:F LastModified:D LocationID "
        "NoteID:G OrderedQty:N OrderNbr OrderTotal:N OrderType PaymentMethod Project RequestedOn:D Shipments:*SalesOrderShipment "
        "ShippingSettings:@ShippingSettings ShipToAddress:@Address ShipToAddressOverride:F ShipToContact:@DocContact "
        "ShipToContactOverride:F ShipVia Status TaxTotal:N Totals:@Totals WillCall:F"
    ),
    "ShipToSettings": (
        "ShipToAddress:@Address ShipToAddressOverride:F ShipToContact:@DocContact ShipToContactOverride:F Validated:F"
    ),
    "ShipmentDetailAllocation": "InventoryID LocationID LotSerialNbr OrderNbr OrderType Qty:N SplitLineNbr:I UOM",
    "ShipmentDetail": (
        "Allocations:*ShipmentDetailAllocation Description InventoryID LineNbr:I LocationID LotSerialNbr OpenQty:N OrderedQty:N "
        "OrderLineNbr:I OrderNbr OrderType OriginalQty:N ReasonCode ShippedQty:N UOM WarehouseID"
    ),
    "ShipmentPackageDetail": "InventoryID LotSerialNbr OrigOrderNbr OrigOrderType Quantity:N UOM",
    "ShipmentPackage": (
        "BoxID Confirmed:F CustomRefNbr1 CustomRefNbr2 DeclaredValue:N Description Height:N Length:N LineNbr:I NoteID:G "
        "PackageContents:*ShipmentPackageDetail TrackingNbr Type UOM Weight:N Width:N"
    ),
    "ShipmentOrderDetail": "InvoiceNbr InvoiceType OrderNbr OrderType ShipmentNbr ShipmentType ShippedQty:N",
    "Shipment": (
        "BaseCurrencyID ControlQty:N CreatedDateTime:D CreateNewShipmentForEveryOrder:F CustomerID Description "
        "Details:*ShipmentDetail FOBPoint FreightCost:N FreightCurrencyID FreightPrice:N GroundCollect:F Hold:F Insurance:F "
        "LastModifiedDateTime:D LocationID NoteID:G Operation Orders:*ShipmentOrderDetail OverrideFreightPrice:F PackageCount:I "
        "Packages:*ShipmentPackage PackageWeight:N ResidentialDelivery:F SaturdayDelivery:F ShipmentDate:D ShipmentNbr ShippedQty:N "
        "ShippingSettings:@ShipToSettings ShippingTerms ShipVia Status Type UseCustomersAccount:F WarehouseID"
    ),
    "InventoryItemCrossReference": "AlternateID AlternateType Description UOM",
    "InventoryItemUOMConversion": "ConversionFactor:N FromUOM MultiplyOrDivide ToUOM",
    "StockItemWarehouseDetail": "IsDefault:F QtyOnHand:N Status WarehouseID",
    "StockItem": (
        "BaseUOM CountryOfOrigin CrossReferences:*InventoryItemCrossReference DefaultPrice:N DefaultWarehouseID Description "
        "DimensionWeight:N InventoryID IsAKit:F ItemClass ItemStatus ItemType LastModified:D MSRP:N NoteID:G SalesUOM TariffCode "
        "TemplateItemID UOMConversions:*InventoryItemUOMConversion WarehouseDetails:*StockItemWarehouseDetail WeightUOM"
    ),
    "WarehouseLocation": "Active:F Description LocationID SalesAllowed:F",
    "Warehouse": "Active:F Description Locations:*WarehouseLocation WarehouseID",
    "ShippingBox": "ActiveByDefault:F BoxID BoxWeight:N Description MaxWeight:N",
    "ShipVia": "CarrierID Description",
    "InventoryAdjustmentDetail": "InventoryID LocationID LotSerialNbr Qty:N ReasonCode UOM WarehouseID",
    "InventoryAdjustment": (
        "Date:D Description Details:*InventoryAdjustmentDetail ExternalRef Hold:F LastModifiedDateTime:D ReferenceNbr Status "
        "TotalQty:N"
    ),
    "InventorySummaryRow": (
        "BaseUOM LocationID QtyAvailable:N QtyAvailableForShipment:N QtyNotAvailable:N QtyOnHand:N WarehouseID"
    ),
    "InventorySummaryInquiry": "InventoryID LocationID Results:*InventorySummaryRow WarehouseID",
    "StorageDetail": "InventoryID QtyAvailable:N QtyAvailableforIssue:N QtyHardAvailable:N QtyOnHand:N WarehouseID",
    "StorageDetailsInquiry": "StorageDetails:*StorageDetail WarehouseID",
}


class Top(Struct, frozen=True):
    """A top-level entity: its key fields, the moment of its last change, its actions."""

    keys: tuple[str, ...]
    changed: str | None = None
    actions: tuple[str, ...] = ()
    is_inquiry: bool = False


TOPS: dict[str, Top] = {
    "SalesOrder": Top(
        ("OrderType", "OrderNbr"),
        "LastModified",
        ("CancelSalesOrder", "ReopenSalesOrder", "SalesOrderCreateReceipt", "SalesOrderCreateShipment"),
    ),
    "Shipment": Top(("ShipmentNbr",), "LastModifiedDateTime", ("ConfirmShipment", "CorrectShipment", "PrepareInvoice")),
    "StockItem": Top(("InventoryID",), "LastModified"),
    "Warehouse": Top(("WarehouseID",)),
    "ShippingBox": Top(("BoxID",)),
    "ShipVia": Top(("CarrierID",)),
    "InventoryAdjustment": Top(("ReferenceNbr",), "LastModifiedDateTime", ("ReleaseAdjustment",)),
    "InventorySummaryInquiry": Top((), is_inquiry=True),
    "StorageDetailsInquiry": Top((), is_inquiry=True),
}


class FieldType(Struct, frozen=True):
    """A field's type: `letter` for a value, else `entity` with whether it is detail rows."""

    letter: str = ""
    entity: str = ""
    is_rows: bool = False


def _parsed(text: str) -> dict[str, FieldType]:
    fields = {}
    for word in text.split():
        name, _, kind = word.partition(":")
        if kind[:1] in ("@", "*"):
            fields[name] = FieldType(entity=kind[1:], is_rows=kind[0] == "*")
        else:
            fields[name] = FieldType(letter=kind or "S")
    return fields


FIELDS: dict[str, dict[str, FieldType]] = {name: _parsed(text) for name, text in ENTITIES.items()}
"""Fields by entity and name."""

_SINCE_22 = {
    "ShippingSettings": "FreightPrice",
    "Totals": "Freight FreightCost OrderWeight",
    "SalesOrderDetail": "GiftMessage InvoiceNbr InvoiceType LotSerialNbr NoteID",
    "SalesOrderShipment": "LastModifiedDateTime",
    "SalesOrder": "Branch CreatedDate NoteID WillCall",
    "ShipmentDetailAllocation": "SplitLineNbr",
    "ShipmentPackageDetail": "OrigOrderNbr OrigOrderType",
    "ShipmentPackage": "Height Length LineNbr NoteID Width",
    "Shipment": "FreightPrice NoteID",
    "InventoryItemCrossReference": "UOM",
    "StockItem": "CountryOfOrigin NoteID TariffCode TemplateItemID",
    "InventoryAdjustment": "LastModifiedDateTime",
}
_SINCE_23 = {
    "SalesOrder": "Branch",
    "StorageDetail": "QtyAvailable QtyAvailableforIssue QtyHardAvailable QtyOnHand WarehouseID",
    "InventoryAdjustment": "LastModifiedDateTime",
}


def hidden(version: str) -> dict[str, frozenset[str]]:
    """Fields by entity that a version does not have yet."""
    found: dict[str, set[str]] = {}
    for first, table in (("22", _SINCE_22), ("23", _SINCE_23)):
        if version[:2] < first:
            for entity, names in table.items():
                found.setdefault(entity, set()).update(names.split())
    return {entity: frozenset(names) for entity, names in found.items()}
