"""Pages of merchants, stores, warehouses and the connections between them. Views translate; services and queries decide."""
