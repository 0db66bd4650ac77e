"""Stock reported by warehouses, published to stores."""
