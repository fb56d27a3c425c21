"""Which version a machine goes by when rule files change between two steps, and what an engine remembers of that."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from adapters.simulated.instruments import load_instruments
from machines.catalogue import MACHINES
from rules.language.rulebook import Rulebook, load
from runtime.capital import portfolio_of
from runtime.engine import Engine
from runtime.events import Candle, CandleClose, Fill, FillKind, OrderAccepted, RulesReloaded, StopPlaced
from runtime.facts import vocabulary_for
from runtime.instrument import Market
from runtime.library import Library
from runtime.market_data import CANDLE_SCHEMA
from runtime.requests import PlaceOrder
from runtime.step import Decision, Notice, Step, VersionKept, VersionTaken
from runtime.versions import Reloads

pytestmark = pytest.mark.spec("RULE-08")
DAY_MS = 86_400_000
BOOK = """
book: trial
about: A trial.
machine: trend
account: TRIAL
market: linear
symbols: {symbols}
timeframe: 1d
directional: yes
{more}
params:
  gain: {gain}
exits:
  out:
    in: [IN_POSITION, TRAILING_STOP]
    when: position.profit > gain
    then: leave()
triggers:
  again:
    in: [NO_TRADE, STOPPED_OUT]
    when: known(close)
    then: look_again()
entries:
  long:
    in: SCANNING
    when: {when}
    {held}
    then: signal(side=long, risk=1%, stop_distance=1000 USDT/BTC)
"""
SHARES = "book: shares\nabout: All of it.\nshares:\n  trial: 100%\n"
LIMITS = "book: envelope\nabout: Limits.\nlimits:\n  leverage: {leverage}\n  largest_order: 100%\n"
LIMITS += "  orders_per_hour: 60\n  turnover_per_day: 1000%\n"
USUAL = {
    "symbols": "[BTCUSDT, ETHUSDT]",
    "more": "",
    "gain": "1000 USDT/BTC",
    "when": "close > 50000 USDT/BTC",
    "held": "",
}
Edit = Callable[..., str]


class Shelf:
    """Rule files in many versions, and an engine that began with the first of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.known = folder, dict[str, Rulebook]()
        self.candles: dict[str, dict[tuple[Market, str, str], pl.DataFrame]] = {}
        self.instruments = load_instruments()
        self.library = Library(self.known.__getitem__, self.candles.__getitem__)
        name = self.edit()
        self.first = self.known[name]
        portfolio = portfolio_of(self.first, {"trial": Decimal(1)}, Decimal(100_000), self.instruments)
        self.engine = Engine(self.first, ("trial",), portfolio, self.instruments, Reloads(self.library))
        self.engine.versions.name = name
        self.day_number = 0

    def edit(self, leverage: int = 3, **values: str) -> str:
        """Write the files with other values, and give their name."""
        (self.folder / "trial.yaml").write_text(BOOK.format(**{**USUAL, **values}))
        (self.folder / "shares.yaml").write_text(SHARES)
        (self.folder / "envelope.yaml").write_text(LIMITS.format(leverage=leverage))
        rulebook, findings = load(sorted(self.folder.glob("*.yaml")), MACHINES, vocabulary_for)
        assert rulebook is not None, findings
        name = f"{rulebook.version}.{len(self.known)}"
        self.known[name] = rulebook
        return name

    def reload(self, name: str = "", *problems: str, **more: object) -> Step:
        at_ms = 19_000 * DAY_MS + self.day_number * DAY_MS
        return self.engine.step(RulesReloaded(at_ms, name, problems, actor="anna", reason="a test", **more))  # type: ignore[arg-type]

    def day(self, **closes: float) -> Step:
        """Let a day close, and fill what was asked for at its close."""
        self.day_number += 1
        at_ms = 19_000 * DAY_MS + self.day_number * DAY_MS
        candles = tuple(
            Candle(Market.LINEAR, symbol, "1d", at_ms - DAY_MS, at_ms, close, close, close, close, 1_000.0)
            for symbol, close in closes.items()
        )
        step = self.engine.step(CandleClose(at_ms, candles))
        for request in step.requests:
            if isinstance(request, PlaceOrder):
                self.fill(request, at_ms, closes[request.symbol])
        return step

    def fill(self, order: PlaceOrder, at_ms: int, price: float) -> None:
        self.engine.step(OrderAccepted(at_ms, order.order_id))
        assert order.quantity is not None
        number = f"execution-{order.order_id}"
        self.engine.step(
            Fill(
                at_ms,
                number,
                order.order_id,
                order.account,
                order.market,
                order.symbol,
                order.side,
                order.quantity,
                Decimal(str(price)),
                Decimal(0),
                "USDT",
                False,
                FillKind.TRADE,
                True,
            )
        )
        if order.stop_loss is not None:
            self.engine.step(StopPlaced(at_ms, order.account, order.symbol, order.stop_loss))

    def version(self, symbol: str) -> str:
        return self.engine.instances["trial", symbol].book.version

    def again(self) -> Engine:
        """The engine that has only read what this one wrote down."""
        plain = json.loads(json.dumps(self.engine.to_plain()))
        return Engine.from_plain(
            self.known[self.engine.versions.name], ("trial",), self.instruments, plain, self.library
        )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def told(step: Step) -> str:
    return " ".join(record.text for record in step.records if isinstance(record, Notice))


