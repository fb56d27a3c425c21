"""What a search that is kept says of the values that it found best for a book."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """How far the best of a search can be trusted.

    `deflated` is the probability that it is more than luck after so many trials; `plateau` is the median score one
    step beside it as a part of its own. None stands where that has no meaning.
    """

    search: str
    trials: int
    deflated: float | None
    plateau: float | None
