"""Privacy requests: what is asked about personal data, by platforms and by people here, and what is done about it."""
