"""`eternal exchange`: the simulated exchange on loopback, as Bybit V5."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import options
from adapters.cli.failure import ExitCode, Failure
from adapters.cli.made_up import FIRST_DAY, SEED
from runtime.timeframe import timeframe_ms

if TYPE_CHECKING:
    from adapters.history.folder import CandleFolder
    from adapters.served.application import Application
    from runtime.market_data import Key, MarketData

Coins = Mapping[str, Mapping[str, Decimal]]

YEARS = 3
FROM_DAY = "2021-01-01"
KEYS, STATE = Path("exchange-keys.json"), Path("paper-accounts.json")
TIMEFRAME = "1h"
LOWEST_SPEED, HIGHEST_SPEED = 0.001, 1e7
EVER_MS = 10**13
EVERY_CANDLE = 10**9


def exchange(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on loopback; 0 takes any that is free.")] = 0,
    data: Annotated[Path | None, typer.Option(help="A folder of market data.")] = None,
    generated: Annotated[bool, typer.Option("--generated", help="A made-up market, instead of --data.")] = False,
    start: Annotated[
        int | None,
        typer.Option("--from", parser=options.moment, metavar="DAY", help="Where the market starts, UTC."),
    ] = None,
    symbol: Annotated[list[str] | None, typer.Option(help="A symbol to trade; repeat it. Without any: all.")] = None,
    paper: Annotated[
        bool, typer.Option("--paper", help="Real prices as they come, with made-up accounts, instead of --data.")
    ] = False,
    host: Annotated[
        str | None, typer.Option(metavar="URL", help="With --paper: an exchange on loopback, instead of Bybit.")
    ] = None,
    state: Annotated[Path, typer.Option(help="With --paper: where the accounts are kept.")] = STATE,
    timeframe: Annotated[
        str | None,
        typer.Option(
            parser=options.timeframe,
            metavar="LENGTH",
            help="The shortest candles that are played; 1h, with --paper 1m.",
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(min=LOWEST_SPEED, max=HIGHEST_SPEED, help="How many times faster than life it goes.")
    ] = 1.0,
    step: Annotated[
        bool, typer.Option("--step", help="Hold the market until POST /control/advance lets it go on.")
    ] = False,
    gap: Annotated[float, typer.Option(min=0, help="Seconds that the market waits between two candles.")] = 0.1,
    accounts: Annotated[
        str,
        typer.Option(
            metavar="NAMES|FILE",
            help="Names such as main,trend,hodl (the first has --capital), or a JSON file of coins by account.",
        ),
    ] = "main",
    capital: Annotated[
        Decimal, typer.Option(parser=options.money, metavar="USDT", help="What the first account starts with.")
    ] = Decimal(100_000),
    earn: Annotated[
        Decimal | None,
        typer.Option(
            parser=options.ratio, metavar="RATIO", help="What coins lent out at Earn earn a year, such as 3%."
        ),
    ] = None,
    keys: Annotated[Path, typer.Option(help="Where the accounts' keys are written.")] = KEYS,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Let clients ask as often as they like.")] = False,
) -> None:
    """Be Bybit on loopback: REST and WebSockets over a recorded or made-up market, with accounts, keys and faults."""
    from adapters.served.application import Application
    from adapters.served.exchange import Setting
    from adapters.simulated.instruments import load_instruments

    held = accounts_of(accounts, capital)
    if paper:
        if data is not None or generated or step or start is not None:
            raise typer.BadParameter("expected none of --data, --generated, --from and --step beside --paper.")
        # It asks the real exchange, whose client takes long to load.
        from adapters.cli.paper import TIMEFRAME as PAPER_TIMEFRAME
        from adapters.cli.paper import Paper, paper_exchange

        asked = Paper(host, symbol or (), timeframe or PAPER_TIMEFRAME, state)
        with paper_exchange(asked, held, gap, limits=not no_limits) as following:
            _serve(following, port, keys, f"Its prices are those of {host or 'Bybit'}. Stop it with Ctrl+C.")
        return
    with _market(data, generated=generated) as folder:
        market, span = market_of(folder, start, symbol or (), timeframe or TIMEFRAME)
        pace = None if step else speed
        setting = Setting(load_instruments(), market, span, held, speed=pace, gap_s=gap, limits=not no_limits)
        application = Application(setting)
        if earn is not None:
            application.exchange.live.model.offer(earn, span[0])
        _serve(application, port, keys, _pace(pace))


def _serve(application: "Application", port: int, keys: Path, pace: str) -> None:
    from adapters.cli.screen import say
    from adapters.served.serving import LOOPBACK, listen, run

    application.exchange.members.write(keys)
    with listen(port) as listening:
        say(f"The exchange is at http://{LOOPBACK}:{listening.getsockname()[1]}; its keys are in {keys}.")
        say(pace)
        run(application, listening)


def _pace(pace: float | None) -> str:
    if pace is None:
        return "The market stands still until POST /control/advance lets it go on. Stop it with Ctrl+C."
    return f"The market goes {pace:g} times as fast as life. Stop it with Ctrl+C."


@contextmanager
def _market(data: Path | None, *, generated: bool) -> Iterator[Path]:
    """Give the folder of the market; one that is made up goes away afterwards."""
    if (data is None) != generated:
        raise typer.BadParameter("expected either --data FOLDER or --generated; give one of them.")
    if data is not None:
        yield data
        return
    from adapters.synthetic.market import write_market

    with TemporaryDirectory(prefix="eternal-exchange-") as folder:
        write_market(Path(folder), SEED, options.moment(FIRST_DAY), YEARS)
        yield Path(folder)


def market_of(
    folder: Path, start: int | None, symbols: Sequence[str], shortest: str
) -> tuple["MarketData", tuple[int, int]]:
    """Read every series of a folder that the exchange can trade, and say which span of it is played."""
    from adapters.history.folder import CandleFolder
    from adapters.history.market import load_market

    wanted = _series(CandleFolder(folder), symbols, shortest)
    if not wanted:
        raise Failure(
            f"Expected candles of {shortest} or longer that the exchange trades, found none in {folder}. "
            "Check --data, --symbol and --timeframe."
        )
    first_ms = options.moment(FROM_DAY) if start is None else start
    data = load_market(folder, wanted, first_ms, EVER_MS, EVERY_CANDLE, stand_ins=False)
    last_ms = max(int(frame["close_ms"][-1]) for frame in data.candles.values() if frame.height)
    return data, (first_ms, last_ms)


def _series(folder: "CandleFolder", symbols: Sequence[str], shortest: str) -> tuple["Key", ...]:
    from adapters.simulated.instruments import load_instruments

    return tuple(
        (market, symbol, timeframe)
        for market, symbol in load_instruments()
        if not symbols or symbol in symbols
        for timeframe in folder.timeframes(market, symbol, stand_ins=False)
        if timeframe_ms(timeframe) >= timeframe_ms(shortest)
    )


def accounts_of(text: str, capital: Decimal) -> Coins:
    """Read names, or a JSON file of coins by account; fails with a sentence for what is neither."""
    path = Path(text)
    if path.suffix == ".json":
        return _accounts_in(path)
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise Failure(f'Expected different names such as main,trend,hodl, found "{text}".', ExitCode.USAGE)
    return {name: {"USDT": capital} if number == 0 else {} for number, name in enumerate(names)}


def _accounts_in(path: Path) -> Coins:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return {
            str(name): {str(coin): Decimal(amount) for coin, amount in held.items()} for name, held in plain.items()
        }
    except (ValueError, AttributeError, TypeError, InvalidOperation):
        raise Failure(
            f'Expected accounts such as {{"main": {{"USDT": "1000"}}}} in {path}, found something else.', ExitCode.USAGE
        ) from None
