"""Pages made from the code: `python -m crossdock.site.docs` writes them, `--check` fails when one is not what the code says "
"now."""
