"""How long the breaker stood at each level, as a table."""

from adapters.report.sheet import Sheet
from adapters.report.summary import Summary
from adapters.report.words import NOTHING, hours, percent

_HOUR_MS = 3_600_000


def levels(summary: Summary) -> Sheet:
    """Return one row for each level, from the mildest to the worst."""
    thresholds = summary.result.thresholds
    rows = tuple(
        (
            one.level,
            percent(thresholds.get(one.level), 0),
            hours(one.length_ms / _HOUR_MS) if one.length_ms else NOTHING,
            percent(one.share),
            f"{one.entered:,}",
        )
        for one in summary.level_times
    )
    return Sheet("Time at each level of the breaker", ("level", "from", "time", "of the run", "entered"), rows)
