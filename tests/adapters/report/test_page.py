import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from adapters.report.page import to_html
from runtime.run import RunResult

pytestmark = pytest.mark.spec("BT-05")

VOID = {"meta", "path", "rect", "link", "br", "input"}


class Balance(HTMLParser):
    """Checks that every element that is opened is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def test_the_page_is_whole_and_closed(result: RunResult) -> None:
    balance = Balance()
    balance.feed(to_html(result))
    assert balance.open == []


def without_scripts(page: str) -> str:
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_it_needs_no_network_and_stands_without_scripts(result: RunResult) -> None:
    page = to_html(result)
    assert not re.search(r"@import|<link|fetch\(|XMLHttpRequest|WebSocket", page)
    assert not re.search(r"https?:|//|url\(|src=", without_scripts(page))
    assert without_scripts(page).count("<svg") == 2


def test_the_data_of_the_charts_are_those_of_the_run(result: RunResult) -> None:
    page = to_html(result)
    found = re.search(r'<script type="application/json" id="run">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert len(data["equity"]) == len(data["drawdown"]) == 1 + len(result.equity)
    assert data["equity"][-1] == [result.equity[-1].at_ms // 1000, float(result.equity[-1].total)]
    lowest = min(point.total for point in result.equity)
    assert min(value for _, value in data["drawdown"]) == pytest.approx(float(lowest / 1000 - 1))
    assert data["thresholds"] == {"CAUTION": -0.05, "EMERGENCY": -0.25}
    assert data["levels"] == [[change.at_ms // 1000, change.after] for change in result.levels]
    assert data["candles"]["BTCUSDT"][1] == [result.days["BTCUSDT"][0].close_ms // 1000, 40000, 40150, 39950, 40100]
    assert [order[-1] for order in data["orders"]] == [order.order_id for order in result.orders]


def test_it_suits_phones_and_dark_rooms(result: RunResult) -> None:
    page = to_html(result)
    assert 'name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page


def test_it_shows_equity_drawdown_breaker_lines_and_months(result: RunResult) -> None:
    page = to_html(result)
    assert 'class="line own"' in page
    assert 'class="line held"' in page
    assert 'class="mark caution"' in page
    assert page.count('<rect class="caution"') == 1
    assert "CAUTION from 5%" in page
    assert 'class="heat"' in page


def test_what_others_wrote_is_escaped(result: RunResult, changed: Callable[..., RunResult]) -> None:
    page = to_html(result)
    assert "<b>&</b>" not in page
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in page
    named = changed(settings=replace(result.settings, books=("<script>$x",), data="<img>"))
    assert "<script>$x" not in to_html(named)
    assert "<img>" not in to_html(named)


def test_every_trade_names_its_rules(result: RunResult) -> None:
    page = to_html(result)
    assert without_scripts(page).count("entries.long") == 5
    assert "exits.trend_broken" in page


def test_a_run_in_which_nothing_happened_is_a_page(nothing: RunResult) -> None:
    page = to_html(nothing)
    assert "<svg" not in without_scripts(page)
    assert "Nothing was refused." in page


def test_an_account_at_zero_is_still_drawn(result: RunResult, changed: Callable[..., RunResult]) -> None:
    ruined = tuple(replace(point, total=Decimal(0)) for point in result.equity)
    assert without_scripts(to_html(changed(equity=ruined))).count("<svg") == 2


def test_doubts_stand_before_all_other_tables(result: RunResult) -> None:
    page = to_html(result)
    assert "Too &lt;few&gt; trades." in page
    assert page.index("<h2>Doubts</h2>") < page.index("<h2>Results of trades</h2>") < page.index("<h2>Key figures</h2>")
