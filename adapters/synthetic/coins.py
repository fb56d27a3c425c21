"""The prices of made-up coins: how much each follows the market, and its candles, funding rates and volumes."""

import zlib
from dataclasses import dataclass

import numpy as np

from adapters.synthetic.regimes import HOURS_PER_DAY, Floats, Story, fat_tailed

_HOURS_PER_FUNDING = 8


@dataclass(frozen=True, slots=True)
class Coin:
    """How a coin behaves: first price, decimals of its prices, its share in the market's moves, its own part beside it.

    `own` is the volatility of its own moves relative to the market's; `turnover` is in quote coin per hour.
    """

    price: float
    decimals: int
    follows: float
    own: float
    turnover: float


COINS = {
    "BTCUSDT": Coin(9_000.0, 2, 1.00, 0.25, 40e6),
    "ETHUSDT": Coin(250.0, 2, 1.15, 0.50, 20e6),
    "SOLUSDT": Coin(8.0, 3, 1.35, 0.95, 6e6),
    "BNBUSDT": Coin(20.0, 2, 0.95, 0.60, 4e6),
    "XRPUSDT": Coin(0.30, 5, 1.00, 0.80, 5e6),
    "ADAUSDT": Coin(0.10, 5, 1.15, 0.80, 3e6),
    "DOGEUSDT": Coin(0.010, 6, 1.20, 1.00, 3e6),
    "TRXUSDT": Coin(0.025, 6, 0.80, 0.60, 1.5e6),
    "AVAXUSDT": Coin(10.0, 3, 1.40, 0.95, 2e6),
    "LINKUSDT": Coin(5.0, 3, 1.25, 0.85, 2e6),
}
_OTHER = Coin(1.0, 5, 1.20, 0.90, 1e6)


@dataclass(frozen=True)
class Candles:
    """Columns of candles, one value an hour or a day."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def joined(self, hours: int) -> "Candles":
        """Return the same prices in candles of so many hours each; there are whole ones only."""
        parts = (-1, hours)
        return Candles(
            self.open.reshape(parts)[:, 0],
            self.high.reshape(parts).max(axis=1),
            self.low.reshape(parts).min(axis=1),
            self.close.reshape(parts)[:, -1],
            np.round(self.volume.reshape(parts).sum(axis=1), 3),
        )


@dataclass(frozen=True)
class CoinHistory:
    """One coin, hour by hour, on both markets, and the funding rate of every eighth hour."""

    spot: Candles
    perpetual: Candles
    funding: Floats


def make(symbol: str, story: Story, seed: int) -> CoinHistory:
    """Draw one coin's history; it depends on the seed, the story and its own name, not on which others are drawn."""
    coin = COINS.get(symbol, _OTHER)
    random = np.random.Generator(np.random.PCG64([seed, zlib.crc32(symbol.encode())]))
    hours = len(story.returns)
    volatility = story.volatility * np.hypot(coin.follows, coin.own)
    returns = coin.follows * story.returns + coin.own * story.volatility * fat_tailed(random, hours)
    closes = np.log(coin.price) + np.cumsum(returns)
    wicks = np.abs(random.normal(0.0, 0.6, (2, hours))) * volatility
    volume = _volume(random, coin, returns, volatility, closes)
    basis = _basis(closes)
    spot = _candles(coin, closes, wicks, volume)
    perpetual = _candles(coin, closes + basis, wicks, np.round(volume * 2.5, 3))
    return CoinHistory(spot, perpetual, _funding(random, basis))


def _candles(coin: Coin, closes: Floats, wicks: Floats, volume: Floats) -> Candles:
    """Each candle opens where the one before closed, as on Bybit; arguments are logarithms of prices."""
    opens = np.concatenate([[np.log(coin.price)], closes[:-1]])
    high = np.maximum(opens, closes) + wicks[0]
    low = np.minimum(opens, closes) - wicks[1]
    return Candles(_prices(coin, opens), _prices(coin, high), _prices(coin, low), _prices(coin, closes), volume)


def _prices(coin: Coin, logarithms: Floats) -> Floats:
    """Rounding keeps the order of prices, so that a high stays the highest."""
    prices: Floats = np.maximum(np.round(np.exp(logarithms), coin.decimals), 10.0**-coin.decimals)
    return prices


def _volume(random: np.random.Generator, coin: Coin, returns: Floats, volatility: Floats, closes: Floats) -> Floats:
    """In base coin: more is traded in hours that move more."""
    busy = 0.5 + np.abs(returns) / volatility
    spread = np.exp(random.normal(0.0, 0.4, len(returns)))
    turnover: Floats = coin.turnover * busy * spread
    volume: Floats = np.round(turnover / np.exp(closes) * np.exp(closes - closes[0]) ** 0.5, 3)
    return volume


def _basis(closes: Floats) -> Floats:
    """How far the perpetual stands above spot: up to 0.2 %, in the direction of the last three days."""
    window = 3 * HOURS_PER_DAY
    before = np.concatenate([np.full(window, closes[0]), closes[:-window]]) if len(closes) > window else closes[0]
    basis: Floats = 0.0002 + 0.002 * np.tanh((closes - before) / 0.10)
    return basis


def _funding(random: np.random.Generator, basis: Floats) -> Floats:
    """Per settlement: 0.01 % in quiet times, more where the perpetual stands high, and negative where it stands low."""
    settled = basis[::_HOURS_PER_FUNDING]
    rates = 0.0001 + 0.25 * np.maximum(np.abs(settled) - 0.0005, 0.0) * np.sign(settled)
    rates = rates + random.normal(0.0, 0.00003, len(settled))
    return np.round(np.clip(rates, -0.003, 0.003), 8).astype(np.float64)
