"""What was asked of a run, in a few lines that stand above every report."""

from decimal import Decimal

from adapters.report.summary import Summary
from adapters.report.words import counted, day, days, money, percent


def head(summary: Summary) -> list[str]:
    """Return the lines: when and on which data, with how much in which books, and on which terms."""
    settings, candles = summary.result.settings, summary.result.candles
    books = ", ".join(_share(book, settings.shares.get(book)) for book in settings.books)
    return [
        f"{day(settings.from_ms)} to {day(settings.to_ms)} ({days(summary.portfolio.days)}) on {settings.data}, "
        f"{counted(candles, 'candle')}",
        f"{money(settings.capital)} USDT in {books}",
        _terms(summary),
    ]


def _share(book: str, share: Decimal | None) -> str:
    return book if share is None else f"{book} {percent(share, 0)}"


def _terms(summary: Summary) -> str:
    settings = summary.result.settings
    costs = "" if settings.costs == 1 else f", all costs × {settings.costs:f}"
    waits = settings.acknowledge_after_ms
    operator = (
        "nobody acknowledges a halt" if waits is None else f"a halt is acknowledged after {waits / 3_600_000:g} h"
    )
    return (
        f"slippage {percent(settings.slippage, 2)}, at most {percent(settings.volume_share, 0)} of a candle's volume"
        f"{costs}; {operator}; rules {settings.rules_version}"
    )
