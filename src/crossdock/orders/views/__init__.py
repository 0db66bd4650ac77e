"""The pages of orders: the list, one order, what people do with them, exchanges, statuses, what was not understood."""
