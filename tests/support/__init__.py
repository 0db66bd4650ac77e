"""What tests stand on: a database, reference material, a browser."""
