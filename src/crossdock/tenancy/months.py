"""The months of the tables that are kept by age."""

from django.db import connection


def make_months() -> int:
    """Make the partitions of this month and the next three where they are missing, fenced; how many were made.

    For a daily job, outside any account. Rows of a month that was never made wait in the default partition.
    """
    with connection.cursor() as cursor:
        cursor.execute("select make_months()")
        return int(cursor.fetchone()[0])
