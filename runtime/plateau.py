"""Whether the best of a search stands among others that are nearly as good, or alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

NEARLY = 0.75


@dataclass(frozen=True, slots=True)
class Plateau:
    """The best score, and those of the combinations one step away; None is one that has no score."""

    best: float
    neighbours: tuple[float | None, ...]

    @property
    def middle(self) -> float | None:
        """The median of the neighbours; one without a score counts as the worst."""
        scored = [score for score in self.neighbours if score is not None]
        if not scored:
            return None
        worst = min(scored)
        return median(worst if score is None else score for score in self.neighbours)

    @property
    def alone(self) -> bool:
        """Whether the neighbours lose more than a quarter of the best score."""
        middle = self.middle
        return middle is None or self.best - middle > (1 - NEARLY) * abs(self.best)

    def told(self) -> str:
        """Say it in a sentence."""
        if not self.neighbours:
            return "It has no neighbours, so nothing can be said about what lies around it."
        if self.middle is None:
            return "It stands alone: one step away nothing was traded."
        around = f"the median one step away is {self.middle:.2f}, its own score {self.best:.2f}"
        highest = max(score for score in self.neighbours if score is not None)
        if highest > self.best:
            return f"It is not the top: {around}, and one of them reaches {highest:.2f}. More trials would find better."
        if self.alone:
            return f"It stands alone: {around}. Such a peak is likely to be luck."
        return f"It stands on a plateau: {around}."


def plateau_of(best: float, neighbours: Sequence[float | None]) -> Plateau:
    """Put the best score beside those of its neighbours."""
    return Plateau(best, tuple(neighbours))
