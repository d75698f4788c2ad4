"""The smallest change by which an item would pass its neighbour, found by ranking again and not by a formula."""

from __future__ import annotations

from collections.abc import Callable


class OutOfTime(Exception):
    """The search for a change was stopped before it was found."""


def smallest(
    swaps: Callable[[int], bool], most: int, *, steps: int = 1, stop: Callable[[], bool] = lambda: False
) -> int | None:
    """The smallest amount that swaps two items, where more of it never undoes the swap.

    Where the most of it does, doubles until it swaps, then halves the rest: about twice the logarithm of the answer in
    rankings. The amount that is returned swapped them, and one step less did not.

    Args:
        swaps: ranks anew with an amount, in steps; true where the two have changed places.
        most: steps that are worth trying.
        steps: where to begin.
        stop: asked before each ranking.

    Returns:
        steps, or ``None`` where ``most`` does not do it.

    Raises:
        OutOfTime: it was stopped.
    """

    def tried(amount: int) -> bool:
        if stop():
            raise OutOfTime
        return swaps(amount)

    if not tried(most):
        return None
    low, high = 0, min(steps, most)
    while high < most and not tried(high):
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        if tried(middle):
            high = middle
        else:
            low = middle
    return high
