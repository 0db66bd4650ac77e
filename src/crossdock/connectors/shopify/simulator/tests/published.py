"""The platform's whole published schema, read once a process: it takes seconds."""

import gzip
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

PUBLISHED = "specs/shopify/admin-2026-10.graphql.gz"


@cache
def published(reference: Path) -> GraphQLSchema:
    """The schema of 2026-10. Not validated: a few of its own types break rules of the specification."""
    text = gzip.decompress((reference / PUBLISHED).read_bytes()).decode()
    return build_schema(text, assume_valid=True, no_location=False)
