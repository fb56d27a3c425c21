"""Accounting laws over random histories, and the cases that people ask about."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.intents import Direction
from runtime.decimals import EXACT
from runtime.events import Candle, CashFlow, Fill, FillKind, FundingPayment, LeverageSet, StopPlaced
from runtime.instrument import Instrument, Market
from runtime.portfolio import NotEnoughError, Portfolio, UnknownAccountError, UnknownInstrumentError
from runtime.requests import Side

ZERO = Decimal(0)
STEPS = (Decimal("0.01"), Decimal("0.000001"), Decimal("0.00001"), Decimal(5), Decimal("0.001"), Decimal("0.001"))
INSTRUMENTS = {
    (market, f"{base}USDT"): Instrument(market, f"{base}USDT", base, "USDT", *STEPS)
    for market in Market
    for base in ("BTC", "ETH")
}
BTC_SPOT, BTC_LINEAR = (Market.SPOT, "BTCUSDT"), (Market.LINEAR, "BTCUSDT")
DAY_MS = 86_400_000

Event = Fill | FundingPayment | CashFlow


def portfolio(**wallets: str) -> Portfolio:
    return Portfolio(INSTRUMENTS, {"A": {coin: Decimal(amount) for coin, amount in wallets.items()}})


numbers = count(1)


def fill(
    key: tuple[Market, str],
    quantity: str,
    price: str,
    fee: str = "0",
    fee_coin: str = "USDT",
    *,
    at_ms: int = 1,
    done: bool = True,
) -> Fill:
    """Buy a quantity, or sell it where it is below zero."""
    side = Side.SELL if quantity.startswith("-") else Side.BUY
    return Fill(
        at_ms,
        f"e{next(numbers)}",
        "o",
        "A",
        *key,
        side,
        abs(Decimal(quantity)),
        Decimal(price),
        Decimal(fee),
        fee_coin,
        False,
        FillKind.TRADE,
        done,
    )


def candle(high: float, low: float, close: float, key: tuple[Market, str] = BTC_LINEAR) -> Candle:
    return Candle(*key, "1h", 0, 3_600_000, low, high, low, close, 1.0)


# Random histories: nothing here knows how the portfolio works, only what an exchange reports.

accounts = st.sampled_from(["A", "B"])
quantities = st.decimals("0.000001", "50", places=6)
prices = st.decimals("0.00000001", "200000", places=8)


@st.composite
def fills(draw: st.DrawFn) -> Fill:
    market, symbol = draw(st.sampled_from(sorted(INSTRUMENTS)))
    quantity, price, side = draw(quantities), draw(prices), draw(st.sampled_from(list(Side)))
    in_base = market is Market.SPOT and draw(st.booleans())
    rate = draw(st.sampled_from(["0.001", "0.00055", "-0.0001", "0"]))
    fee = EXACT.multiply(quantity if in_base else EXACT.multiply(quantity, price), Decimal(rate))
    coin = symbol.removesuffix("USDT") if in_base else "USDT"
    kind = draw(st.sampled_from(list(FillKind)))
    name = f"e{draw(st.integers(1, 10**9))}"
    return Fill(1, name, "o", draw(accounts), market, symbol, side, quantity, price, fee, coin, False, kind, True)


@st.composite
def payments(draw: st.DrawFn) -> FundingPayment:
    symbol, amount = draw(st.sampled_from(["BTCUSDT", "ETHUSDT"])), draw(st.decimals("-100", "100", places=12))
    return FundingPayment(1, f"s{draw(st.integers(1, 10**9))}", draw(accounts), symbol, ZERO, ZERO, ZERO, amount)


@st.composite
def flows(draw: st.DrawFn) -> CashFlow:
    amount = draw(st.decimals("-1000", "1000", places=8))
    coin = draw(st.sampled_from(["USDT", "BTC", "ETH"]))
    return CashFlow(1, f"f{draw(st.integers(1, 10**9))}", draw(accounts), coin, amount)


histories = st.lists(st.one_of(fills(), fills(), payments(), flows()), max_size=12, unique_by=str)


def fresh() -> Portfolio:
    wallets = {"USDT": Decimal("10000"), "BTC": Decimal("0.5")}
    return Portfolio(INSTRUMENTS, {"A": wallets, "B": {"USDT": Decimal("500")}})


def apply_all(target: Portfolio, events: Iterable[Event]) -> Portfolio:
    for event in events:
        match event:
            case Fill():
                target.apply(event)
            case FundingPayment():
                target.apply_funding(event)
            case CashFlow():
                target.apply_cash_flow(event)
    return target


def once(events: Iterable[Event]) -> Iterator[Event]:
    """Each event once: ids are unique in an account and kind."""
    seen = set()
    for event in events:
        name = event.execution_id if isinstance(event, Fill) else ""
        name += event.settlement_id if isinstance(event, FundingPayment) else ""
        name += event.flow_id if isinstance(event, CashFlow) else ""
        if (event.account, name) not in seen:
            seen.add((event.account, name))
            yield event


def signed(event: Fill) -> Decimal:
    return event.quantity if event.side is Side.BUY else -event.quantity


def total(amounts: Iterable[Decimal]) -> Decimal:
    result = ZERO
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def cash_of(events: list[Event], account: str, symbol: str | None = None) -> Decimal:
    """USDT that came in by everything but a perpetual's price."""
    fills = [e for e in events if isinstance(e, Fill) and e.account == account and symbol in (None, e.symbol)]
    spent = total(EXACT.multiply(signed(e), e.price) for e in fills)
    fees = total(e.fee for e in fills if e.fee_coin == "USDT")
    paid = total(e.amount for e in events if isinstance(e, FundingPayment) and e.account == account)
    flowed = total(e.amount for e in events if isinstance(e, CashFlow) and e.account == account and e.coin == "USDT")
    return total([-spent, -fees, paid, flowed])


