"""What is asked for by name, in as many calls as addresses are long: names stand in them, and servers cut what is too long."""

from collections.abc import Callable, Iterator, Sequence


def batches(
    names: Sequence[str], *, characters: int, most: int | None = None, length: Callable[[str], int] = len
) -> Iterator[list[str]]:
    """Names in their order, in lists of at most so many characters with one between each, and at most so many names.

    A name that is too long by itself stands alone. `length` tells what a name takes in the address, where it is encoded there.
    """
    batch: list[str] = []
    size = 0
    for name in names:
        taken = length(name) + 1
        if batch and (size + taken > characters + 1 or len(batch) == most):
            yield batch
            batch, size = [], 0
        batch.append(name)
        size += taken
    if batch:
        yield batch