def test_what_is_open_keeps_its_version_until_it_is_flat(shelf: Shelf) -> None:
    shelf.day(BTCUSDT=51_000, ETHUSDT=3_000)
    old, name = shelf.version("BTCUSDT"), shelf.edit(gain="5000 USDT/BTC")
    new = shelf.known[name].books["trial"].version

    step = shelf.reload(name)
    assert (shelf.version("BTCUSDT"), shelf.version("ETHUSDT")) == (old, new)
    assert VersionTaken("trial", "ETHUSDT", old, new) in step.records
    assert VersionKept("trial", "BTCUSDT", old, new) in step.records
    assert "trial BTCUSDT keeps the version that it has until it holds nothing" in told(step)

    out = shelf.day(BTCUSDT=53_000, ETHUSDT=3_000)
    assert [(one.rule, one.version) for one in out.records if isinstance(one, Decision)] == [("exits.out", old)]
    assert shelf.version("BTCUSDT") == new
    assert not shelf.engine.versions.waiting


def test_an_order_that_is_under_way_counts_as_open(shelf: Shelf) -> None:
    at_ms = 19_000 * DAY_MS
    step = shelf.engine.step(
        CandleClose(at_ms, (Candle(Market.LINEAR, "BTCUSDT", "1d", 0, at_ms, 51e3, 51e3, 51e3, 51e3, 1e3),))
    )
    order = next(one for one in step.requests if isinstance(one, PlaceOrder))
    old = shelf.version("BTCUSDT")
    shelf.reload(shelf.edit(gain="5000 USDT/BTC"))
    assert shelf.version("BTCUSDT") == old
    shelf.fill(order, at_ms, 51_000)
    assert shelf.version("BTCUSDT") == old


def test_a_book_that_adopts_changes_at_once_and_may_say_so_later(shelf: Shelf) -> None:
    shelf.day(BTCUSDT=51_000, ETHUSDT=3_000)
    old = shelf.version("BTCUSDT")
    shelf.reload(shelf.edit(gain="5000 USDT/BTC"))
    assert shelf.version("BTCUSDT") == old

    name = shelf.edit(gain="5000 USDT/BTC", more="adopt: yes")
    new = shelf.known[name].books["trial"].version
    assert new == shelf.version("ETHUSDT")
    shelf.reload(name)
    assert (shelf.version("BTCUSDT"), shelf.engine.versions.waiting) == (new, {})


def test_files_that_cant_be_used_change_nothing_and_alert(shelf: Shelf) -> None:
    before = shelf.engine.to_plain()
    step = shelf.reload("", "engines/trial.yaml:3:1: R001 `x` is wrong.", *(f"More {number}." for number in range(9)))
    assert [record.severity for record in step.records if isinstance(record, Notice)] == ["P1"]
    assert "engines/trial.yaml:3:1: R001 `x` is wrong." in told(step)
    assert "There are 5 more." in told(step)
    assert {**shelf.engine.to_plain(), "sequence": 0} == {**before, "sequence": 0, **_lived(shelf)}


def _lived(shelf: Shelf) -> dict[str, object]:
    """What the first event of all changes, whichever it is."""
    plain = shelf.engine.to_plain()
    return {name: plain[name] for name in ("lifecycle", "status", "board")}


def test_an_engine_remembers_who_goes_by_what(shelf: Shelf) -> None:
    shelf.day(BTCUSDT=51_000, ETHUSDT=3_000)
    shelf.reload(shelf.edit(gain="5000 USDT/BTC", leverage=2))
    again = shelf.again()
    assert again.to_plain() == shelf.engine.to_plain()
    assert again.envelope == shelf.engine.envelope
    versions = {key: one.book.version for key, one in shelf.engine.instances.items()}
    assert {key: one.book.version for key, one in again.instances.items()} == versions


