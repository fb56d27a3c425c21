"""Options of commands that play history: which data, which span, which rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli import options
from adapters.cli.plan import CandleFile, Plan
from runtime.instrument import Market

DATA, FILE = "Market data", "One file of candles"

Books = Annotated[
    list[str] | None, typer.Argument(metavar="[BOOK]…", help="Books; without any, those that a back-test runs.")
]
Data = Annotated[Path | None, typer.Option(help="A folder of market data.", rich_help_panel=DATA)]
From = Annotated[
    int | None,
    typer.Option("--from", parser=options.moment, metavar="DAY", help="The start, UTC; else where the data begin."),
]
To = Annotated[
    int | None,
    typer.Option("--to", parser=options.moment, metavar="DAY", help="The end, UTC; else where the data end."),
]
Candles = Annotated[
    Path | None, typer.Option(help="A CSV or Parquet file of candles, instead of --data.", rich_help_panel=FILE)
]
Symbol = Annotated[str | None, typer.Option(help="Its symbol, such as BTCUSDT.", rich_help_panel=FILE)]
MarketName = Annotated[
    Market | None, typer.Option(parser=options.market, metavar="MARKET", help="spot or linear.", rich_help_panel=FILE)
]
Timeframe = Annotated[
    str | None, typer.Option(parser=options.timeframe, metavar="LENGTH", help="1h, 4h, 1d, …", rich_help_panel=FILE)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result for a machine.")]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the candles are: a folder, or a file with what its candles are of."""

    data: Path | None
    candles: Path | None
    symbol: str | None
    market: Market | None
    timeframe: str | None

    @property
    def path(self) -> Path | CandleFile:
        """The folder or the file; fails with a sentence where it is neither or both."""
        from adapters.cli.backtest import source_of

        return source_of(self.data, self.candles, self.symbol, self.market, self.timeframe)


def plan_of(
    books: Sequence[str] | None,
    source: Source,
    span: tuple[int | None, int | None],
    rules: Path | None,
    environment: str,
) -> Plan:
    """Return the plan of a run on the usual terms."""
    from adapters.cli.places import rules_folder

    return Plan(
        rules=rules_folder(rules),
        environment=environment,
        source=source.path,
        books=tuple(books or ()),
        from_ms=span[0],
        to_ms=span[1],
    )
