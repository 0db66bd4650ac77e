"""The slice of the platform's GraphQL schema that the simulator serves, written by us and compared with the published one."""

from functools import cache
from importlib.resources import files

from graphql import GraphQLSchema, build_schema


@cache
def schema() -> GraphQLSchema:
    """The schema, built once a process."""
    text = files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8")
    return build_schema(text)
