"""Finished candles, and whatever is computed from them without a look ahead."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rules.language.columns import to_polars
from rules.language.indicators import INDICATORS
from rules.language.typed import Column, Fact, IndicatorCall, Series, Typed, unselected
from rules.language.units import Unit
from rules.language.vocabulary import PERPETUAL
from runtime.column_shelf import ColumnShelf
from runtime.events import Candle
from runtime.indicators import compute
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, Key

T = TypeVar("T")
Row = tuple[int, int, float, float, float, float, float]
Value = float | bool | None
Numbers = NDArray[np.float64]
Values = Numbers | list[bool | None]
"""Numbers with NaN for unknown, or conditions with None for unknown."""
Reader = Callable[[], Value]
Choice = tuple[str, str]
"""A symbol and a timeframe."""

NAMES = tuple(CANDLE_SCHEMA)
open_ms, close_ms = itemgetter(0), itemgetter(1)


class _Held:
    """An expression and what it came to: `values` begin with None for "no row yet" and are empty when out of date."""

    __slots__ = ("column", "expression", "values")

    def __init__(self, expression: Typed) -> None:
        self.expression = expression
        self.column: Values | None = None
        self.values: list[Value] = []

    def forget(self) -> None:
        self.column = None
        self.values = []


class History:
    """Finished candles of one market, symbol and timeframe, and the columns computed from them.

    Candles that are known beforehand are preloaded; they stay invisible until each is appended, which then costs next
    to nothing. An appended candle that isn't the preloaded one discards what was preloaded after it. With `keep`, only
    about that many of the newest candles stay; it has to cover what the expressions look back on.
    """

    def __init__(
        self, market: Market, symbol: str, timeframe: str, keep: int | None = None, among: "Histories | None" = None
    ) -> None:
        self.market, self.symbol, self.timeframe = market, symbol, timeframe
        self.length = 0
        self.keep = keep
        self._among = Histories(keep) if among is None else among
        self._rows: list[Row] = []
        self._arrays: dict[str, NDArray[np.generic]] = {}
        self._held: dict[str, _Held] = {}
        self._listeners: list[History] = []

    @property
    def last(self) -> Candle | None:
        """The last visible candle."""
        if not self.length:
            return None
        return Candle(self.market, self.symbol, self.timeframe, *self._rows[self.length - 1])

    @property
    def close_ms_last(self) -> int | None:
        """When the last visible candle closed."""
        return self._rows[self.length - 1][1] if self.length else None

    @property
    def closes_ms(self) -> NDArray[np.generic]:
        """When each candle closes, preloaded ones included."""
        return self._array("close_ms")

    # ── candles come in ──────────────────────────────────────────────────────────────────────────────────────────────

    def preload(self, candles: pl.DataFrame) -> None:
        """Take candles that will be appended later; those up to the last visible one are left out.

        `candles` has the columns of `CANDLE_SCHEMA`. Raises ValueError with a sentence when they aren't in order.
        """
        self.take(self.rows_of(candles))

    def begin(self, candles: pl.DataFrame) -> None:
        """Take candles from before those that are visible, and show them; of those of one moment the visible one stays.

        It is for a history that nothing has looked at yet. `candles` is as for `preload`.
        """
        visible = self._rows[: self.length]
        first_ms = visible[0][0] if visible else None
        self._rows = [row for row in self.rows_of(candles) if first_ms is None or row[0] < first_ms] + visible
        self.length = len(self._rows)
        self._forget()

    def rows_of(self, candles: pl.DataFrame) -> list[Row]:
        """Give candles as rows; raises ValueError with a sentence when they aren't in order."""
        if (
            not candles["open_ms"].is_sorted()
            or candles["open_ms"].has_nulls()
            or candles["open_ms"].is_duplicated().any()
        ):
            raise ValueError(f"Candles of {self._name} are expected in order of open_ms, each once; sort them first.")
        return candles.select(pl.col(name).cast(kind) for name, kind in CANDLE_SCHEMA.items()).rows()

    def take(self, rows: list[Row]) -> None:
        """Take rows in order that will be appended later; those up to the last visible one are left out."""
        del self._rows[self.length :]
        seen = bisect_right(rows, self._rows[-1][0], key=open_ms) if self._rows else 0
        self._rows += rows[seen:]
        self._forget()

    def advance_to(self, at_ms: int) -> None:
        """Make every preloaded candle visible that has closed by a moment."""
        self.length = max(self.length, bisect_right(self._rows, at_ms, key=close_ms))

    def go_back_to(self, at_ms: int) -> None:
        """Hide every candle that has closed after a moment."""
        self.length = bisect_right(self._rows, at_ms, 0, self.length, key=close_ms)

    def expects(self, opens_ms: NDArray[np.int64]) -> bool:
        """Whether the candles that open at these moments are the next ones that were preloaded."""
        preloaded = self._array("open_ms")[self.length : self.length + len(opens_ms)]
        return np.array_equal(preloaded, opens_ms)

    def advance(self, count: int) -> None:
        """Make the next preloaded candles visible."""
        self.length += count

    def append(self, candle: Candle) -> None:
        """Make a finished candle visible; one that corrects or completes what is visible takes its place in it."""
        row = (candle.open_ms, candle.close_ms, candle.open, candle.high, candle.low, candle.close, candle.volume)
        rows, at = self._rows, self.length
        if at < len(rows) and rows[at] == row:
            self.length = at + 1
        else:
            self._take(row)

    def _take(self, row: Row) -> None:
        """Let in a candle that isn't the next preloaded one."""
        rows, at = self._rows, self.length
        place = bisect_left(rows, row[0], key=open_ms)
        if place < len(rows) and rows[place] == row:
            if place < at:
                return
            del rows[at:place]
            self.length = at + 1
        else:
            place = min(place, at)
            corrected = place < at and rows[place][0] == row[0]
            rows[place:] = [row, *rows[place + corrected : at]]
            self.length = len(rows)
        self._trim()
        self._forget()

    def _trim(self) -> None:
        """Drop the oldest candles, many at once so that it is seldom."""
        if self.keep is not None and self.length > self.keep + max(self.keep // 8, 64):
            surplus = self.length - self.keep
            del self._rows[:surplus]
            self.length -= surplus

    def _forget(self) -> None:
        """Put out of date what was computed from these candles, here and in histories that looked at them."""
        self._among.shelf = None
        concerned = [self]
        for history in concerned:
            history._arrays.clear()
            for held in history._held.values():
                held.forget()
            concerned += [listener for listener in history._listeners if listener not in concerned]

    # ── columns go out ───────────────────────────────────────────────────────────────────────────────────────────────

    def column(self, leaf: Typed) -> Values:
        """Give the values at every row, preloaded ones included; each depends on its row and those before it only."""
        return self._column(self._hold(leaf))

    def reader(self, leaf: Typed) -> Reader:
        """Give a quick question for the value at the last visible row, for good.

        Of another symbol or timeframe, the last candle that is visible there counts.
        """
        home = self._home(leaf)
        if home is not self:
            return home.reader(unselected(leaf))
        held = self._hold(leaf)

        def read() -> Value:
            try:
                return held.values[self.length]
            except IndexError:
                held.values = self._kept(held, "values", lambda: _listed(self._column(held)))
                return held.values[self.length]

        return read

    def window(self, what: Typed | str, from_ms: int) -> Values:
        """Give the values at the visible candles that closed after a moment; `what` may name a candle column."""
        first = bisect_right(self._rows, from_ms, 0, self.length, key=close_ms)
        column = self._numbers(what) if isinstance(what, str) else self.column(what)
        return column[first : self.length]

    def _hold(self, expression: Typed) -> _Held:
        return self._held.setdefault(expression.key, _Held(expression))

    def _column(self, held: _Held) -> Values:
        if held.column is None:
            held.column = self._kept(held, "column", lambda: self._computed(held.expression))
        return held.column

    def _kept(self, held: _Held, what: str, compute: Callable[[], T]) -> T:
        """Take from the shelf what an earlier run over the same candles computed."""
        shelf = self._among.shelf
        if shelf is None:
            return compute()
        return shelf.get((self.market, self.symbol, self.timeframe, held.expression.key, what), compute)

    def _array(self, name: str) -> NDArray[np.generic]:
        if name not in self._arrays:
            at, kind = NAMES.index(name), np.int64 if name.endswith("_ms") else np.float64
            self._arrays[name] = np.array([row[at] for row in self._rows], dtype=kind)
        return self._arrays[name]

    def _numbers(self, name: str) -> Numbers:
        return self._array(name).astype(np.float64, copy=False)

    # ── from expression to column ────────────────────────────────────────────────────────────────────────────────────

    def _computed(self, expression: Typed) -> Values:
        home, expression = self._home(expression), unselected(expression)
        if not self._rows:
            return [] if expression.kind.unit is Unit.BOOL else np.empty(0)
        if home is not self:
            return self._as_of(home, expression)
        if isinstance(expression, Column):
            return self._numbers(expression.name)
        if isinstance(expression, IndicatorCall):
            return self._indicator(expression)
        if isinstance(expression, Fact):
            raise ValueError(
                f"{expression.text} isn't computed from candles, so it has no column; ask for it as a fact."
            )
        return self._evaluated(expression)

    def _indicator(self, call: IndicatorCall) -> Numbers:
        inputs = [self._column_of_numbers(each) for each in call.inputs]
        names = INDICATORS[call.name].inputs
        parameters = {name: value for name, value in call.parameters if not isinstance(value, str)}
        return compute(call.name, parameters, dict(zip(names, inputs, strict=True)))

    def _column_of_numbers(self, expression: Typed) -> Numbers:
        column = self.column(expression)
        if isinstance(column, list):
            raise TypeError(f"Expected numbers in {expression.text}, found conditions.")
        return column

    def _evaluated(self, expression: Typed) -> Values:
        """Compute everything between the leaves as one polars expression."""
        columns = {"": pl.Series("", self._array("open_ms"))}

        def resolve(leaf: Typed) -> pl.Expr:
            columns[leaf.key] = _series(leaf.key, self.column(leaf))
            return pl.col(leaf.key)

        result = to_polars(expression, resolve).alias("")
        return _values(pl.DataFrame(list(columns.values())).with_columns(result)[""])

    def _home(self, expression: Typed) -> "History":
        """The history whose rows an expression is computed on: this one wherever one of its own candles takes part."""
        mine = _selected(expression, (self.symbol, self.timeframe))
        read = _candles(expression, (self.symbol, self.timeframe))
        symbol, timeframe = mine if mine in read or not read else read[0]
        if (symbol, timeframe) == (self.symbol, self.timeframe):
            return self
        if symbol == PERPETUAL:
            return self._among.history(Market.LINEAR, self.symbol, timeframe)
        return self._among.history(self.market, symbol, timeframe)

    def _as_of(self, home: "History", expression: Typed) -> Values:
        """At each row, the value of another history's last candle that had closed by the time this row's candle did."""
        if self not in home._listeners:
            home._listeners.append(self)
        values = home.column(expression)
        rows = np.searchsorted(home._array("close_ms"), self._array("close_ms"), side="right") - 1
        if isinstance(values, list):
            return [values[row] if row >= 0 else None for row in rows.tolist()]
        return np.concatenate((values, [np.nan]))[rows]

    @property
    def _name(self) -> str:
        return f"{self.symbol} ({self.market}, {self.timeframe})"


class Histories:
    """All histories, by market, symbol and timeframe; one that was never given a candle is empty.

    A `shelf` has what earlier runs over the same preloaded candles computed; it is left as soon as other ones come.
    """

    def __init__(self, keep: int | None = None) -> None:
        self.shelf: ColumnShelf | None = None
        self._keep = keep
        self._all: dict[Key, History] = {}

    def history(self, market: Market, symbol: str, timeframe: str) -> History:
        """Give one history."""
        key = (market, symbol, timeframe)
        if key not in self._all:
            self._all[key] = History(market, symbol, timeframe, self._keep, self)
        return self._all[key]

    def bound(self, keep: int) -> None:
        """Keep only about so many of the newest candles of each from now on."""
        self._keep = keep
        for history in self._all.values():
            history.keep = keep

    def preload(self, candles: Mapping[Key, pl.DataFrame]) -> None:
        """Take the candles of many histories that will be appended later."""
        for key, frame in candles.items():
            self.history(*key).preload(frame)

    def begin(self, candles: Mapping[Key, pl.DataFrame]) -> None:
        """Take candles of series that nothing has looked at yet, from before those that are visible."""
        for key, frame in candles.items():
            self.history(*key).begin(frame)

    def append(self, candle: Candle) -> None:
        """Make a finished candle visible in its history."""
        history = self._all.get((candle.market, candle.symbol, candle.timeframe))
        if history is None:
            history = self.history(candle.market, candle.symbol, candle.timeframe)
        history.append(candle)

    @contextmanager
    def as_of(self, at_ms: int) -> Iterator[None]:
        """Show for a while only what had closed by a moment."""
        lengths = {key: history.length for key, history in self._all.items()}
        try:
            for history in self._all.values():
                history.go_back_to(at_ms)
            yield
        finally:
            for key, length in lengths.items():
                self._all[key].length = length

    def reader(self, leaf: Typed, market: Market, symbol: str, timeframe: str) -> Reader:
        """Give a quick question for a value, as someone with this symbol and timeframe sees it."""
        return self.history(market, symbol, timeframe).reader(leaf)


def _selected(expression: Typed, default: Choice) -> Choice:
    """The symbol and timeframe that an expression is asked for."""
    if not isinstance(expression, Series):
        return default
    return expression.symbol or default[0], expression.timeframe or default[1]


def _candles(expression: Typed, default: Choice) -> list[Choice]:
    """List whose candles an expression reads, in its order."""
    chosen = _selected(expression, default)
    if isinstance(expression, Column):
        return [chosen]
    return [each for child in expression.children for each in _candles(child, chosen)]


def _series(name: str, values: Values) -> pl.Series:
    if isinstance(values, list):
        return pl.Series(name, values, dtype=pl.Boolean)
    return pl.Series(name, np.where(np.isfinite(values), values, np.nan), dtype=pl.Float64, nan_to_null=True)


def _values(series: pl.Series) -> Values:
    if series.dtype == pl.Boolean:
        return series.to_list()
    numbers = series.cast(pl.Float64).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _listed(column: Values) -> list[Value]:
    """Give a column as quick to read values, None first and wherever it is unknown."""
    if isinstance(column, list):
        return [None, *column]
    unknown = np.flatnonzero(~np.isfinite(column))
    values: list[Value] = [None, *column.tolist()]
    for row in unknown.tolist():
        values[row + 1] = None
    return values
