"""Sales orders: received, given to connections, followed, held, released, canceled."""
