"""The Fear & Greed index, from a server on loopback that answers in its words."""

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adapters.sentiment.fear_greed import DAY_MS, FearGreed
from adapters.sentiment.observer import Observer
from runtime.events import FactObserved
from runtime.market_data import MarketDataError

pytestmark = pytest.mark.spec("DATA-05")

DAY_S = 86_400
NEWEST_S = 1_700_006_400  # 2023-11-15 00:00 UTC


class Server:
    """Gives the newest of these first, as many as are asked for; keeps what it was asked."""

    def __init__(self) -> None:
        self.values = [20, 30, 45]
        self.body: bytes | None = None
        self.status = 200
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                body = server.answer(int(self.path.split("limit=")[1].split("&")[0]))
                self.send_response(server.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_port}/fng/"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def answer(self, limit: int) -> bytes:
        if self.body is not None:
            return self.body
        newest_first = [
            {"value": str(value), "value_classification": "Fear", "timestamp": str(NEWEST_S - age * DAY_S)}
            for age, value in enumerate(reversed(self.values))
        ]
        data = newest_first[:limit] if limit else newest_first
        return json.dumps({"name": "Fear and Greed Index", "data": data, "metadata": {"error": None}}).encode()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.stop()


def test_the_history_comes_oldest_first(server: Server) -> None:
    readings = FearGreed(server.address).history()
    assert [one.value for one in readings] == [20, 30, 45]
    assert [one.at_ms for one in readings] == [(NEWEST_S - age * DAY_S) * 1000 for age in (2, 1, 0)]


def test_the_newest_value_has_an_age_and_costs_one_question_a_day(server: Server) -> None:
    source, day_ms = FearGreed(server.address), NEWEST_S * 1000
    for hour in (1, 12, 23):
        reading = source.newest(day_ms + hour * 3_600_000)
        assert (reading.value, reading.age_ms(day_ms + hour * 3_600_000)) == (45, hour * 3_600_000)
    assert len(server.asked) == 1
    source.newest(day_ms + DAY_MS)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"{}",
        b"[]",
        b'{"data": []}',
        b'{"data": [{"value": "40"}]}',
        b'{"data": [{"value": "400", "timestamp": "1700006400"}]}',
        b'{"data": [{"value": "NaN", "timestamp": "1700006400"}]}',
        b'{"data": [{"value": "40", "timestamp": "99999999999999"}]}',
        b'{"data": "word"}',
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_none_is_a_sentence(server: Server, body: bytes) -> None:
    server.body = body
    with pytest.raises(MarketDataError, match="can't be read"):
        FearGreed(server.address).newest(NEWEST_S * 1000)


def test_a_server_that_fails_or_is_away_is_a_sentence(server: Server) -> None:
    server.status = 503
    with pytest.raises(MarketDataError, match=r"no answer .*Check the connection"):
        FearGreed(server.address).history()
    with pytest.raises(MarketDataError, match="no answer"):
        FearGreed("http://127.0.0.1:1/").history()


def test_the_engine_is_told_once_a_day_and_never_of_another_day(server: Server) -> None:
    told: list[FactObserved] = []
    observer, day_ms, hour_ms = Observer(FearGreed(server.address), told.append), NEWEST_S * 1000, 3_600_000
    for minute in range(0, 120, 5):
        observer.ask(day_ms + minute * 60_000, minute * 60_000)
    assert told == [FactObserved(day_ms, "fear_greed", 45.0)]
    assert isinstance(told[0].value, Decimal), "rules compare it with exact numbers"
    assert len(server.asked) == 1
    observer.ask(day_ms + DAY_MS, DAY_MS)
    server.status = 503
    observer.ask(day_ms + DAY_MS + hour_ms, DAY_MS + hour_ms)
    observer.ask(day_ms + DAY_MS + hour_ms + 1, DAY_MS + hour_ms + 1)
    assert len(told) == 1
    assert len(server.asked) == 3
