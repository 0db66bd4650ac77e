"""Statements that are run all the time: their values are sent beside them and not inside, and plans may be kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def run(statement: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement in the open transaction, planned for these values; its rows, if it returns any. Raises as Django's cursors do.

    Values are sent in binary where they are marked `%b`. A value needs a cast where its place does not say of what type it is.
    """
    return _run(statement, values, keeps_plan=False)


def run_kept(statement: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """As `run`; the database keeps its plan for this connection.

    For statements that write rows or find a few by their keys: one plan is right for every value, and however the tables grow. What
    counts or joins sets is planned each time, since a plan from when they were small would stay until their statistics are renewed.
    """
    return _run(statement, values, keeps_plan=True)


def _run(statement: str, values: Mapping[str, Any] | Sequence[Any], *, keeps_plan: bool) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, values, prepare=keeps_plan)
        return cursor.fetchall() if cursor.description is not None else []
