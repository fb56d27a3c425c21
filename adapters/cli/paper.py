"""An exchange with made-up accounts at the prices of a real one, which are read as everybody may read them."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import polars as pl

from adapters.bybit.history import ORDINARY_FEES, Fees
from adapters.bybit.hosts import HostRefusedError, Mode, hosts_of
from adapters.bybit.klines import interval_of
from adapters.bybit.past import Past
from adapters.cli.failure import ExitCode, Failure
from adapters.cli.screen import say
from adapters.served.application import Application
from adapters.served.exchange import Setting
from adapters.served.following import Following
from adapters.served.following_player import FollowingPlayer
from adapters.simulated.instruments import load_instruments
from runtime.events import Candle
from runtime.instrument import Instrument, Market
from runtime.market_data import CANDLE_SCHEMA, FUNDING_SCHEMA, Key, MarketData, MarketDataError
from runtime.timeframe import timeframe_ms

TIMEFRAME = "1m"
LONGER = ("1h", "4h", "1d")
"""The lengths of which there is a long history; others are built from these."""
CANDLES = 4_000
SHORT_MS, DAY_MS = 2 * 86_400_000, 86_400_000
RATES_MS = 365 * DAY_MS
NO_PAUSES: Sequence[float] = ()
Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Paper:
    """What is followed: whose prices, of which symbols (all that are known where none is named), by which candles."""

    host: str | None
    symbols: Sequence[str]
    timeframe: str
    state: Path


@contextmanager
def paper_exchange(paper: Paper, accounts: Mapping[str, Any], gap_s: float, *, limits: bool) -> Iterator[Application]:
    """Give an exchange that stands where the real market does; fails with a sentence where that can't be seen."""
    try:
        interval_of(paper.timeframe)
    except ValueError as error:
        raise Failure(str(error), ExitCode.USAGE) from None
    with _alone(paper.state), _followed(paper) as past:
        kept = kept_in(paper.state, accounts)
        instruments = _instruments(past, paper.symbols)
        _refuse_to_lose(kept, instruments, paper.state)
        span, data = _read(past, instruments, paper.timeframe, kept)
        follows = Following(past, paper.timeframe, lambda plain: _keep(paper.state, plain), say, kept)
        setting = Setting(instruments, data, span, accounts, speed=1.0, gap_s=gap_s, limits=limits, follows=follows)
        application = _opened(setting, paper.state)
        assert isinstance(application.player, FollowingPlayer)
        application.player.catch_up()
        yield application


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep others from the accounts while the context lasts: what one writes the other would undo."""
    try:
        lock = file.with_name(f"{file.name}.lock").open("w")
    except OSError as error:
        raise Failure(f"Expected a place for the accounts in {file}, found none ({error}). Check --state.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                f"Expected the accounts in {file} for this exchange alone, found another one that keeps them. Stop "
                "that one first, or give another --state."
            ) from None
        yield


@contextmanager
def _followed(paper: Paper) -> Iterator[Past]:
    try:
        past = Past(hosts_of(Mode.MAINNET if paper.host is None else Mode.LOCAL, paper.host), Event().wait, NO_PAUSES)
    except HostRefusedError as error:
        raise Failure(str(error), ExitCode.USAGE) from None
    try:
        yield past
    except MarketDataError as error:
        raise Failure(f"Paper trading needs real prices, and so a network. {error}") from None
    finally:
        past.close()


def kept_in(file: Path, accounts: Iterable[str]) -> Plain | None:
    """Read what was kept of an exchange; None where there was none. Fails where it can't be used."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        members, _, _ = list(kept["members"]), int(kept["reached_ms"]), dict(kept["settled_ms"])
        _ = [symbol for _, symbol, _ in kept["live"]["model"]["prices"]]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise _unusable(file) from None
    if members != list(accounts):
        raise Failure(
            f"Expected the accounts {', '.join(members)}, which {file} holds, found {', '.join(accounts)}. Name them, "
            "or give another --state."
        )
    return dict(kept)


