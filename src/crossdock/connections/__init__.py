"""Merchants, stores, warehouses, connections, channels: wizard, gateway, effects, webhooks."""
