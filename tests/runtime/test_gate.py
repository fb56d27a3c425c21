"""Nothing that could open risk passes where it must not, and nothing that takes risk away is ever held up."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.breaker import Level
from machines.lifecycle import State
from runtime.gate import Purpose, account_of, decides, may, objections, purpose_of
from runtime.instrument import Market
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    EarnOrder,
    EarnSide,
    MoveMoney,
    OrderType,
    PlaceOrder,
    Request,
    SetLeverage,
    Side,
    TimeInForce,
)
from runtime.status import Hold, Status

ONE = Decimal(1)
BOOKS, ACCOUNTS = ("a", "b"), ("A", "B")
HOLDS = st.dictionaries(st.sampled_from(BOOKS), st.frozensets(st.sampled_from(Hold), min_size=1))
STATUSES = st.builds(
    Status,
    level=st.sampled_from([str(level) for level in Level]),
    entries_allowed=st.booleans(),
    drawdown_known=st.booleans(),
    lifecycle=st.sampled_from([str(state) for state in State]),
    paused=st.booleans(),
    exchange_away=st.booleans(),
    holds=HOLDS,
    revoked=st.sets(st.sampled_from(ACCOUNTS)),
)
ORDERS = st.builds(
    PlaceOrder,
    order_id=st.just("one"),
    account=st.sampled_from(ACCOUNTS),
    market=st.sampled_from(Market),
    symbol=st.just("BTCUSDT"),
    side=st.sampled_from(Side),
    order_type=st.sampled_from(OrderType),
    time_in_force=st.sampled_from(TimeInForce),
    quantity=st.just(ONE),
    reduce_only=st.booleans(),
)
PROTECTIVE = st.one_of(
    st.builds(CancelOrder, st.just("one"), st.sampled_from(ACCOUNTS), st.just(Market.LINEAR), st.just("BTCUSDT")),
    st.builds(ChangeStop, st.sampled_from(ACCOUNTS), st.just("BTCUSDT"), st.just(ONE)),
)
REQUESTS: st.SearchStrategy[Request] = st.one_of(
    ORDERS,
    PROTECTIVE,
    st.builds(SetLeverage, st.sampled_from(ACCOUNTS), st.just("BTCUSDT"), st.just(ONE)),
    st.builds(
        EarnOrder, st.just("one"), st.sampled_from(ACCOUNTS), st.just("ETH"), st.just(ONE), st.sampled_from(EarnSide)
    ),
    st.builds(MoveMoney, st.just("one"), st.sampled_from(ACCOUNTS), st.just("C"), st.just("USDT"), st.just(ONE)),
)


def could_open_risk(request: Request) -> bool:
    """Whether it could buy a coin, or open or enlarge a position, or take a coin out of reach."""
    if isinstance(request, EarnOrder):
        return request.side is EarnSide.STAKE
    if not isinstance(request, PlaceOrder) or request.reduce_only:
        return False
    return request.market is Market.LINEAR or request.side is Side.BUY


def forbidden(status: Status, book: str) -> bool:
    """Whether anything at all says that this book may open nothing."""
    return status.lifecycle != "RUNNING" or not status.entries_allowed or bool(status.holds.get(book))


@pytest.mark.spec("BRK-02", "BRK-04", "BRK-07", "LIFE-06")
@given(STATUSES, REQUESTS, st.sampled_from(BOOKS))
def test_the_gate(status: Status, request: Request, book: str) -> None:
    answer = may(purpose_of(request), status, book, account_of(request))
    opens, revoked = could_open_risk(request), account_of(request) in status.revoked
    if revoked or (opens and forbidden(status, book)):
        assert answer is not None
        assert answer.endswith(".")
    elif opens or isinstance(request, PlaceOrder | CancelOrder | ChangeStop | EarnOrder):
        assert answer is None


@given(STATUSES, st.sampled_from(Purpose), st.sampled_from(BOOKS), st.sampled_from(ACCOUNTS))
def test_the_answer_is_the_first_objection_and_every_objection_is_said_once(
    status: Status, purpose: Purpose, book: str, account: str
) -> None:
    found = list(objections(purpose, status, book, account))
    assert may(purpose, status, book, account) == (found[0] if found else None)
    assert len(set(found)) == len(found)
    assert not found or purpose is not Purpose.LOOK_UP


@pytest.mark.spec("LIFE-02", "LIFE-03")
@pytest.mark.parametrize(("state", "away"), tuple(product(State, (False, True))))
def test_money_moves_while_the_engine_lives_and_the_exchange_is_there(state: State, away: bool) -> None:
    status = Status(lifecycle=str(state), exchange_away=away)
    passes = may(Purpose.TRANSFER, status) is None
    assert passes == (state in (State.RUNNING, State.PAUSED) and not away)


def test_a_book_that_is_fenced_off_moves_no_money_and_a_paused_one_does() -> None:
    status = Status(lifecycle="RUNNING")
    status.hold("a", Hold.PAUSED)
    assert may(Purpose.TRANSFER, status, "a") is None
    status.hold("a", Hold.FENCED)
    assert may(Purpose.TRANSFER, status, "a") is not None


@pytest.mark.parametrize("state", State)
def test_rules_are_asked_while_it_runs_or_is_paused(state: State) -> None:
    assert decides(Status(lifecycle=str(state))) == (state in (State.RUNNING, State.PAUSED))


@given(STATUSES)
def test_what_is_held_back_survives_as_plain_data(status: Status) -> None:
    again = Status()
    again.restore(status.to_plain())
    assert (again.holds, again.revoked) == (status.holds, status.revoked)


def test_one_reason_less_leaves_the_others() -> None:
    status = Status()
    status.hold("a", Hold.PAUSED)
    status.hold("a", Hold.FENCED)
    status.release("a", Hold.PAUSED)
    assert (status.held(Hold.PAUSED), status.held(Hold.FENCED)) == (frozenset(), {"a"})
    status.release("a", Hold.FENCED)
    status.release("b", Hold.FENCED)
    assert status.holds == {}
