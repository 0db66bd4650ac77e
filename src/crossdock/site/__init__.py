"""Settings, URLs, WSGI, the command line. Wires everything; nothing imports it."""
