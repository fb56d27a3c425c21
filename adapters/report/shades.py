"""The monthly heat map: a year a row, and how strongly each return is coloured."""

from adapters.report.summary import Summary

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FULL = 0.20  # a month of twenty per cent has the full colour
_STEPS = 5


def month_rows(summary: Summary) -> list[tuple[int, list[float | None]]]:
    """Return each year with its twelve months, its own return and that of buy-and-hold; None where there is none."""
    return [
        (
            year,
            [
                *(summary.months.get((year, month)) for month in range(1, 13)),
                change,
                None if summary.benchmark is None else summary.benchmark_years.get(year),
            ],
        )
        for year, change in summary.years.items()
    ]


def strength(change: float) -> int:
    """Return −5 to 5; anything that isn't exactly nothing has at least one step."""
    if change == 0:
        return 0
    steps = min(_STEPS, 1 + int(abs(change) / _FULL * _STEPS))
    return steps if change > 0 else -steps
