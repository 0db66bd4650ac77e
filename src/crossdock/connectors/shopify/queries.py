"""Every GraphQL document we send. Each validates against the published schema of the version below.

Costs follow from the answer, not from us; the page sizes inside the documents keep a list of fifty orders below the 1,000 points
that one query may cost whatever the plan. What does not fit on a first page is read on by itself, see `MORE_*`.
"""

from functools import cache

from msgspec import Struct

VERSION = "2026-10"
"""The version of the Admin API the documents are written for."""


class Changes(Struct, frozen=True):
    """Changes of one kind in one call: a field that takes one argument, asked for once for each under the aliases v0, v1 and so on.
    Shopify makes them one after the other, and answers for each.
    """

    name: str
    takes: str
    field: str
    most: int

    def document(self, count: int) -> str:
        """The document for so many, at most `most`."""
        return _changes(self, count)


@cache
def _changes(changes: Changes, count: int) -> str:
    given = ", ".join(f"$v{place}: {changes.takes}" for place in range(count))
    fields = "\n".join(f"  v{place}: {changes.field.replace('$', f'$v{place}', 1)}" for place in range(count))
    return f"mutation {changes.name}({given}) {{\n{fields}\n}}"


_MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"

_ADDRESS = "{ name company address1 address2 city provinceCode province zip countryCodeV2 country phone }"

_LINE = f"""fragment Line on LineItem {{
  id name sku quantity currentQuantity unfulfilledQuantity requiresShipping isGiftCard
  originalUnitPriceSet {_MONEY}
  discountAllocations {{ allocatedAmountSet {_MONEY} }}
  taxLines {{ rate priceSet {_MONEY} }}
  customAttributes {{ key value }}
  lineItemGroup {{ id title quantity variantSku }}
  variant {{ id barcode inventoryItem {{ harmonizedSystemCode countryCodeOfOrigin }} }}
  weight {{ unit value }}
}}"""

_FULFILLMENT_ORDER_LINE = "{ id remainingQuantity totalQuantity requiresShipping lineItem { id } }"

_FULFILLMENT_ORDER = f"""fragment Parts on FulfillmentOrder {{
  id status requestStatus fulfillAt fulfillBy
  assignedLocation {{ name location {{ id name fulfillmentService {{ handle serviceName type }} }} }}
  deliveryMethod {{ methodType }}
  fulfillmentHolds {{ reason displayReason reasonNotes }}
  internationalDuties {{ incoterm }}
  lineItems(first: 25) {{ nodes {_FULFILLMENT_ORDER_LINE} pageInfo {{ hasNextPage endCursor }} }}
}}"""

_ORDER = f"""fragment Whole on Order {{
  id legacyResourceId name createdAt processedAt updatedAt cancelledAt cancelReason closed test
  displayFinancialStatus displayFulfillmentStatus currencyCode presentmentCurrencyCode taxesIncluded
  email phone note tags poNumber sourceName
  totalPriceSet {_MONEY}
  subtotalPriceSet {_MONEY}
  totalShippingPriceSet {_MONEY}
  totalTaxSet {_MONEY}
  totalDiscountsSet {_MONEY}
  currentTotalDutiesSet {_MONEY}
  customAttributes {{ key value }}
  shippingAddress {_ADDRESS}
  billingAddress {_ADDRESS}
  shippingLines(first: 3) {{ nodes {{ title code carrierIdentifier source isRemoved }} }}
  lineItems(first: 25) {{ nodes {{ ...Line }} pageInfo {{ hasNextPage endCursor }} }}
  fulfillmentOrders(first: 4) {{ nodes {{ ...Parts }} pageInfo {{ hasNextPage endCursor }} }}
}}
{_LINE}
{_FULFILLMENT_ORDER}"""

ORDERS = f"""query Orders($first: Int!, $after: String, $query: String!) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ ...Whole }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_ORDER}"""
"""Orders of a stretch of time, oldest change first."""

ORDERS_PLACED = """query OrdersPlaced($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: CREATED_AT) {
    nodes { id name createdAt }
    pageInfo { hasNextPage endCursor }
  }
}"""
"""Orders of a stretch of time by their creation, oldest first."""

