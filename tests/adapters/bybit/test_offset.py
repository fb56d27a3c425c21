"""The exchange's time, and what happens when ours is another."""

from typing import Any

import pytest

from adapters.bybit.client import Client, NoAnswerError
from adapters.bybit.fields import MalformedError
from adapters.bybit.offset import ExchangeClock, Offset
from adapters.bybit.reachability import Reachability
from adapters.clock import now_ms
from runtime.events import Event, ExchangeBack, ExchangeLost

TIME = "/v5/market/time"


def at(ms: int) -> dict[str, str]:
    return {"timeSecond": str(ms // 1000), "timeNano": str(ms * 1_000_000)}


@pytest.mark.spec("DATA-06")
@pytest.mark.parametrize("ahead_ms", [-90_000, 0, 4000])
def test_the_offset_of_the_wall_clock_is_measured(exchange: Any, client: Client, ahead_ms: int) -> None:
    before = now_ms()
    exchange.good(TIME, at(before - ahead_ms))
    clock = ExchangeClock()
    offset = clock.measure(client)
    assert ahead_ms <= offset.ahead_ms <= ahead_ms + now_ms() - before
    assert before - ahead_ms <= clock.now_ms() <= now_ms() - ahead_ms


def test_time_never_goes_back(exchange: Any, client: Client) -> None:
    exchange.good(TIME, at(5_000_000))
    clock = ExchangeClock(speed=0)
    clock.measure(client)
    clock.heard(6_000_000)
    assert clock.now_ms() == 6_000_000
    clock.measure(client)
    clock.heard(5_500_000)
    assert clock.now_ms() == 6_000_000


def test_a_fast_exchange_has_a_fast_clock(exchange: Any, client: Client, wait: Any) -> None:
    exchange.good(TIME, at(5_000_000))
    clock = ExchangeClock(speed=3600)
    clock.measure(client)
    wait(lambda: clock.now_ms() > 5_000_000 + 60_000)


@pytest.mark.parametrize("nanoseconds", ["", "soon", "-5", "9" * 40])
def test_a_time_that_is_none_is_refused(exchange: Any, client: Client, nanoseconds: str) -> None:
    exchange.good(TIME, {"timeNano": nanoseconds})
    with pytest.raises(MalformedError):
        ExchangeClock().measure(client)
    exchange.says(TIME, exchange.said("", 502))
    with pytest.raises(NoAnswerError):
        ExchangeClock().measure(client)


class Watched:
    def __init__(self, checks_clock: bool = True) -> None:
        self.events: list[Event] = []
        self.told: list[str] = []
        self.reach = Reachability(
            self.events.append, lambda _, sentence: self.told.append(sentence), 0, 30_000, checks_clock
        )


@pytest.mark.spec("DATA-06")
def test_a_clock_that_is_a_little_off_is_told_once_and_one_far_off_stops_everything() -> None:
    watched = Watched()
    watched.reach.answered(Offset(900, 5), 1, 1)
    assert (watched.told, watched.events) == ([], [])
    watched.reach.answered(Offset(-1200, 5), 2, 2)
    watched.reach.answered(Offset(-1300, 5), 3, 3)
    assert len(watched.told) == 1
    assert "1.2 s behind" in watched.told[0]
    assert watched.events == []
    watched.reach.answered(Offset(-3500, 5), 4, 4)
    (lost,) = watched.events
    assert isinstance(lost, ExchangeLost)
    assert "3.5 s behind" in lost.reason
    for moment in (5, 6, 7):
        assert len(watched.events) == 1
        watched.reach.answered(Offset(10, 5), moment, moment)
    assert watched.events[-1] == ExchangeBack(7)


def test_a_slow_line_is_no_wrong_clock() -> None:
    watched = Watched()
    watched.reach.answered(Offset(1500, 900), 1, 1)
    assert watched.told == []


def test_an_exchange_with_a_time_of_its_own_is_not_compared_with_ours() -> None:
    watched = Watched(checks_clock=False)
    watched.reach.answered(Offset(70_000_000_000, 5), 1, 1)
    assert (watched.told, watched.events) == ([], [])


@pytest.mark.spec("LIFE-03")
def test_half_a_minute_without_an_answer_is_a_loss_and_three_answers_are_the_end_of_it() -> None:
    watched = Watched()
    watched.reach.answered(Offset(0, 5), 1, 1000)
    watched.reach.silent("no answer", 2, 30_999)
    assert watched.events == []
    watched.reach.silent("no answer", 3, 31_000)
    watched.reach.silent("no answer", 4, 36_000)
    assert watched.events == [ExchangeLost(3, "no answer for 30 s")]
    watched.reach.answered(Offset(0, 5), 5, 40_000)
    watched.reach.answered(Offset(0, 5), 6, 41_000)
    watched.reach.silent("no answer", 7, 42_000)
    watched.reach.answered(Offset(0, 5), 8, 43_000)
    watched.reach.answered(Offset(0, 5), 9, 44_000)
    assert len(watched.events) == 1
    watched.reach.answered(Offset(0, 5), 10, 45_000)
    assert watched.events[-1] == ExchangeBack(10)


@pytest.mark.spec("DATA-06")
def test_a_clock_that_is_ahead_is_refused_long_before_one_that_is_behind() -> None:
    watched = Watched()
    watched.reach.answered(Offset(995, 5), 1, 1)
    assert watched.events == []
    watched.reach.answered(Offset(1100, 5), 2, 2)
    (lost,) = watched.events
    assert isinstance(lost, ExchangeLost)
    assert "1.1 s ahead of" in lost.reason
