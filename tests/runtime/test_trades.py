import json
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.intents import Direction
from runtime.decimals import EXACT
from runtime.events import Candle, Fill, FillKind, FundingPayment
from runtime.instrument import Instrument, Market
from runtime.portfolio import Portfolio
from runtime.requests import Side
from runtime.trades import Trade, Trades, kelly

STEPS = (Decimal("0.01"), Decimal("0.000001"), Decimal("0.00001"), Decimal(5), Decimal("0.001"), Decimal("0.001"))
INSTRUMENTS = {(market, "BTCUSDT"): Instrument(market, "BTCUSDT", "BTC", "USDT", *STEPS) for market in Market}
numbers = count(1)


class Ledger:
    """A portfolio whose fills are recorded as trades."""

    def __init__(self) -> None:
        self.portfolio = Portfolio(INSTRUMENTS, {"A": {"USDT": Decimal(100_000)}})
        self.trades = Trades()

    def fill(
        self,
        market: Market,
        quantity: str,
        price: str,
        fee: str = "0",
        *,
        rule: str = "entries.long",
        order_id: str = "o",
        kind: FillKind = FillKind.TRADE,
        at_ms: int = 1,
    ) -> Trade | None:
        side = Side.SELL if quantity.startswith("-") else Side.BUY
        size, paid = abs(Decimal(quantity)), Decimal(fee)
        name = f"e{next(numbers)}"
        one = Fill(
            at_ms, name, order_id, "A", market, "BTCUSDT", side, size, Decimal(price), paid, "USDT", False, kind, True
        )
        applied = self.portfolio.apply(one)
        assert applied is not None
        return self.trades.record(applied, "trend-1", rule)


@pytest.mark.spec("BT-05")
def test_a_round_trip_names_its_rules_and_counts_every_cost() -> None:
    ledger = Ledger()
    ledger.fill(Market.LINEAR, "-0.2", "50000", "5.5", rule="entries.short", at_ms=10)
    ledger.portfolio.apply_funding(
        FundingPayment(20, "s1", "A", "BTCUSDT", Decimal(0), Decimal(0), Decimal(0), Decimal(3))
    )
    ledger.portfolio.see(Candle(Market.LINEAR, "BTCUSDT", "1h", 0, 1, 1.0, 51_000.0, 44_000.0, 1.0, 1.0))
    trade = ledger.fill(Market.LINEAR, "0.2", "45000", "4.95", rule="exits.too_old", at_ms=100)
    assert trade is not None
    assert (trade.direction, trade.quantity) == (Direction.SHORT, Decimal("0.2"))
    assert (trade.entry_price, trade.exit_price) == (50_000, 45_000)
    assert (trade.gross, trade.fees, trade.funding) == (1000, Decimal("10.45"), 3)
    assert trade.net == Decimal("992.55")
    assert trade.net_return == Decimal("0.099255")
    assert (trade.entry_rule, trade.exit_rule) == ("entries.short", "exits.too_old")
    assert (trade.entry_ms, trade.exit_ms, trade.duration_ms) == (10, 100, 90)
    assert (trade.best_price, trade.worst_price) == (44_000, 51_000)
    assert ledger.trades.all == (trade,)


@pytest.mark.spec("BT-05")
@pytest.mark.parametrize("kind", [FillKind.STOP, FillKind.LIQUIDATION])
def test_what_no_rule_closed_says_so(kind: FillKind) -> None:
    ledger = Ledger()
    ledger.fill(Market.LINEAR, "0.1", "50000")
    trade = ledger.fill(Market.LINEAR, "-0.1", "48000", kind=kind)
    assert trade is not None
    assert (trade.entry_rule, trade.exit_rule) == ("entries.long", kind.value)


def test_an_exit_in_parts_is_one_trade_on_a_perpetual() -> None:
    ledger = Ledger()
    ledger.fill(Market.LINEAR, "0.1", "50000", "3")
    ledger.fill(Market.LINEAR, "0.2", "53000", "6")
    ledger.fill(Market.LINEAR, "-0.1", "55000", "1", order_id="first", at_ms=5)
    trade = ledger.fill(Market.LINEAR, "-0.2", "58000", "2", order_id="second", at_ms=6)
    assert trade is not None
    assert len(ledger.trades) == 1
    assert (trade.quantity, trade.entry_price, trade.exit_price) == (Decimal("0.3"), 52_000, 57_000)
    assert (trade.gross, trade.fees, trade.exit_ms) == (1500, 12, 6)


def test_the_next_round_trip_is_another_trade() -> None:
    ledger = Ledger()
    for rule in ("one", "two"):
        ledger.fill(Market.LINEAR, "0.1", "50000", rule=rule)
        ledger.fill(Market.LINEAR, "-0.1", "50100", rule="out")
    assert [trade.entry_rule for trade in ledger.trades.all] == ["one", "two"]


