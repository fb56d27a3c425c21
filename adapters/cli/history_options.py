"""Options of commands that play history: which data, which span, which rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli import options
from adapters.cli.plan import CandleFile, Plan
from runtime.instrument import Market

DATA, FILE, TERMS = "Market data", "One file of candles", "Terms"

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
Costs = Annotated[
    Decimal,
    typer.Option(parser=options.multiple, metavar="TIMES", help="Multiply fees and slippage.", rich_help_panel=TERMS),
]
Slippage = Annotated[
    Decimal,
    typer.Option(
        parser=options.ratio,
        metavar="RATIO",
        help="How much worse market orders fill.",
        rich_help_panel=TERMS,
        show_default="0.05%",
    ),
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
        described = (self.symbol, self.market, self.timeframe)
        if (self.data is None) == (self.candles is None):
            raise typer.BadParameter("expected either --data FOLDER or --candles FILE; give one of them.")
        if self.data is not None:
            if any(one is not None for one in described):
                raise typer.BadParameter(
                    "--symbol, --market and --timeframe describe a file of --candles; leave them out."
                )
            return self.data
        if self.candles is None or self.symbol is None or self.market is None or self.timeframe is None:
            raise typer.BadParameter(
                "a file of candles doesn't say what it is; give --symbol, --market and --timeframe too."
            )
        return CandleFile(self.candles, self.market, self.symbol, self.timeframe)


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
