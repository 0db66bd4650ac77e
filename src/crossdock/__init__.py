"""The open order-fulfillment hub."""
