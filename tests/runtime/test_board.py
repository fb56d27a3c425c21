"""The board knows the latest price and its age, and lets no impossible candle in."""

from dataclasses import replace
from decimal import Decimal

import pytest

from runtime.board import Board, unusable
from runtime.events import Candle, FactObserved
from runtime.instrument import Market

HOUR_MS = 3_600_000
CANDLE = Candle(Market.SPOT, "BTCUSDT", "1h", 0, HOUR_MS, 100.0, 110.0, 90.0, 105.0, 7.0)


@pytest.mark.spec("RISK-06")
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"high": 80.0}, "below the low"),
        ({"low": 0.0}, "above zero"),
        ({"low": -5.0}, "above zero"),
        ({"low": float("nan")}, "above zero"),
        ({"high": float("inf")}, "finite"),
        ({"close": 111.0}, "outside"),
        ({"open": float("nan")}, "outside"),
        ({"volume": -1.0}, "negative"),
        ({"volume": float("nan")}, "negative"),
    ],
)
def test_a_candle_that_cant_be_true_is_named(broken: dict[str, float], said: str) -> None:
    """The reason says what is wrong with it."""
    reason = unusable(replace(CANDLE, **broken))

    assert reason is not None
    assert said in reason


def test_a_sound_candle_is_usable() -> None:
    """Even one without any movement or trade."""
    assert unusable(CANDLE) is None
    assert unusable(Candle(Market.SPOT, "BTCUSDT", "1h", 0, HOUR_MS, 5.0, 5.0, 5.0, 5.0, 0.0)) is None


def test_the_days_candle_does_not_replace_the_price_of_its_last_hour() -> None:
    """Both end at the same moment with the same close; the jump stays that of the hour."""
    board = Board()
    board.see_candle(CANDLE)
    board.see_candle(replace(CANDLE, open_ms=HOUR_MS, close_ms=2 * HOUR_MS, open=105.0, close=108.0))
    board.see_candle(
        replace(CANDLE, timeframe="1d", open_ms=-22 * HOUR_MS, close_ms=2 * HOUR_MS, open=50.0, close=108.0)
    )

    quote = board.quotes[Market.SPOT, "BTCUSDT"]
    assert (quote.price, quote.at_ms, quote.jump) == (108.0, 2 * HOUR_MS, 0.0)


def test_a_jump_is_measured_from_the_last_price_to_the_next_open() -> None:
    """A gap of a quarter is a jump of a quarter."""
    board = Board()
    board.see_candle(replace(CANDLE, close=100.0))
    board.see_candle(replace(CANDLE, open_ms=HOUR_MS, close_ms=2 * HOUR_MS, open=75.0, low=70.0, close=76.0))

    assert board.quotes[Market.SPOT, "BTCUSDT"].jump == pytest.approx(0.25)


def test_a_second_source_confirms_only_when_it_is_fresh_and_near() -> None:
    """An old or missing price of the other market confirms nothing, a far one denies."""
    board = Board()
    board.see_candle(CANDLE)
    assert board.confirmed(Market.SPOT, "BTCUSDT") is None

    board.see_candle(replace(CANDLE, market=Market.LINEAR, close=106.0))
    assert board.confirmed(Market.SPOT, "BTCUSDT") is True

    board.see_candle(replace(CANDLE, open_ms=HOUR_MS, close_ms=2 * HOUR_MS))
    assert board.confirmed(Market.SPOT, "BTCUSDT") is None

    board.see_candle(
        replace(CANDLE, market=Market.LINEAR, open_ms=HOUR_MS, close_ms=2 * HOUR_MS, high=150.0, close=140.0)
    )
    assert board.confirmed(Market.SPOT, "BTCUSDT") is False


def test_an_observation_of_the_symbol_comes_before_that_of_the_market() -> None:
    """What is known of the coin itself is nearer."""
    board = Board()
    board.observe(FactObserved(1, "fear_greed", Decimal(20)))
    board.observe(FactObserved(2, "fear_greed", Decimal(30), "BTCUSDT"))

    assert board.observed("fear_greed", "BTCUSDT") == Decimal(30)
    assert board.observed("fear_greed", "ETHUSDT") == Decimal(20)
    assert board.observed_ms("fear_greed", "ETHUSDT") == 1
    assert board.observed("nothing", "BTCUSDT") is None


def test_the_board_survives_a_restart() -> None:
    """Plain data and back is the same board."""
    board = Board()
    board.see_candle(CANDLE)
    board.observe(FactObserved(1, "funding.rate", Decimal("0.0001"), "BTCUSDT"))
    board.observe(FactObserved(1, "exchange.trouble", False))
    again = Board()

    again.restore(board.to_plain())

    assert again == board
