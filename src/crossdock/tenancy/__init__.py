"""Account scope in the database: the base of every tenant row, its policies, and how work gets there."""
