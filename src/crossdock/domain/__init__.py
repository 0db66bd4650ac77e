"""Orders, shipments, stock, money: values and the rules about them. Plain Python."""