def test_a_reload_forgets_nothing(shelf: Shelf) -> None:
    shelf.day(BTCUSDT=51_000, ETHUSDT=3_000)
    before = shelf.engine.to_plain()
    shelf.reload(shelf.edit(gain="5000 USDT/BTC"))
    after = shelf.engine.to_plain()
    assert {name for name in after if after[name] != before.get(name)} <= {"sequence", "rules"}
    assert after["decisions"] == before["decisions"] > 0


def test_an_engine_that_was_never_reloaded_says_nothing_of_it(shelf: Shelf) -> None:
    shelf.day(BTCUSDT=51_000, ETHUSDT=3_000)
    assert "rules" not in shelf.engine.to_plain()


def test_the_envelope_is_narrowed_by_a_reload_and_widened_by_a_start_only(shelf: Shelf) -> None:
    widened = shelf.reload(shelf.edit(leverage=5))
    assert shelf.engine.envelope.leverage == 3
    assert "leverage stays 3, because no reload widens the envelope" in told(widened)
    shelf.reload(shelf.edit(leverage=2))
    assert shelf.engine.envelope.leverage == 2
    shelf.reload(shelf.edit(leverage=5), at_start=True)
    assert shelf.engine.envelope.leverage == 5


def test_other_coins_need_a_start_and_wait_until_the_whole_book_is_flat(shelf: Shelf) -> None:
    shelf.day(BTCUSDT=51_000, ETHUSDT=3_000)
    name = shelf.edit(symbols="[BTCUSDT]", gain="900 USDT/BTC")
    refused = shelf.reload(name)
    assert "symbols of trial can't change while it trades" in told(refused)
    assert shelf.engine.versions.name != name

    shelf.reload(name, at_start=True, books=("trial",))
    assert list(shelf.engine.instances) == [("trial", "BTCUSDT"), ("trial", "ETHUSDT")]
    assert shelf.again().to_plain() == shelf.engine.to_plain()
    shelf.day(BTCUSDT=53_000, ETHUSDT=3_000)
    assert list(shelf.engine.instances) == [("trial", "BTCUSDT")]
    assert shelf.engine.books["trial"].symbols == ("BTCUSDT",)


def test_a_condition_that_has_held_for_a_while_begins_anew_only_where_it_changed(shelf: Shelf) -> None:
    held = {"held": "for: 2d"}
    shelf.reload(shelf.edit(**held))
    shelf.day(BTCUSDT=51_000, ETHUSDT=3_000)
    began = dict(shelf.engine.instances["trial", "BTCUSDT"].held_since)
    assert began
    shelf.reload(shelf.edit(gain="5000 USDT/BTC", **held))
    assert shelf.engine.instances["trial", "BTCUSDT"].held_since == began
    shelf.reload(shelf.edit(when="close > 49000 USDT/BTC", **held))
    assert shelf.engine.instances["trial", "BTCUSDT"].held_since == {}


def test_candles_that_were_fetched_are_there_at_the_next_decision(shelf: Shelf) -> None:
    shelf.day(BTCUSDT=49_000, ETHUSDT=3_000)
    hour = DAY_MS // 24
    now_ms = 19_000 * DAY_MS + DAY_MS
    rows = [(now_ms - (9 - n) * hour, now_ms - (8 - n) * hour, 60e3, 60e3, 60e3, 60e3, 1.0) for n in range(9)]
    frame = pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")
    shelf.candles["past"] = {(Market.LINEAR, symbol, "1h"): frame for symbol in ("BTCUSDT", "ETHUSDT")}
    shelf.reload(shelf.edit(when="sma(close@1h, 9) > 50000 USDT/BTC"), candles="past")
    step = shelf.day(BTCUSDT=49_000, ETHUSDT=3_000)
    assert {one.symbol for one in step.records if isinstance(one, Decision)} == {"BTCUSDT", "ETHUSDT"}


def test_files_that_are_in_force_already_change_nothing(shelf: Shelf) -> None:
    name = shelf.edit(gain="5000 USDT/BTC")
    shelf.reload(name)
    again = shelf.reload(name)
    assert not [record for record in again.records if isinstance(record, VersionTaken)]
    assert "Nothing has changed" in told(again)
