"""Candles that were there before the scenario begins: the engine knows them and has decided nothing on them."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from features.steps.course import Course, drifting, going, shorthand, usual_volume, zigzag
from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import Series

EACH = "a (day|hour|candle)"
FOR = "for {count:Whole} (day|hour|candle)[s]"


@says(f"{{of:Series}} {{trend:Trend}} {{ratio:Percent}} {EACH} {FOR} to {{price:Number}} USDT")
def _(scene: Scene, of: Series, trend: int, ratio: Decimal, count: int, price: Decimal) -> None:
    """A steady trend that ends at a price, with ranges and a small wobble as a market has them."""
    scene.extend(of, drifting(of.symbol, None, float(price), float(trend * ratio), count))


@says(f"{{of:Series}} then {{trend:Trend}} {{ratio:Percent}} {EACH} {FOR}")
def _(scene: Scene, of: Series, trend: int, ratio: Decimal, count: int) -> None:
    """The candles given so far go on with another trend."""
    last = scene.last_close(of)
    assert last is not None, f"Give the candles of {of.symbol} that come before."
    scene.extend(of, drifting(of.symbol, last, None, float(trend * ratio), count))


@says(f"{{of:Series}} flat at {{price:Number}} USDT {FOR}")
def _(scene: Scene, of: Series, price: Decimal, count: int) -> None:
    """A market without a trend."""
    scene.extend(of, drifting(of.symbol, float(price), None, 0.0, count))


@says(f"every other symbol of {{book:Book}} has {{timeframe:Timeframe}} candles flat at {{price:Number}} USDT {FOR}")
def _(scene: Scene, book: str, timeframe: str, price: Decimal, count: int) -> None:
    """All symbols of a book that were given no candles yet have a market without a trend."""
    given = {of.symbol for of in scene.past}
    for symbol in scene.files.rulebook().books[book].symbols:
        if symbol not in given:
            scene.extend(Series(symbol, None, timeframe), drifting(symbol, float(price), None, 0.0, count))


@says(f"{{of:Series}} zig-zagging {{ratio:Percent}} around {{price:Number}} USDT {FOR}")
def _(scene: Scene, of: Series, ratio: Decimal, price: Decimal, count: int) -> None:
    """Up, back, down and back in turn, ending at the price; all symbols do it in step."""
    scene.extend(of, zigzag(float(price), float(ratio), count))


@says("{of:Series} going from {start:Number} to {end:Number} USDT in {count:Whole} (day|hour|candle)[s]")
def _(scene: Scene, of: Series, start: Decimal, end: Decimal, count: int) -> None:
    """A long way from one price to another."""
    scene.extend(of, going(of.symbol, float(start), float(end), count))


@says("{of:Series} like those of {other:Symbol}, ending at {price:Number} USDT")
def _(scene: Scene, of: Series, other: str, price: Decimal) -> None:
    """The same movements as another symbol, at another price level."""
    courses = scene.past.get(replace(of, symbol=other))
    assert courses, f"Give the candles of {other} first."
    factor = float(price) / courses[-1].close
    moved = [course.scaled(factor) for course in courses]
    scene.extend(of, [*moved[:-1], _ending(moved[-1], float(price))])


@says("{of:Series} {words:Quoted}")
def _(scene: Scene, of: Series, words: str) -> None:
    """Shorthand: "60000 +1%x5 -3% +200 0x10 _" is a start, five rises, a fall, one by 200, ten still, a gap."""
    scene.extend(of, shorthand(words, scene.last_close(of)))


@says("{of:Series}:")
def _(scene: Scene, of: Series, datatable: list[list[str]]) -> None:
    """Candles one by one, in columns open, high, low, close and volume, of which only close is needed."""
    scene.extend(of, courses_of(datatable, scene.last_close(of)))


@says("{symbol:Symbol} trades {amount:Number} {coin:Coin} a (day|candle)")
def _(scene: Scene, symbol: str, amount: Decimal, coin: str) -> None:
    """The volume of the candles given so far, and of those that follow, in the symbol's coin."""
    scene.before()
    assert symbol.startswith(coin), f"The volume of {symbol} is told in {symbol.removesuffix('USDT')}."
    for key, courses in scene.past.items():
        if key.symbol == symbol:
            scene.past[key] = [course.with_volume(float(amount)) for course in courses]


def courses_of(table: Sequence[Sequence[str]], last: float | None) -> list[Course]:
    """Read a table of candles; what is left out follows from the close before and the close itself."""
    names, *rows = table
    courses: list[Course] = []
    for row in rows:
        told = {name: float(text.replace(",", "")) for name, text in zip(names, row, strict=True) if text}
        close = told["close"]
        first = told.get("open", close if last is None else last)
        high, low = told.get("high", max(first, close)), told.get("low", min(first, close))
        courses.append(Course(first, high, low, close, told.get("volume", usual_volume(abs(close) or 1.0))))
        last = close
    return courses


def _ending(course: Course, close: float) -> Course:
    """Rounding must not keep the last candle from ending where it was told to."""
    return Course(course.open, max(course.high, close), min(course.low, close), close, course.volume)