@pytest.mark.spec("EXEC-06")
@given(histories)
def test_every_coin_of_every_wallet_adds_up_exactly(events: list[Event]) -> None:
    """Wallet = opening − spent − fees + funding + flows, to the last digit; open perpetuals hold their cost."""
    target, known = apply_all(fresh(), events), list(once(events))
    for account, opening in (("A", "10000"), ("B", "500")):
        held = total(p.cost for p in target.positions(account) if p.market is Market.LINEAR)
        wallet = target.wallet(account, "USDT")
        assert EXACT.subtract(wallet, held) == EXACT.add(Decimal(opening), cash_of(known, account))


@pytest.mark.spec("EXEC-06")
@given(histories)
def test_a_position_is_the_sum_of_its_fills(events: list[Event]) -> None:
    target, known = apply_all(fresh(), events), list(once(events))
    for account in ("A", "B"):
        for market, symbol in INSTRUMENTS:
            mine = [
                e for e in known if isinstance(e, Fill) and (e.account, e.market, e.symbol) == (account, market, symbol)
            ]
            expected = total(map(signed, mine))
            if market is Market.SPOT:
                coin = symbol.removesuffix("USDT")
                came = [e for e in known if isinstance(e, CashFlow) and (e.account, e.coin) == (account, coin)]
                fees = total(e.fee for e in mine if e.fee_coin == coin)
                opening = Decimal("0.5") if (account, coin) == ("A", "BTC") else ZERO
                expected = total([opening, expected, -fees, *(e.amount for e in came)])
                assert target.wallet(account, coin) == expected
            assert target.position(account, market, symbol).quantity == expected


@pytest.mark.spec("EXEC-08")
@given(histories, st.data())
def test_repeats_in_any_place_change_nothing(events: list[Event], data: st.DataObject) -> None:
    events = list(once(events))
    repeated = list(events)
    for event in data.draw(st.lists(st.sampled_from(events), max_size=8)) if events else ():
        repeated.insert(data.draw(st.integers(repeated.index(event) + 1, len(repeated))), event)
    assert apply_all(fresh(), repeated).to_plain() == apply_all(fresh(), events).to_plain()