ORDERS_BY_ID = f"""query OrdersById($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ...Whole }}
}}
{_ORDER}"""
"""Orders by id, as they are now; past the search index, which lags."""

ORDERS_OF_PARTS = f"""query OrdersOfParts($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on FulfillmentOrder {{ id order {{ ...Whole }} }} }}
}}
{_ORDER}"""
"""Orders by the id of one of their fulfillment orders, which is all that some messages name."""

MORE_LINES = f"""query MoreLines($id: ID!, $after: String!) {{
  order(id: $id) {{ lineItems(first: 100, after: $after) {{ nodes {{ ...Line }} pageInfo {{ hasNextPage endCursor }} }} }}
}}
{_LINE}"""

MORE_FULFILLMENT_ORDERS = f"""query MoreFulfillmentOrders($id: ID!, $after: String!) {{
  order(id: $id) {{ fulfillmentOrders(first: 25, after: $after) {{ nodes {{ ...Parts }} pageInfo {{ hasNextPage endCursor }} }} }}
}}
{_FULFILLMENT_ORDER}"""

MORE_FULFILLMENT_ORDER_LINES = f"""query MoreFulfillmentOrderLines($id: ID!, $after: String!) {{
  fulfillmentOrder(id: $id) {{
    lineItems(first: 250, after: $after) {{ nodes {_FULFILLMENT_ORDER_LINE} pageInfo {{ hasNextPage endCursor }} }}
  }}
}}"""

STANDING = """query Standing($sent: [ID!]!) {
  nodes(ids: $sent) {
    ... on Order {
      id
      fulfillmentOrders(first: 4) {
        nodes {
          id status
          supportedActions { action }
          assignedLocation { name location { id name } }
          deliveryMethod { methodType }
          lineItems(first: 25) {
            nodes { id remainingQuantity totalQuantity sku lineItem { id name } }
            pageInfo { hasNextPage }
          }
        }
        pageInfo { hasNextPage }
      }
      fulfillments(first: 5) {
        id status createdAt
        trackingInfo { number company url }
        fulfillmentLineItems(first: 25) { nodes { quantity lineItem { id } } pageInfo { hasNextPage } }
      }
    }
  }
}"""
"""What may still be fulfilled of some orders, and what the shop already counts as shipped of them: read fresh before each shipment.
An order of which this is not all is read by itself."""

