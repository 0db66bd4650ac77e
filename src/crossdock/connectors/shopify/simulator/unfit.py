"""A record that cannot be taken in."""


class Unfit(ValueError):
    """`field` is the platform's name of the part at fault, `reason` a sentence."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
