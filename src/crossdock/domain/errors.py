"""Broken business rules: what a person asked for and may not have, or a record that breaks a promise."""


class RuleBroken(Exception):
    """A rule of the trade forbids this. `message` is a sentence for the person who asked, and says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
