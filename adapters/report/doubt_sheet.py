"""The doubts about a result as a table."""

from adapters.report.sheet import Sheet
from adapters.report.summary import Summary

COLUMNS = ("of", "doubt", "measured", "doubtful when", "rule")


def doubts(summary: Summary) -> list[Sheet]:
    """Return one row for each doubt that holds, and no table where the rules have no book of doubts."""
    held = summary.result.doubts
    if held is None:
        return []
    rows = tuple((one.book or "portfolio", one.says, one.value, one.when, one.place) for one in held)
    about = "Reasons to believe the result less than it looks; the limits stand in the rule file."
    return [Sheet("Doubts", COLUMNS, rows, text=len(COLUMNS), about=about, empty="None of those in the rules holds.")]
