"""Statements that are run all the time: planned once for each connection, their values sent beside them and not inside."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def run(statement: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement in the open transaction; its rows, if it returns any. Raises as Django's cursors do.

    The database keeps its plan and is sent the values in binary where they are marked `%b`. A value needs a cast where its place
    does not say of what type it is.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, values, prepare=True)
        return cursor.fetchall() if cursor.description is not None else []


def run_many(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement once for each row, without waiting for each. Raises as Django's cursors do."""
    if rows:
        connection.ensure_connection()
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            cursor.executemany(statement, rows)