@pytest.mark.spec("STATE-03")
@given(histories, histories)
def test_saved_and_loaded_it_goes_on_as_before(before: list[Event], after: list[Event]) -> None:
    target = apply_all(fresh(), before)
    target.mark_candle(*BTC_LINEAR, 50_000.1)
    target.observe(DAY_MS)
    target.reserve("waiting", "B", "USDT", target.available("B", "USDT") / 2)
    plain = json.loads(json.dumps(target.to_plain()))
    again = Portfolio.from_plain(INSTRUMENTS, plain)
    assert again.to_plain() == plain
    assert apply_all(again, after).to_plain() == apply_all(target, after).to_plain()
    assert again.equity() == target.equity()
    assert again.available("B", "USDT") == target.available("B", "USDT")


@given(histories)
def test_what_is_worth_something_is_worth_it_in_parts_too(events: list[Event]) -> None:
    target = apply_all(fresh(), events)
    for market, symbol in INSTRUMENTS:
        target.mark(market, symbol, Decimal("123.45"))
    parts = [target.equity(name) for name in target.accounts]
    assert target.equity() == total(part for part in parts if part is not None)


# Spot.


@pytest.mark.spec("EXEC-06")
def test_a_fee_in_the_coin_itself_makes_the_holding_smaller() -> None:
    target = portfolio(USDT="10000")
    target.apply(fill(BTC_SPOT, "0.1", "50000", "0.0001", "BTC"))
    position = target.position("A", *BTC_SPOT)
    assert target.wallets("A") == {"USDT": 5000, "BTC": Decimal("0.0999")}
    assert (position.quantity, position.average_price, position.fees) == (Decimal("0.0999"), 50000, 5)
    assert target.equity() == Decimal("9995")


def test_purchases_average_and_sales_leave_the_average_alone() -> None:
    target = portfolio(USDT="10000")
    target.apply(fill(BTC_SPOT, "0.1", "40000"))
    target.apply(fill(BTC_SPOT, "0.1", "60000"))
    assert target.position("A", *BTC_SPOT).average_price == 50000
    target.apply(fill(BTC_SPOT, "-0.05", "70000", "3.5"))
    position = target.position("A", *BTC_SPOT)
    assert (position.quantity, position.average_price, position.realised) == (Decimal("0.15"), 50000, 1000)
    assert target.wallet("A", "USDT") == Decimal("3496.5")


@pytest.mark.spec("CORE-09")
def test_dust_is_neither_a_position_nor_an_error() -> None:
    target = portfolio(USDT="10000")
    target.apply(fill(BTC_SPOT, "0.1", "50000", at_ms=1))
    applied = target.apply(fill(BTC_SPOT, "-0.09999", "50000", at_ms=2))
    assert applied is not None
    assert applied.ended
    assert not target.holds("A", *BTC_SPOT)
    target.apply(fill(BTC_SPOT, "0.1", "60000", at_ms=3))
    assert target.position("A", *BTC_SPOT).opened_ms == 3
    assert target.position("A", *BTC_SPOT).worst_price == 60000
    assert target.holds("A", *BTC_SPOT)


@pytest.mark.spec("CORE-08")
def test_coins_that_were_there_before_are_held_at_an_unknown_cost() -> None:
    target = portfolio(USDT="10000", BTC="1")
    assert target.position("A", *BTC_SPOT).quantity == 1
    assert target.position("A", *BTC_SPOT).average_price is None
    target.apply(fill(BTC_SPOT, "0.1", "50000"))
    assert target.position("A", *BTC_SPOT).average_price == 50000


def test_a_coin_without_an_instrument_is_worth_nothing_and_hides_nothing() -> None:
    target = portfolio(USDT="100", AIRDROP="1000000")
    assert target.equity() == 100


