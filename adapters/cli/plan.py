"""What a back-test is asked for; the same plan over the same files gives the same run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from runtime.instrument import Market

DAY_MS = 86_400_000
DEFAULT_BOOKS = ("core-hodl", "trend-1", "trend-2", "tactical")
DEFAULT_CAPITAL = Decimal(100_000)
DEFAULT_SLIPPAGE = Decimal("0.0005")
DEFAULT_VOLUME_SHARE = Decimal("0.10")
DEFAULT_WAIT_MS = 7 * DAY_MS


class Inside(StrEnum):
    """What is assumed to have happened inside a candle that a book decides on.

    Finer candles tell where the data have them, else the worst comes first. The others look at the book's own candles
    alone, with the worst or the best first.
    """

    FINER = "finer"
    WORST = "worst"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class CandleFile:
    """One file of candles instead of a folder of market data."""

    path: Path
    market: Market
    symbol: str
    timeframe: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Which rules trade on which data, when, and on which terms.

    The market data are a folder or one file. Without a start or an end the run begins or ends with the data. `costs`
    multiplies fees and slippage. `wait_ms` is the time after which somebody acknowledges a halt; None: nobody does.
    With an `environment` the rules have its values. Without books those run for which there are data. `volume_share` is
    the largest part of a candle's volume for one order. Entries of books of one market reach the exchange `late_bars`
    candles of the book after they were decided.
    """

    rules: Path
    source: Path | CandleFile
    books: tuple[str, ...] = DEFAULT_BOOKS
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    capital: Decimal = DEFAULT_CAPITAL
    from_ms: int | None = None
    to_ms: int | None = None
    costs: Decimal = Decimal(1)
    slippage: Decimal = DEFAULT_SLIPPAGE
    wait_ms: int | None = DEFAULT_WAIT_MS
    stand_ins: bool = True
    environment: str = ""
    volume_share: Decimal = DEFAULT_VOLUME_SHARE
    late_bars: int = 0
    inside: Inside = Inside.FINER

    def to_plain(self) -> dict[str, Any]:
        """Give the plan as JSON-able data, with paths that hold from any working directory."""
        source = self.source
        file = source if isinstance(source, CandleFile) else None
        return {
            "rules": str(self.rules.resolve()),
            "data": str(source.resolve()) if isinstance(source, Path) else None,
            "file": file and [str(file.path.resolve()), file.market.value, file.symbol, file.timeframe],
            "books": list(self.books),
            "shares": {name: str(share) for name, share in self.shares.items()},
            "capital": str(self.capital),
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
            "costs": str(self.costs),
            "slippage": str(self.slippage),
            "wait_ms": self.wait_ms,
            "stand_ins": self.stand_ins,
            "environment": self.environment,
            "volume_share": str(self.volume_share),
            "late_bars": self.late_bars,
            "inside": self.inside.value,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Plan":
        """Read what `to_plain` wrote."""
        file = plain["file"]
        return cls(
            rules=Path(plain["rules"]),
            source=Path(plain["data"]) if file is None else CandleFile(Path(file[0]), Market(file[1]), *file[2:]),
            books=tuple(plain["books"]),
            shares={name: Decimal(share) for name, share in plain["shares"].items()},
            capital=Decimal(plain["capital"]),
            from_ms=plain["from_ms"],
            to_ms=plain["to_ms"],
            costs=Decimal(plain["costs"]),
            slippage=Decimal(plain["slippage"]),
            wait_ms=plain["wait_ms"],
            stand_ins=plain["stand_ins"],
            # Runs that were kept before there were these have none.
            environment=plain.get("environment", ""),
            volume_share=Decimal(plain.get("volume_share", DEFAULT_VOLUME_SHARE)),
            late_bars=plain.get("late_bars", 0),
            inside=Inside(plain.get("inside", Inside.FINER)),
        )
