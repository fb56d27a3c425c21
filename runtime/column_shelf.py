"""Columns kept by content, so that many runs over the same candles compute each of them once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
LARGEST_BYTES = 256 * 1024 * 1024
BYTES_PER_VALUE = 32


class ColumnShelf:
    """What was computed from one set of market data, by series and expression; the least used goes when it is full.

    It is for histories that hold exactly these candles: one that takes in another candle stops using it. Nothing on it
    may be changed in place. `computed` counts what had to be worked out, `taken` what was there.
    """

    def __init__(self, largest_bytes: int = LARGEST_BYTES) -> None:
        self.computed = 0
        self.taken = 0
        self._largest = largest_bytes
        self._bytes = 0
        self._held: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Give what belongs to a key; it is computed where it isn't there."""
        if key in self._held:
            self.taken += 1
            self._held.move_to_end(key)
            held: T = self._held[key]
            return held
        self.computed += 1
        value = compute()
        self._put(key, value)
        return value

    def _put(self, key: Hashable, value: Any) -> None:
        # What is computed on the way may have been put here meanwhile.
        self._bytes += _size(value) - _size(self._held.get(key, ()))
        self._held[key] = value
        while self._bytes > self._largest and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            self._bytes -= _size(dropped)


def _size(value: Any) -> int:
    return BYTES_PER_VALUE * len(value)
