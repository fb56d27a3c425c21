import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from adapters.report.page import to_html
from runtime.run import RunResult

pytestmark = pytest.mark.spec("BT-05")

VOID = {"meta", "path", "rect", "link", "br"}


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


def test_it_needs_no_network_and_no_script(result: RunResult) -> None:
    page = to_html(result)
    assert not re.search(r"https?:|//|@import|url\(|<script|<link|src=", page)


def test_it_suits_phones_and_dark_rooms(result: RunResult) -> None:
    page = to_html(result)
    assert 'name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page


def test_it_shows_equity_drawdown_breaker_lines_and_months(result: RunResult) -> None:
    page = to_html(result, {"CAUTION": Decimal("0.10")})
    assert page.count("<svg") == 2
    assert 'class="line own"' in page
    assert 'class="line held"' in page
    assert 'class="mark caution"' in page
    assert page.count('<rect class="caution"') == 1
    assert "CAUTION from 10%" in page
    assert 'class="heat"' in page


def test_what_others_wrote_is_escaped(result: RunResult, changed: Callable[..., RunResult]) -> None:
    page = to_html(result)
    assert "<b>&</b>" not in page
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in page
    named = changed(settings=replace(result.settings, books=("<script>$x",), data="<img>"))
    assert "<script>" not in to_html(named)
    assert "<img>" not in to_html(named)


def test_every_trade_names_its_rules(result: RunResult) -> None:
    page = to_html(result)
    assert page.count("entries.long") == 5
    assert "exits.trend_broken" in page


def test_a_run_in_which_nothing_happened_is_a_page(nothing: RunResult) -> None:
    page = to_html(nothing)
    assert "<svg" not in page
    assert "Nothing was refused." in page


def test_an_account_at_zero_is_still_drawn(result: RunResult, changed: Callable[..., RunResult]) -> None:
    ruined = tuple(replace(point, total=Decimal(0)) for point in result.equity)
    assert to_html(changed(equity=ruined)).count("<svg") == 2