def test_equity_is_unknown_until_everything_held_has_a_price() -> None:
    target = portfolio(USDT="100", ETH="1")
    assert target.equity() is None
    assert target.exposure() is None
    assert target.observe(1) is None
    target.mark_candle(Market.SPOT, "ETHUSDT", float("nan"))
    assert target.equity("A") is None
    target.mark_candle(Market.SPOT, "ETHUSDT", 0.1)
    assert target.equity("A") == Decimal("100.1")
    assert target.exposure() == Decimal("0.1")


# Perpetuals.


def test_a_long_earns_when_the_price_rises() -> None:
    target = portfolio(USDT="10000")
    target.apply(fill(BTC_LINEAR, "0.1", "50000", "2.75", at_ms=7))
    target.mark(*BTC_LINEAR, Decimal("51000"))
    position = target.position("A", *BTC_LINEAR)
    assert (position.direction, position.opened_ms) == (Direction.LONG, 7)
    assert target.wallet("A", "USDT") == Decimal("9997.25")
    assert target.equity() == Decimal("10097.25")
    assert target.notional("A") == target.exposure() == 5100
    assert target.leverage("A") == 5100 / Decimal("10097.25")


def test_a_flip_closes_first_and_opens_with_the_rest() -> None:
    target = portfolio(USDT="10000")
    target.apply(fill(BTC_LINEAR, "0.1", "50000"))
    applied = target.apply(fill(BTC_LINEAR, "-0.3", "52000", "9", at_ms=5))
    position = target.position("A", *BTC_LINEAR)
    assert applied is not None
    assert (applied.closed, applied.opened) == (Decimal("0.1"), Decimal("0.2"))
    assert applied.ended
    assert applied.fresh
    assert applied.taken_off.gross == 200
    assert applied.taken_off.fees == 3
    assert (position.quantity, position.average_price, position.opened_ms) == (Decimal("-0.2"), 52000, 5)
    assert (position.fees, position.realised) == (6, 0)
    assert target.wallet("A", "USDT") == 10191


@pytest.mark.spec("FUND-07")
def test_funding_counts_once_and_goes_to_the_wallet() -> None:
    target = portfolio(USDT="10000")
    target.apply(fill(BTC_LINEAR, "-0.1", "50000"))
    payment = FundingPayment(
        2, "s1", "A", "BTCUSDT", Decimal("0.0001"), Decimal("-0.1"), Decimal("50000"), Decimal("0.5")
    )
    assert target.apply_funding(payment)
    assert not target.apply_funding(payment)
    assert target.wallet("A", "USDT") == Decimal("10000.5")
    assert target.position("A", *BTC_LINEAR).funding == Decimal("0.5")


@pytest.mark.spec("TREND-05")
def test_the_best_price_follows_the_candles_while_a_position_is_open() -> None:
    target = portfolio(USDT="10000")
    target.see(candle(60_000.0, 59_000.0, 59_500.0))
    target.apply(fill(BTC_LINEAR, "-0.1", "50000"))
    target.see(candle(51_000.0, 49_000.1, 50_000.0))
    target.see(candle(50_500.0, 49_500.0, 50_000.0))
    target.see(candle(1.0, 0.5, 0.7, (Market.LINEAR, "ETHUSDT")))
    position = target.position("A", *BTC_LINEAR)
    assert (position.best_price, position.worst_price) == (Decimal("49000.1"), 51000)


def test_the_stop_goes_with_its_position() -> None:
    target = portfolio(USDT="10000")
    target.apply(fill(BTC_LINEAR, "0.1", "50000"))
    target.apply_stop(StopPlaced(2, "A", "BTCUSDT", Decimal("49000")))
    assert target.stop("A", "BTCUSDT") == 49000
    target.apply(fill(BTC_LINEAR, "-0.1", "50000"))
    assert target.stop("A", "BTCUSDT") is None


# What may be spent.


