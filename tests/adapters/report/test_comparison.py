from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.report.comparison import Compared, sheets_of, to_html, warnings
from adapters.report.document import document
from runtime.run import RunResult

pytestmark = pytest.mark.spec("BT-05")


@pytest.fixture
def pair(result: RunResult, changed: Callable[..., RunResult]) -> list[Compared]:
    better = tuple(replace(point, total=point.total * (1 + index)) for index, point in enumerate(result.equity))
    return [Compared("plain", document(result)), Compared("better", document(changed(equity=better)))]


def test_each_run_has_its_own_column_and_figures(pair: list[Compared]) -> None:
    figures, books, terms = sheets_of(pair)
    assert figures.columns == ("", "plain", "better")
    (total,) = [row for row in figures.rows if row[0] == "total return"]
    assert total[1] != total[2]
    assert [row[0] for row in books.rows] == ["core-hodl", "trend-1"]
    assert {row[0]: row[1:] for row in terms.rows}["capital, USDT"] == ("1,000.00", "1,000.00")


def test_unlike_runs_are_called_unlike(pair: list[Compared], result: RunResult) -> None:
    assert warnings(pair) == []
    longer = replace(result, settings=replace(result.settings, to_ms=result.settings.to_ms + 1))
    assert warnings([pair[0], Compared("longer", document(longer))]) == [
        "The runs differ in span, so their figures are not like for like."
    ]


def test_the_page_has_a_curve_for_each_run(pair: list[Compared]) -> None:
    page = to_html(pair)
    assert page.count('<path class="line') == 2
    assert "2 runs compared: plain, better." in page


def test_a_run_in_which_nothing_happened_can_be_compared(pair: list[Compared], nothing: RunResult) -> None:
    assert "nothing" in to_html([*pair, Compared("nothing", document(nothing))])