def test_a_flip_closes_with_its_rule_and_opens_with_it() -> None:
    ledger = Ledger()
    ledger.fill(Market.LINEAR, "0.1", "50000", rule="long")
    ledger.fill(Market.LINEAR, "-0.3", "51000", rule="short")
    ledger.fill(Market.LINEAR, "0.2", "50000", rule="out")
    rules = [(trade.direction, trade.entry_rule, trade.exit_rule, trade.gross) for trade in ledger.trades.all]
    assert rules == [(Direction.LONG, "long", "short", 100), (Direction.SHORT, "short", "out", 200)]


def test_a_sale_of_accumulated_coins_closes_its_part_at_average_cost() -> None:
    ledger = Ledger()
    ledger.fill(Market.SPOT, "0.1", "40000", "4", rule="weekly")
    ledger.fill(Market.SPOT, "0.1", "60000", "6", rule="weekly")
    ledger.fill(Market.SPOT, "-0.02", "70000", "1", rule="rebalance", order_id="sale")
    ledger.fill(Market.SPOT, "-0.03", "70000", "1", rule="rebalance", order_id="sale")
    ledger.fill(Market.SPOT, "-0.05", "80000", "1", rule="rebalance", order_id="another")
    one, other = ledger.trades.all
    assert (one.quantity, one.entry_price, one.exit_price, one.gross) == (Decimal("0.05"), 50_000, 70_000, 1000)
    assert one.fees == Decimal("4.5")
    assert (other.entry_price, other.gross, other.entry_rule) == (50_000, 1500, "weekly")


def test_coins_of_unknown_cost_make_no_trade() -> None:
    ledger = Ledger()
    ledger.portfolio = Portfolio(INSTRUMENTS, {"A": {"BTC": Decimal(1)}})
    assert ledger.fill(Market.SPOT, "-0.5", "50000") is None
    assert len(ledger.trades) == 0


moves = st.lists(
    st.tuples(
        st.sampled_from(list(Market)),
        st.sampled_from(["0.1", "0.3", "-0.1", "-0.2", "0.000007"]),
        st.sampled_from(["30000", "31234.56", "29000.01"]),
        st.sampled_from(["0", "1.23", "-0.5"]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=15,
)


@given(moves)
def test_trades_and_open_positions_hold_all_the_money_there_is(
    history: list[tuple[Market, str, str, str, str]],
) -> None:
    """Wallet + cost of what is held = opening + net profit of the trades − fees of what is held, to the last digit."""
    ledger = Ledger()
    for market, quantity, price, fee, order_id in history:
        ledger.fill(market, quantity, price, fee, order_id=order_id)
    money = ledger.portfolio.wallet("A", "USDT")
    for position in ledger.portfolio.positions("A"):
        money = EXACT.add(money, position.fees)
        if position.market is Market.SPOT:
            money = EXACT.add(money, position.cost)
    for trade in ledger.trades.all:
        money = EXACT.subtract(money, trade.net)
    assert money == 100_000


@pytest.mark.spec("STATE-03")
@given(moves, moves)
def test_restored_trades_go_on_as_before(before: list[tuple[Market, str, str, str, str]], after: list[tuple]) -> None:
    one, other = Ledger(), Ledger()
    for market, quantity, price, fee, order_id in before:
        one.fill(market, quantity, price, fee, order_id=order_id)
    other.portfolio = Portfolio.from_plain(INSTRUMENTS, json.loads(json.dumps(one.portfolio.to_plain())))
    other.trades.restore(json.loads(json.dumps(one.trades.to_plain())))
    for market, quantity, price, fee, order_id in after:
        for ledger in (one, other):
            ledger.fill(market, quantity, price, fee, order_id=order_id)
    assert other.trades.to_plain() == one.trades.to_plain()
    assert other.trades.all == one.trades.all


# Kelly.


@pytest.mark.spec("RISK-05")
def test_kelly_is_unknown_under_twenty_trades() -> None:
    ledger = Ledger()
    for number in range(20):
        assert ledger.trades.kelly() is None
        ledger.fill(Market.LINEAR, "0.1", "50000")
        ledger.fill(Market.LINEAR, "-0.1", "51000" if number % 2 else "49500")
    assert ledger.trades.kelly() == Decimal("0.25")
    assert ledger.trades.kelly("trend-1") == Decimal("0.25")
    assert ledger.trades.kelly("another") is None


@pytest.mark.spec("RISK-05")
@pytest.mark.parametrize(
    ("returns", "fraction"),
    [
        (["0.02"] * 6 + ["-0.01"] * 4, "0.4"),
        (["0.01"] * 4 + ["-0.01"] * 6, "0"),
        (["0.01"] * 4, "1"),
        (["-0.01"] * 4, "0"),
        (["0.01", "0"], "0.5"),
    ],
)
def test_kelly_weighs_how_often_against_how_much(returns: list[str], fraction: str) -> None:
    assert kelly(map(Decimal, returns)) == Decimal(fraction)
