"""What a folder of market data has."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.history.missing import gaps
from adapters.history.series_file import TIME, SeriesFile, files_in
from adapters.history.venues import CANDLE_VENUES, FUNDING_VENUES
from runtime.market_data import SYNTHETIC_LABEL, MarketDataError

_NAMES = {venue.folder: venue.name for venues in CANDLE_VENUES.values() for venue in venues if not venue.stands_in}
_NAMES |= {venue.folder: venue.name for venue in FUNDING_VENUES}


@dataclass(frozen=True, slots=True)
class Holding:
    """One series: its usable rows, and how many are missing between the first and the last; or why it can't be read.

    Times are those of the rows, in milliseconds UTC.
    """

    file: SeriesFile
    rows: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    missing: int = 0
    problem: str = ""

    @property
    def source(self) -> str:
        """Whose numbers these are."""
        if (self.file.directory / SYNTHETIC_LABEL).is_file():
            return "made up"
        return _NAMES.get(self.file.venue, self.file.venue) or "alternative.me"


def holdings(directory: Path) -> Iterator[Holding]:
    """Yield each series of a folder; raises MarketDataError where there is no folder."""
    for file in files_in(directory)[0]:
        try:
            rows = file.read()
        except MarketDataError as problem:
            yield Holding(file, problem=str(problem))
            continue
        if rows.height == 0:
            yield Holding(file, problem=f"Expected at least one usable row, found none in {file.path}. Delete it.")
            continue
        lacking = sum(count for _, count in gaps(file, rows))
        yield Holding(file, rows.height, int(rows[TIME][0]), int(rows[TIME][-1]), lacking)
