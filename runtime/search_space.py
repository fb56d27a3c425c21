"""The space of a search: every combination of the values that its params may have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

Choice = tuple[tuple[str, str], ...]
"""One combination: the name of each param with its value as a rule file writes it."""


@dataclass(frozen=True, slots=True)
class Space:
    """Params by name, each with the values that may be tried, in their order."""

    values: Mapping[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return prod(len(values) for values in self.values.values())

    def choice(self, places: tuple[int, ...]) -> Choice:
        """Give the combination of the values at these places, one for each param."""
        return tuple((name, values[place]) for (name, values), place in zip(self.values.items(), places, strict=True))

    def at(self, number: int) -> Choice:
        """Give a combination by its number; the last param changes fastest."""
        places = []
        for values in reversed(list(self.values.values())):
            number, place = divmod(number, len(values))
            places.append(place)
        return self.choice(tuple(reversed(places)))

    def __iter__(self) -> Iterator[Choice]:
        for values in product(*self.values.values()):
            yield tuple(zip(self.values, values, strict=True))

    def neighbours(self, choice: Choice) -> list[Choice]:
        """Give the combinations that are one step away in one param."""
        found = []
        for name, value in choice:
            values = self.values[name]
            place = values.index(value)
            for near in (place - 1, place + 1):
                if 0 <= near < len(values):
                    found.append(tuple((each, values[near] if each == name else own) for each, own in choice))
        return found
