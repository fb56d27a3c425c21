"""What the exchange knows of the past, and of what can be traded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.bybit.fields import (
    MalformedError,
    Row,
    decimal,
    items,
    milliseconds,
    optional_decimal,
    positive,
    row,
    rows,
    text,
)
from adapters.bybit.klines import interval_of, listed
from adapters.bybit.line import Line
from runtime.events import Candle
from runtime.instrument import Instrument, Market
from runtime.timeframe import timeframe_ms

CANDLES_A_PAGE, RATES_A_PAGE = 1000, 200
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Fees:
    """What trading a symbol costs, as ratios."""

    maker: Decimal
    taker: Decimal


ORDINARY_FEES: Mapping[Market, Fees] = {
    Market.SPOT: Fees(Decimal("0.001"), Decimal("0.001")),
    Market.LINEAR: Fees(Decimal("0.0002"), Decimal("0.00055")),
}
"""Of an account without a discount; used where the exchange doesn't tell, as in demo trading."""


class History:
    """Asks for candles, rates and instruments; each method raises RefusedError, NoAnswerError and MalformedError."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def candles(self, series: tuple[Market, str, str], after_ms: int, until_ms: int) -> tuple[list[Candle], int]:
        """Give the candles that close after one moment and until another, oldest first, and the exchange's time.

        A candle that the exchange has not closed yet is not among them.
        """
        found, at_ms = self.candles_so_far(series, after_ms, until_ms)
        limit_ms = min(until_ms, at_ms)
        return [candle for candle in found if candle.close_ms <= limit_ms], at_ms

    def candles_so_far(self, series: tuple[Market, str, str], after_ms: int, until_ms: int) -> tuple[list[Candle], int]:
        """Give the candles that close after one moment and open before another, as `candles` does.

        The last may be under way.
        """
        market, symbol, timeframe = series
        asked = {
            "category": market.value,
            "symbol": symbol,
            "interval": interval_of(timeframe),
            "limit": CANDLES_A_PAGE,
        }
        start_ms, end_ms = max(0, after_ms - timeframe_ms(timeframe) + 1), until_ms - 1
        found: dict[int, Candle] = {}
        while True:
            reply = self._line.ask("get_kline", **asked, start=start_ms, end=end_ms)
            page = [listed(entry, *series) for entry in items(reply.result, "list")]
            found |= {candle.open_ms: candle for candle in page}
            # The newest come first, so what is left is older than the oldest of this page.
            end_ms = min((candle.open_ms for candle in page), default=0) - 1
            if len(page) < CANDLES_A_PAGE or end_ms < start_ms:
                break
        return [found[at] for at in sorted(found) if after_ms < found[at].close_ms], reply.at_ms

    def funding(self, symbol: str, after_ms: int, until_ms: int) -> list[tuple[int, Decimal]]:
        """Give the settled rates after one moment and until another, oldest first: the moment and the ratio."""
        found: dict[int, Decimal] = {}
        end_ms = until_ms
        while end_ms > after_ms:
            asked = {"category": Market.LINEAR.value, "symbol": symbol, "limit": RATES_A_PAGE}
            page = rows(
                self._line.ask("get_funding_rate_history", **asked, startTime=after_ms + 1, endTime=end_ms).result,
                "list",
            )
            found |= {milliseconds(entry, "fundingRateTimestamp"): decimal(entry, "fundingRate") for entry in page}
            if len(page) < RATES_A_PAGE:
                break
            end_ms = min(found) - 1
        return [(at, found[at]) for at in sorted(found) if after_ms < at <= until_ms]

    def insurance(self, coin: str = "USDT") -> Decimal:
        """Give what the exchange's insurance fund of a coin has, in the coin."""
        pools = rows(self._line.ask("get_insurance", coin=coin).result, "list")
        mine = [decimal(pool, "balance") for pool in pools if pool.get("coin") == coin]
        if not mine:
            raise MalformedError(f"list: expected an insurance fund of {coin}, found none.")
        return sum(mine, Decimal(0))

    def instruments(
        self, wanted: Sequence[tuple[Market, str]], fees: Mapping[tuple[Market, str], Fees] | None = None
    ) -> dict[tuple[Market, str], Instrument]:
        """Give what can be traded of these; what is not there, or not open for trading, is left out."""
        found: dict[tuple[Market, str], Instrument] = {}
        for market in Market:
            symbols = {symbol for of, symbol in wanted if of is market}
            for entry in self._listed(market) if symbols else ():
                symbol = entry.get("symbol")
                if symbol in symbols and entry.get("status") == "Trading":
                    key = (market, text(entry, "symbol"))
                    maintenance = self._maintenance(key[1]) if market is Market.LINEAR else Decimal(0)
                    found[key] = instrument_of(entry, market, (fees or {}).get(key, ORDINARY_FEES[market]), maintenance)
        return found

    def fees(self, market: Market) -> dict[tuple[Market, str], Fees]:
        """Give what each symbol costs this account; needs keys, and is refused in demo trading."""
        listed_fees = rows(self._line.ask("get_fee_rates", category=market.value).result, "list")
        return {
            (market, text(entry, "symbol")): Fees(decimal(entry, "makerFeeRate"), decimal(entry, "takerFeeRate"))
            for entry in listed_fees
        }

    def _listed(self, market: Market) -> Iterator[Row]:
        paged = {"limit": 1000} if market is Market.LINEAR else {}
        for page in self._line.pages("get_instruments_info", category=market.value, **paged):
            yield from page

    def _maintenance(self, symbol: str) -> Decimal:
        """Give the maintenance margin of the lowest tier, where ours are, as a ratio of the notional."""
        tiers = rows(self._line.ask("get_risk_limit", category=Market.LINEAR.value, symbol=symbol).result, "list")
        mine = [decimal(tier, "maintenanceMargin") for tier in tiers if tier.get("isLowestRisk") == 1]
        if not mine:
            raise MalformedError(f"list: expected the lowest risk tier of {symbol}, found none.")
        return mine[0]


