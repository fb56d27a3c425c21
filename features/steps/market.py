"""Time passes and candles come; orders placed on one candle's close are filled when the next one opens."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from features.steps.candles import Moves, Place
from features.steps.course import Course, drifting, shorthand, straight
from features.steps.past import courses_of
from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import DAY_MS, HOUR_MS
from runtime.instrument import Market

LENGTHS_MS = {"1d": DAY_MS, "1h": HOUR_MS}
NEXT = "the next {timeframe:Timeframe} candle[ of {symbol:Symbol}]"
VOLUME = "[ with {factor:Number} times the usual volume]"


@says(f"{NEXT} closes at {{price:Number}} USDT[ on {{market:Market}}]{VOLUME}")
def _(
    scene: Scene, timeframe: str, symbol: str | None, price: Decimal, market: Market | None, factor: Decimal | None
) -> None:
    """One candle passes, straight to this close; everything else stands still."""
    _next(scene, timeframe, symbol, lambda last: straight(last, float(price)), market, factor)


@says(f"{NEXT} {{move:Move}} {{ratio:Percent}}[ on {{market:Market}}]{VOLUME}")
def _(
    scene: Scene,
    timeframe: str,
    symbol: str | None,
    move: int,
    ratio: Decimal,
    market: Market | None,
    factor: Decimal | None,
) -> None:
    """One candle passes, straight up or down."""
    _next(scene, timeframe, symbol, lambda last: straight(last, last * float(1 + move * ratio)), market, factor)


@says(f"{NEXT} falls to {{low:Number}} and closes at {{price:Number}} USDT")
def _(scene: Scene, timeframe: str, symbol: str | None, low: Decimal, price: Decimal) -> None:
    """One candle passes with a low on its way."""
    _next(scene, timeframe, symbol, lambda last: _reaching(straight(last, float(price)), float(low)))


@says(f"{NEXT} rises to {{high:Number}} and closes at {{price:Number}} USDT")
def _(scene: Scene, timeframe: str, symbol: str | None, high: Decimal, price: Decimal) -> None:
    """One candle passes with a high on its way."""
    _next(scene, timeframe, symbol, lambda last: _reaching(straight(last, float(price)), float(high)))


@says(f"{NEXT} never comes")
def _(scene: Scene, timeframe: str, symbol: str | None) -> None:
    """Time passes without a candle of this symbol."""
    _next(scene, timeframe, symbol, lambda last: Course(last, last, last, last, 0.0, seen=False))


@says("the next {timeframe:Timeframe} candles close at:")
def _(scene: Scene, timeframe: str, datatable: list[list[str]]) -> None:
    """One candle after the other, a column for each symbol."""
    symbols, *rows = datatable
    last = {symbol: _price(scene, symbol, None) for symbol in symbols}
    moves: list[Moves] = []
    for row in rows:
        closes = {symbol: float(text.replace(",", "")) for symbol, text in zip(symbols, row, strict=True) if text}
        courses = {symbol: straight(last[symbol], close) for symbol, close in closes.items()}
        moves.append({(name, None): _usual(scene, name, [course])[0][name, None] for name, course in courses.items()})
        last |= closes
    scene.world.pass_candles(moves, LENGTHS_MS[timeframe])


@says("(this|these) {timeframe:Timeframe} candle[s][ of {symbol:Symbol}] follow[s][ on {market:Market}]:")
def _(scene: Scene, timeframe: str, symbol: str | None, market: Market | None, datatable: list[list[str]]) -> None:
    """Candles one by one, in columns open, high, low, close and volume, of which only close is needed."""
    name = scene.symbol(symbol)
    courses = courses_of(datatable, _price(scene, name, market))
    scene.world.pass_candles([{(name, market): course} for course in courses], LENGTHS_MS[timeframe])


@says("{symbol:Symbol} goes on {words:Quoted} in {timeframe:Timeframe} candles")
def _(scene: Scene, symbol: str, words: str, timeframe: str) -> None:
    """A series in shorthand: "+1%x5 -3% 0x10" is five rises, a fall, ten candles without a change."""
    courses = shorthand(words, _price(scene, symbol, None))
    scene.world.pass_candles(_usual(scene, symbol, courses, LENGTHS_MS[timeframe]), LENGTHS_MS[timeframe])


@says("{symbol:Symbol} {move:Move} {ratio:Percent} a day for {count:Whole} day[s]")
def _(scene: Scene, symbol: str, move: int, ratio: Decimal, count: int) -> None:
    """Daily candles go steadily up or down, with ranges and a small wobble as a market has them."""
    courses = drifting(symbol, _price(scene, symbol, None), None, float(move * ratio), count)
    scene.world.pass_candles(_usual(scene, symbol, courses))


@says("the price[ of {symbol:Symbol}] {move:Move} {ratio:Percent} within the hour")
def _(scene: Scene, symbol: str | None, move: int, ratio: Decimal) -> None:
    """One hour passes in which the price goes straight up or down; daily candles are not closed by it."""
    _next(scene, "1h", symbol, lambda last: straight(last, last * float(1 + move * ratio)))


@says("the price of every symbol {move:Move} {ratio:Percent} within the hour")
def _(scene: Scene, move: int, ratio: Decimal) -> None:
    """One hour passes in which all prices go straight up or down together."""
    prices, factor = scene.world.candles.prices, float(1 + move * ratio)
    moves: Moves = {(symbol, market): straight(last, last * factor) for (market, symbol), last in prices.items()}
    scene.world.pass_time(HOUR_MS, moves)


@says("{span:Span} pass[es]")
def _(scene: Scene, span: int) -> None:
    """Time passes and no price moves."""
    scene.world.pass_time(span)


@says("the next candle[ of {symbol:Symbol}] opens at {price:Number} USDT")
def _(scene: Scene, symbol: str | None, price: Decimal) -> None:
    """The next candle opens elsewhere than where the last one closed; orders that wait are filled there."""
    scene.world.open_at({scene.symbol(symbol): float(price)})


@says("the next candle opens")
def _(scene: Scene) -> None:
    """The next candle opens where the last one closed. Any question after a candle does this by itself."""
    scene.world.open()


@says("from here on {symbol:Symbol} trades {amount:Number} {coin:Coin} a day[ on {market:Market}]")
def _(scene: Scene, symbol: str, amount: Decimal, coin: str, market: Market | None) -> None:
    """The volume of the candles that follow, in the symbol's coin; on all markets where none is named."""
    assert symbol.startswith(coin), f"The volume of {symbol} is told in {symbol.removesuffix('USDT')}."
    volumes = scene.world.candles.volumes
    for place in [place for place in volumes if place[1] == symbol and market in (None, place[0])]:
        volumes[place] = float(amount)


