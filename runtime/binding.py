"""Where the names in an expression get their values from: one book's view, the histories of candles, the moment."""

from collections.abc import Callable, Mapping
from math import fsum, isnan
from statistics import fmean

from rules.language.evaluate import Value
from rules.language.typed import SinceEntry, Typed
from runtime.fact import Fact
from runtime.view import View

FOLDS: Mapping[str, Callable[[list[float]], float]] = {
    "highest": max,
    "lowest": min,
    "mean": fmean,
    "sum_last": fsum,
    "count_last": fsum,
}


class ViewBinder:
    """Binds the leaves of expressions to one view; a leaf's symbol is its own where it names one."""

    def __init__(self, view: View, facts: Mapping[str, Fact]) -> None:
        self._view = view
        self._facts = facts

    def fact(self, name: str, symbol: str) -> Callable[[], Value]:
        """A reader of a fact's value."""
        read, view = self._facts[name].read, self._view
        return lambda: read(view, symbol)

    def age(self, name: str, symbol: str) -> Callable[[], int | None]:
        """A reader of the milliseconds since the moment that a fact speaks of; unknown when there was none."""
        moment, view, clock = self._facts[name].moment, self._view, self._view.board.moment
        assert moment is not None

        def read() -> int | None:
            at_ms = moment(view, symbol)
            return None if at_ms is None else clock.now_ms - at_ms

        return read

    def series(self, leaf: Typed, symbol: str) -> Callable[[], float | bool | None]:
        """A reader of a series at the last finished candle."""
        return self._view.histories.reader(leaf, self._view.market, symbol, self._view.book.timeframe)

    def window_since_entry(self, window: SinceEntry, symbol: str) -> Callable[[], float | None]:
        """A reader of a function over the bars since the position was opened; unknown while there is none."""
        view = self._view

        def read() -> float | None:
            opened_ms = view.position(symbol).opened_ms
            if opened_ms is None:
                return None
            history = view.histories.history(view.market, symbol, view.book.timeframe)
            values = [float(value) for value in history.window(window.operand, opened_ms) if value is not None]
            return FOLDS[window.function](values) if values and not any(map(isnan, values)) else None

        return read

    def now_ms(self) -> Callable[[], int]:
        """A reader of the time of the event being processed."""
        clock = self._view.board.moment
        return lambda: clock.now_ms

    def symbols(self) -> tuple[str, ...]:
        """The book's symbols that have a price."""
        return self._view.book.symbols
