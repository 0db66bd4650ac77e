"""What stores sell: listings by SKU, as each store knows them."""
