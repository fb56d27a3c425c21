"""The real process of `eternal run`, against an exchange on loopback and a real PostgreSQL

Books, money, candles and changed rule files are given as in any other scenario; a day's candle closes and the next one
opens when the scenario says so. Seconds are those of life; longer times pass at once, by the clocks of both.
"""

import shutil
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.postgres.failure import StoreError
from adapters.postgres.server import PrivateServer
from features.steps.live_database import empty_database
from features.steps.live_world import Live
from features.steps.scene import Scene
from features.steps.sentence import says


@pytest.fixture(scope="session")
def live_server() -> Iterator[PrivateServer]:
    """A PostgreSQL server of its own for all scenarios; where none can be started they are skipped."""
    # Not below pytest's own folder, which the user who runs PostgreSQL may not enter.
    folder = Path(tempfile.mkdtemp(prefix="eternal-live-"))
    server = PrivateServer(folder / "postgres")
    try:
        server.start()
    except StoreError as error:
        pytest.skip(f"This scenario needs a PostgreSQL, and none can be started here: {error}")
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def live(scene: Scene, tmp_path: Path, live_server: PrivateServer) -> Iterator[Live]:
    """What runs in a scenario of the real process; all of it ends with the scenario."""
    folder = tmp_path / "live"
    folder.mkdir()
    live = Live(scene, folder, empty_database(live_server))
    yield live
    live.close()


# ── the process ─────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the engine runs against the local exchange")
def _(live: Live) -> None:
    """A process of `eternal run` trades with the books that were given; every account is reconciled."""
    live.start_trading()


@says("the process is killed")
def _(live: Live) -> None:
    """It ends in the middle of whatever it does, as in a power failure."""
    live.process.kill()


@says("the process dies as soon as the next order has reached the exchange")
def _(live: Live) -> None:
    """It ends before it could read the answer."""
    live.exchange.on_order = live.process.kill


@says("the process is dead")
def _(live: Live) -> None:
    """It has ended, however that came."""
    live.expect(lambda: not live.process.runs, "the end of the process")
    live.exchange.on_order = bool


@says("the process is stopped")
def _(live: Live) -> None:
    """It is asked to end, and ends by itself."""
    code = live.process.stop()
    assert code == 0, f"It has ended with {code}. {live.process.last_words()}"


@says("the process is started again")
def _(live: Live) -> None:
    """It begins anew in the same working folder, and trades once every account is reconciled."""
    live.start_trading()


@says("the engine is started")
def _(live: Live) -> None:
    """A process of `eternal run` begins; it may find that it can't trade."""
    live.start()


@says("the engine ends, saying {words:Quoted}")
def _(live: Live, words: str) -> None:
    """It has not traded, and says to the person at the terminal why."""
    code = _ended_without_trading(live)
    assert code != 0, f"It has ended as if all were well. {live.process.last_words()}"
    assert live.process.says(words), live.process.last_words()


@says("a second engine is started on the same database")
def _(live: Live) -> None:
    """Another process in the same working folder."""
    live.start()


@says("it ends, saying that the first one writes the store")
def _(live: Live) -> None:
    """The refusal names the process that has the lease."""
    first, second = live.processes[-2:]
    assert _ended_without_trading(live) != 0, second.last_words()
    assert second.says(f"The store is written by eternal run (process {first.number} on "), second.last_words()
    assert first.runs, first.last_words()
    live.processes.pop()


def _ended_without_trading(live: Live) -> int:
    live.expect(lambda: not live.process.runs or live.process.trades, "the end of the process")
    assert not live.process.trades, f"It trades. {live.process.last_words()}"
    return live.process.ended()


# ── a person ────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the operator enters {words:Quoted}")
def _(live: Live, words: str) -> None:
    """A person at a terminal, in the working folder: everything behind `eternal`."""
    live.enter(words)


@says("the terminal says {words:Quoted}")
def _(live: Live, words: str) -> None:
    """What the last command has printed has these words."""
    assert words in live.printed, f"It says: {live.printed}"


@says("{command:Quoted} at the terminal says {words:Quoted}")
def _(live: Live, command: str, words: str) -> None:
    """The command is entered until it says so."""

    def answers() -> bool:
        live.enter(command)
        return words in live.printed

    live.expect(answers, f"{words} from `eternal {command}`")


# ── the market ──────────────────────────────────────────────────────────────────────────────────────────────────────


@says("{symbol:Symbol} goes on {trend:Trend} {ratio:Percent} a day")
def _(live: Live, symbol: str, trend: int, ratio: Decimal) -> None:
    """The candles after the given ones; a symbol of which nothing is said stays where it is."""
    live.ahead[symbol] = float(trend * ratio)


@says("the candle of the day closes")
def _(live: Live) -> None:
    """The market stands between two days: what is ordered now is filled when the next one opens."""
    live.close_candles()


@says("the next one opens")
def _(live: Live) -> None:
    """A new day begins once the engine has decided on the last one, and waiting orders are filled."""
    live.expect(lambda: live.candle_ms in live.candles_seen(), "the decision on the day's candle")
    live.open_candles()


@says("the next one opens without it")
def _(live: Live) -> None:
    """A new day begins while no engine decides on the last one."""
    live.open_candles()


@says("{days:Whole} days go by that nobody can write down")
def _(live: Live, days: int) -> None:
    """Candles close and open one after another, whether the engine keeps up or not."""
    for _ in range(days):
        live.close_candles()
        live.open_candles()


@says("{span:Span} go[es] by")
def _(live: Live, span: int) -> None:
    """Time passes at once, inside a day: the clocks of the process and of the exchange are set on."""
    live.pass_time(span)
