"""Lanes, schedules, wake-ups, retry policy. The only package that imports the queue library."""