SHIPPABLE = """query Shippable($id: ID!, $after: String) {
  order(id: $id) {
    id name cancelledAt
    fulfillmentOrders(first: 10, after: $after) {
      nodes {
        id status requestStatus
        supportedActions { action }
        assignedLocation { name location { id name } }
        deliveryMethod { methodType }
        lineItems(first: 100) {
          nodes { id remainingQuantity totalQuantity sku lineItem { id name } }
          pageInfo { hasNextPage endCursor }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
"""What may still be fulfilled of one order, and where."""

MORE_SHIPPABLE_LINES = """query MoreShippableLines($id: ID!, $after: String!) {
  fulfillmentOrder(id: $id) {
    lineItems(first: 250, after: $after) {
      nodes { id remainingQuantity totalQuantity sku lineItem { id name } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

FULFILLMENTS = """query Fulfillments($id: ID!) {
  order(id: $id) {
    id
    fulfillments(first: 100) {
      id status createdAt
      trackingInfo { number company url }
      fulfillmentLineItems(first: 100) { nodes { quantity lineItem { id } } pageInfo { hasNextPage endCursor } }
    }
  }
}"""
"""What the shop already counts as shipped of one order."""

MORE_FULFILLMENT_LINES = """query MoreFulfillmentLines($id: ID!, $after: String!) {
  fulfillment(id: $id) {
    fulfillmentLineItems(first: 250, after: $after) { nodes { quantity lineItem { id } } pageInfo { hasNextPage endCursor } }
  }
}"""

CREATE_FULFILLMENT = Changes(
    "CreateFulfillment",
    "FulfillmentInput!",
    """fulfillmentCreate(fulfillment: $) {
    fulfillment { id status createdAt trackingInfo { number company url } }
    userErrors { field message }
  }""",
    most=5,
)
"""Few, for each takes the shop half a second and more, and what is cut off has to be looked up."""

UPDATE_TRACKING = """mutation UpdateTracking($id: ID!, $tracking: FulfillmentTrackingInput!) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: false) {
    fulfillment { id status trackingInfo { number company url } }
    userErrors { field message }
  }
}"""

CANCEL_FULFILLMENT = """mutation CancelFulfillment($id: ID!) {
  fulfillmentCancel(id: $id) {
    fulfillment { id status }
    userErrors { field message }
  }
}"""

MOVE = """mutation MoveFulfillmentOrder($id: ID!, $newLocationId: ID!, $lines: [FulfillmentOrderLineItemInput!]) {
  fulfillmentOrderMove(id: $id, newLocationId: $newLocationId, fulfillmentOrderLineItems: $lines) {
    movedFulfillmentOrder { id status assignedLocation { location { id } } }
    userErrors { field message code }
  }
}"""

PROGRESS = """query Progress($those: [ID!]!) {
  nodes(ids: $those) {
    ... on Order {
      id
      fulfillmentOrders(first: 50) { nodes { id status supportedActions { action } assignedLocation { location { id } } } }
    }
  }
}"""
"""Which parts of some orders may be said to be worked on."""

REPORT_PROGRESS = Changes(
    "ReportProgress",
    "ID!",
    """fulfillmentOrderReportProgress(id: $) {
    fulfillmentOrder { id status }
    userErrors { field message code }
  }""",
    most=10,
)

VARIANTS_BY_SKU = """query VariantsBySku($query: String!, $after: String, $location: ID!) {
  productVariants(first: 100, after: $after, query: $query, sortKey: ID) {
    nodes { ...Stocked }
    pageInfo { hasNextPage endCursor }
  }
}
fragment Stocked on ProductVariant {
  id sku requiresComponents
  inventoryItem { id tracked inventoryLevel(locationId: $location) { id isActive quantities(names: ["available"]) { quantity } } }
}"""
"""Variants that may have one of some SKUs, with their stock at a location. Shopify searches words, so others come with them."""

VARIANTS_BY_ID = """query VariantsById($variants: [ID!]!, $location: ID!) {
  nodes(ids: $variants) { ...Stocked }
}
fragment Stocked on ProductVariant {
  id sku requiresComponents
  inventoryItem { id tracked inventoryLevel(locationId: $location) { id isActive quantities(names: ["available"]) { quantity } } }
}"""

SET_STOCK = """mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}"""

ACTIVATE_STOCK = """mutation ActivateStock($item: ID!, $location: ID!, $available: Int!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { id }
    userErrors { field message }
  }
}"""

_VARIANT = """fragment Variant on ProductVariant {
  id sku barcode title price updatedAt requiresComponents inventoryQuantity
  selectedOptions { name value }
  inventoryItem { tracked requiresShipping harmonizedSystemCode countryCodeOfOrigin measurement { weight { unit value } } }
  productVariantComponents(first: 30) { nodes { quantity productVariant { id sku } } pageInfo { hasNextPage endCursor } }
}"""

PRODUCTS = f"""query Products($first: Int!, $after: String, $query: String) {{
  products(first: $first, after: $after, query: $query, sortKey: ID) {{
    nodes {{
      id title status isGiftCard onlineStoreUrl hasOnlyDefaultVariant updatedAt
      variants(first: 20) {{ nodes {{ ...Variant }} pageInfo {{ hasNextPage endCursor }} }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_VARIANT}"""
"""What the shop sells, in the order in which it was made."""

MORE_VARIANTS = f"""query MoreVariants($id: ID!, $after: String!) {{
  product(id: $id) {{ variants(first: 100, after: $after) {{ nodes {{ ...Variant }} pageInfo {{ hasNextPage endCursor }} }} }}
}}
{_VARIANT}"""

ORDERS_WITH_RETURNS = """query OrdersWithReturns($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id updatedAt returns(first: 1) { nodes { id } } refunds(first: 1) { id } }
    pageInfo { hasNextPage endCursor }
  }
}"""
"""Orders of a stretch of time, and whether anything came back or was refunded: a search for that would miss what was canceled."""

_RETURN_LINES = """{
  nodes {
    id quantity returnReasonNote customerNote returnReasonDefinition { name }
    ... on ReturnLineItem { fulfillmentLineItem { lineItem { id sku name } } }
  }
  pageInfo { hasNextPage endCursor }
}"""

_RETURN = f"""fragment Back on Return {{
  id name status createdAt requestApprovedAt closedAt decline {{ reason note }}
  returnLineItems(first: 20) {_RETURN_LINES}
  reverseFulfillmentOrders(first: 2) {{
    nodes {{
      reverseDeliveries(first: 3) {{
        nodes {{ deliverable {{ ... on ReverseDeliveryShippingDeliverable {{ tracking {{ number carrierName url }} }} }} }}
      }}
    }}
  }}
}}"""

_REFUND = """fragment Money on Refund {
  id createdAt note return { id }
  refundLineItems(first: 20) { nodes { id quantity restockType lineItem { id sku name } } pageInfo { hasNextPage endCursor } }
}"""

RETURNS_OF = f"""query ReturnsOf($few: [ID!]!) {{
  nodes(ids: $few) {{
    ... on Order {{
      id name updatedAt
      returns(first: 3) {{ nodes {{ ...Back }} pageInfo {{ hasNextPage endCursor }} }}
      refunds(first: 10) {{ ...Money }}
    }}
  }}
}}
{_RETURN}
{_REFUND}"""

ALL_REFUNDS = f"""query AllRefunds($id: ID!) {{
  order(id: $id) {{ refunds(first: 250) {{ ...Money }} }}
}}
{_REFUND}"""
"""For orders with more refunds than are read with others: this list has no pages."""

MORE_REFUND_LINES = """query MoreRefundLines($id: ID!, $after: String!) {
  refund(id: $id) {
    refundLineItems(first: 100, after: $after) {
      nodes { id quantity restockType lineItem { id sku name } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

MORE_RETURNS = f"""query MoreReturns($id: ID!, $after: String!) {{
  order(id: $id) {{ returns(first: 10, after: $after) {{ nodes {{ ...Back }} pageInfo {{ hasNextPage endCursor }} }} }}
}}
{_RETURN}"""

MORE_RETURN_LINES = f"""query MoreReturnLines($id: ID!, $after: String!) {{
  return(id: $id) {{ returnLineItems(first: 100, after: $after) {_RETURN_LINES} }}
}}"""

WHO = """query Who {
  shop { id name myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
}"""

LOCATION = """query OneLocation($id: ID!) {
  location(id: $id) { id name isActive }
}"""

SAMPLE = """query Sample {
  orders(first: 5, sortKey: UPDATED_AT, reverse: true) {
    nodes { id requiresShipping shippingAddress { name address1 city } }
  }
}"""
"""The newest orders' addresses: whether the shop lets us see whom to ship to."""

LOCATIONS = """query Locations($after: String) {
  locations(first: 100, after: $after, includeLegacy: true) {
    nodes { id name isActive }
    pageInfo { hasNextPage endCursor }
  }
}"""

SERVICES = """query Services {
  shop { fulfillmentServices { handle serviceName type } }
}"""

WEBHOOKS = """query Webhooks($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri format }
    pageInfo { hasNextPage endCursor }
  }
}"""

CREATE_WEBHOOK = """mutation CreateWebhook($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id topic uri }
    userErrors { field message }
  }
}"""

DELETE_WEBHOOK = """mutation DeleteWebhook($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}"""


def documents() -> dict[str, str]:
    """Every document by its name here, those of several changes at their largest."""
    return {
        name: value.document(value.most) if isinstance(value, Changes) else value
        for name, value in globals().items()
        if name.isupper() and name[0] != "_" and (isinstance(value, Changes) or (isinstance(value, str) and "{" in value))
    }