def _next(
    scene: Scene,
    timeframe: str,
    symbol: str | None,
    course: Callable[[float], Course],
    market: Market | None = None,
    factor: Decimal | None = None,
) -> None:
    """Let the present candle end, or the next one pass, on this course from the last price."""
    world, length = scene.world, LENGTHS_MS[timeframe]
    places = _places(scene, scene.symbol(symbol), market)
    moves: dict[tuple[str, Market | None], Course] = {}
    for place in places:
        volume = world.candles.volumes[place] * length / DAY_MS * float(factor or 1)
        moves[place[1], place[0]] = course(world.candles.prices[place]).with_volume(volume)
    left = length - world.now_ms % length
    if left == length:
        world.pass_candles([moves], length)
    else:
        world.pass_time(left, moves)


def _usual(scene: Scene, symbol: str, courses: Sequence[Course], length: int = DAY_MS) -> list[Moves]:
    """Let every candle have the volume that the symbol usually has."""
    volume = world_volume(scene, symbol) * length / DAY_MS
    return [{(symbol, None): course.with_volume(volume)} for course in courses]


def world_volume(scene: Scene, symbol: str) -> float:
    """The volume that a symbol usually has in a day, in its coin."""
    return scene.world.candles.volumes[_places(scene, symbol, None)[0]]


def _price(scene: Scene, symbol: str, market: Market | None) -> float:
    return scene.world.candles.prices[_places(scene, symbol, market)[0]]


def _places(scene: Scene, symbol: str, market: Market | None) -> list[Place]:
    places = [place for place in scene.world.candles.keys if place[1] == symbol and market in (None, place[0])]
    assert places, f"Give some candles of {symbol} first."
    return places


def _reaching(course: Course, price: float) -> Course:
    return replace(course, high=max(course.high, price), low=min(course.low, price))