def _refuse_to_lose(kept: Plain | None, instruments: Iterable[tuple[Market, str]], state: Path) -> None:
    """What the accounts may hold has to have a price."""
    known = {symbol for _, symbol in instruments}
    lost = sorted({symbol for _, symbol, _ in kept["live"]["model"]["prices"]} - known) if kept is not None else []
    if lost:
        raise Failure(
            f"Expected {', '.join(lost)} among the symbols, in which the accounts in {state} may have traded, found "
            f"{', '.join(sorted(known))}. Add `--symbol {lost[0]}`, or give another --state."
        )


def _opened(setting: Setting, state: Path) -> Application:
    try:
        return Application(setting)
    except (ValueError, KeyError, TypeError, ArithmeticError):
        raise _unusable(state) from None


def _unusable(file: Path) -> Failure:
    return Failure(
        f"Expected in {file} what was kept of a paper exchange, found something else. Put back a copy of it, or move "
        "it away to begin anew."
    )


def _keep(file: Path, plain: Plain) -> None:
    """A reader finds the old state or the new one, never half of one."""
    draft = file.with_name(f"{file.name}.new")
    try:
        with draft.open("w", encoding="utf-8") as opened:
            json.dump(plain, opened)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(draft, file)
    except OSError as error:
        say(f"The paper accounts could not be kept in {file} ({error}). Make room, or give another --state.")


# ── what is read of the real market ────────────────────────────────────────────────────────────────────────────────


def _instruments(past: Past, symbols: Sequence[str]) -> Mapping[tuple[Market, str], Instrument]:
    shipped = load_instruments()
    wanted = [(market, symbol) for market in Market for symbol in symbols] or list(shipped)
    fees = {
        key: Fees(shipped[key].maker_fee, shipped[key].taker_fee) if key in shipped else ORDINARY_FEES[key[0]]
        for key in wanted
    }
    found = past.instruments(wanted, fees)
    lacking = [symbol for symbol in symbols if not any((market, symbol) in found for market in Market)]
    if lacking or not found:
        raise Failure(f"Expected {', '.join(lacking) or 'symbols'} to be traded there, found none. Check --symbol.")
    return found


def _read(
    past: Past, instruments: Mapping[tuple[Market, str], Instrument], timeframe: str, kept: Plain | None
) -> tuple[tuple[int, int], MarketData]:
    """Read what was before the moment at which the exchange goes on, or begins."""
    length_ms = timeframe_ms(timeframe)
    start_ms = past.now_ms() // length_ms * length_ms if kept is None else int(kept["reached_ms"])
    candles = {
        (*key, length): _frame(past.candles((*key, length), *_span(length, start_ms)), start_ms)
        for key in instruments
        for length in dict.fromkeys([timeframe, *LONGER])
        if timeframe_ms(length) >= length_ms and timeframe_ms(length) % length_ms == 0
    }
    settled: Mapping[str, int] = {} if kept is None else kept["settled_ms"]
    funding = {
        symbol: pl.DataFrame(
            past.funding(symbol, start_ms - RATES_MS, settled.get(symbol, start_ms) + 1),
            schema=FUNDING_SCHEMA,
            orient="row",
        )
        for market, symbol in instruments
        if market is Market.LINEAR
    }
    return (start_ms, start_ms), MarketData(_without_empty(candles, timeframe), funding)


def _span(timeframe: str, until_ms: int) -> tuple[int, int]:
    length_ms = timeframe_ms(timeframe)
    return until_ms - (CANDLES * length_ms if timeframe in LONGER else SHORT_MS), until_ms


def _frame(candles: Sequence[Candle], until_ms: int) -> pl.DataFrame:
    ended = (candle for candle in candles if candle.close_ms <= until_ms)
    rows = [tuple(getattr(candle, name) for name in CANDLE_SCHEMA) for candle in ended]
    return pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")


def _without_empty(candles: Mapping[Key, pl.DataFrame], timeframe: str) -> Mapping[Key, pl.DataFrame]:
    """Leave out longer candles that there are none of: the short ones make them."""
    return {key: frame for key, frame in candles.items() if frame.height or key[2] == timeframe}
