"""What comes back or in: returns, as stores know them."""