def instrument_of(data: Row, market: Market, fees: Fees, maintenance: Decimal) -> Instrument:
    """Read an instrument's row; the two markets name their steps differently."""
    size, price = row(data.get("lotSizeFilter"), "lotSizeFilter"), row(data.get("priceFilter"), "priceFilter")
    shared = {
        "market": market,
        "symbol": text(data, "symbol"),
        "base": text(data, "baseCoin"),
        "quote": text(data, "quoteCoin"),
    }
    steps = {"price_step": positive(price, "tickSize"), "maker_fee": fees.maker, "taker_fee": fees.taker}
    if market is Market.SPOT:
        # A minimum amount of money counts on spot; the minimum quantity is no longer enforced.
        step = positive(size, "basePrecision")
        own = {
            "quantity_step": step,
            "minimum_quantity": step,
            "minimum_notional": decimal(size, "minOrderAmt"),
            "quote_step": positive(size, "quotePrecision"),
        }
        return Instrument(**shared, **steps, **own)  # type: ignore[arg-type]
    leverage = row(data.get("leverageFilter"), "leverageFilter")
    own = {
        "quantity_step": positive(size, "qtyStep"),
        "minimum_quantity": decimal(size, "minOrderQty"),
        "minimum_notional": optional_decimal(size, "minNotionalValue") or Decimal(0),
        "maximum_leverage": positive(leverage, "maxLeverage"),
        "maintenance_margin": maintenance,
    }
    return Instrument(**shared, **steps, **own, funding_interval_ms=_interval_ms(data))  # type: ignore[arg-type]


def _interval_ms(data: Row) -> int:
    minutes = data.get("fundingInterval")
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 0 < minutes <= 1440:
        raise MalformedError("fundingInterval: expected minutes.")
    return minutes * MINUTE_MS