@pytest.mark.spec("ORCH-07")
def test_the_same_money_cannot_be_spent_twice() -> None:
    target = portfolio(USDT="1000")
    target.reserve("one", "A", "USDT", Decimal("600"))
    assert target.available("A", "USDT") == 400
    with pytest.raises(
        NotEnoughError, match=r"Order two of A would spend 600 USDT, but 400 USDT is free: plan it again"
    ):
        target.reserve("two", "A", "USDT", Decimal("600"))
    target.release("one")
    target.reserve("two", "A", "USDT", Decimal("600"))
    assert target.reserved("A", "USDT") == 600


@pytest.mark.spec("ORCH-07")
def test_a_partial_fill_spends_its_part_of_the_reservation_and_the_last_gives_back_the_rest() -> None:
    target = portfolio(USDT="1000")
    target.reserve("o", "A", "USDT", Decimal("600"))
    target.apply(fill(BTC_SPOT, "0.004", "50000", done=False))
    assert (target.reserved("A", "USDT"), target.available("A", "USDT")) == (400, 400)
    target.apply(fill(BTC_SPOT, "0.006", "50000"))
    assert (target.reserved("A", "USDT"), target.available("A", "USDT")) == (0, 500)


@pytest.mark.spec("ORCH-07")
def test_margin_and_losses_of_perpetuals_are_spoken_for_and_profits_wait() -> None:
    target = portfolio(USDT="10000")
    target.apply_leverage(LeverageSet(1, "A", "BTCUSDT", Decimal(2), True))
    target.apply(fill(BTC_LINEAR, "0.1", "50000"))
    assert target.available("A", "USDT") == 7500
    target.mark(*BTC_LINEAR, Decimal("40000"))
    assert target.available("A", "USDT") == 7000
    target.mark(*BTC_LINEAR, Decimal("60000"))
    assert target.available("A", "USDT") == 7000


# Deposits and what isn't known.


def test_a_deposit_is_no_profit() -> None:
    target = portfolio(USDT="10000")
    target.observe(1)
    assert target.apply_cash_flow(CashFlow(2, "f1", "A", "USDT", Decimal("5000")))
    assert not target.apply_cash_flow(CashFlow(2, "f1", "A", "USDT", Decimal("5000")))
    assert target.observe(3) == 15000
    assert target.net_value.value == 1
    target.apply(fill(BTC_LINEAR, "1", "3000"))
    target.mark(*BTC_LINEAR, Decimal("1500"))
    target.observe(4)
    assert target.net_value.drawdown == Decimal("0.1")


def test_a_deposit_of_coins_without_a_price_is_no_profit_once_they_have_one() -> None:
    target = portfolio(USDT="10000")
    target.observe(1)
    target.apply_cash_flow(CashFlow(2, "f1", "A", "ETH", Decimal("2")))
    assert target.observe(3) is None
    target.mark(Market.SPOT, "ETHUSDT", Decimal("2500"))
    target.observe(4)
    assert (target.net_value.value, target.net_value.high_water) == (1, 15000)


def test_a_transfer_between_accounts_changes_nothing_for_the_portfolio() -> None:
    target = Portfolio(INSTRUMENTS, {"A": {"USDT": Decimal(700)}, "B": {"USDT": Decimal(300)}})
    target.observe(1)
    target.apply_cash_flow(CashFlow(2, "out", "A", "USDT", Decimal(-70)))
    target.apply_cash_flow(CashFlow(2, "in", "B", "USDT", Decimal(70)))
    target.observe(3)
    assert (target.net_value.drawdown, target.net_value.high_water.normalize()) == (0, 1000)


def test_unknown_names_are_told_in_a_sentence() -> None:
    target = portfolio(USDT="1")
    with pytest.raises(UnknownAccountError, match="Expected one of the accounts A, found 'Z'"):
        target.wallet("Z", "USDT")
    with pytest.raises(UnknownInstrumentError, match="No instrument describes 'XUSDT' on spot: load it first"):
        target.apply(fill((Market.SPOT, "XUSDT"), "1", "1"))
