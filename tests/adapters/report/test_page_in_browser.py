"""The page in a real browser: it draws, it answers, it asks nobody for anything, and no script complains."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from websockets.sync.client import ClientConnection, connect

from adapters.report.page import to_html
from runtime.run import RunResult

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--remote-debugging-port=0"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)
pytestmark = [
    pytest.mark.spec("BT-05"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


class Tab:
    """One tab of a browser: what it was told to do, and everything that it has reported meanwhile."""

    def __init__(self, line: ClientConnection) -> None:
        self._line, self._number, self.events = line, 0, []  # type: tuple[ClientConnection, int, list[dict[str, Any]]]

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._line.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._line.recv(timeout=20))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return dict(message["result"])
            self.events.append(message)

    def value(self, expression: str) -> Any:
        answer = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_until(self, expression: str) -> None:
        deadline = time.monotonic() + 20
        while not self.value(expression):
            assert time.monotonic() < deadline, f"never true: {expression}"

    def complaints(self) -> list[dict[str, Any]]:
        return [one for one in self.events if one["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]

    def asked_for(self) -> list[str]:
        sent = (one for one in self.events if one["method"] == "Network.requestWillBeSent")
        return [one["params"]["request"]["url"] for one in sent]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("chromium")
    with subprocess.Popen(
        [str(CHROMIUM), *QUIET, f"--user-data-dir={home}", "about:blank"], stderr=subprocess.DEVNULL
    ) as process:
        try:
            port_file = home / "DevToolsActivePort"
            deadline = time.monotonic() + 30
            while not (port_file.exists() and len(port_file.read_text().splitlines()) == 2):
                assert process.poll() is None, "Chromium ended"
                assert time.monotonic() < deadline, "Chromium did not start"
            yield port_file.read_text().splitlines()[0]
        finally:
            process.kill()


@pytest.fixture
def tab(chromium: str, tmp_path: Path, result: RunResult) -> Iterator[Tab]:
    page = tmp_path / "report.html"
    page.write_text(to_html(result), encoding="utf-8")
    with urlopen(f"http://127.0.0.1:{chromium}/json/list") as answer:
        target = next(one for one in json.load(answer) if one["type"] == "page")
    with connect(target["webSocketDebuggerUrl"], max_size=None) as line:
        tab = Tab(line)
        for domain in ("Page", "Runtime", "Network", "Log"):
            tab.do(f"{domain}.enable")
        tab.do("Page.navigate", url=page.as_uri())
        tab.wait_until(
            "document.readyState === 'complete' && document.documentElement.classList.contains('interactive')"
        )
        yield tab


def test_it_draws_both_charts_and_asks_nobody(tab: Tab) -> None:
    assert tab.value("document.querySelectorAll('#over-time canvas').length") > 4
    assert tab.value("document.querySelectorAll('#candles canvas').length") > 0
    assert tab.value("getComputedStyle(document.querySelector('.still')).display") == "none"
    assert tab.complaints() == []
    assert [url for url in tab.asked_for() if not url.startswith(("file:", "data:"))] == []


def test_the_legend_tells_the_last_values_and_shows_a_book_when_pressed(tab: Tab, result: RunResult) -> None:
    legend = "document.getElementById('legend').textContent"
    assert f"{result.equity[-1].total:,.0f}" in tab.value(legend)
    button = "[...document.querySelectorAll('#legend button')].find((one) => one.textContent.includes('trend-1'))"
    assert tab.value(f"{button}.getAttribute('aria-pressed')") == "false"
    tab.value(f"{button}.click()")
    assert tab.value(f"{button}.getAttribute('aria-pressed')") == "true"


def test_a_pointer_over_the_chart_tells_that_day(tab: Tab) -> None:
    before = tab.value("document.querySelector('#legend b').textContent")
    box = tab.value("JSON.stringify(document.getElementById('over-time').getBoundingClientRect())")
    place = json.loads(box)
    tab.value(f"window.scrollTo(0, {place['top']})")
    tab.do("Input.dispatchMouseEvent", type="mouseMoved", x=place["left"] + place["width"] / 3, y=80)
    tab.wait_until(f"document.querySelector('#legend b').textContent < {json.dumps(before)}")
    assert tab.complaints() == []


def test_nothing_of_it_is_wider_than_a_phone(tab: Tab) -> None:
    tab.do("Emulation.setDeviceMetricsOverride", width=375, height=800, deviceScaleFactor=1, mobile=True)
    tab.do("Page.reload")
    tab.wait_until("document.readyState === 'complete' && document.querySelectorAll('#over-time canvas').length > 4")
    assert tab.value("document.documentElement.scrollWidth") <= 375
    tab.do("Emulation.clearDeviceMetricsOverride")
