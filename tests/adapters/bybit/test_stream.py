"""A line that breaks, lies, falls silent or refuses is opened again, and its reader never ends."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from adapters.bybit.client import Keys
from adapters.bybit.fields import MalformedError, Row
from adapters.bybit.socket import Socket
from adapters.bybit.stream import Stream


class Line:
    """A socket server whose words are the test's; `opened` are its connections, `asked` what they were asked."""

    def __init__(self, port: int = 0) -> None:
        self.opened: list[ServerConnection] = []
        self.asked: list[dict[str, Any]] = []
        self._server: Server = serve(self._talk, "127.0.0.1", port)
        self.port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _talk(self, connection: ServerConnection) -> None:
        self.opened.append(connection)
        try:
            for text in connection:
                self.asked.append(json.loads(text))
        except ConnectionClosed:
            return

    def say(self, *texts: str | bytes) -> None:
        """Say something to whoever still listens."""
        with suppress(ConnectionClosed):
            for text in texts:
                self.opened[-1].send(text)

    def stop(self) -> None:
        self._server.shutdown()
        for connection in self.opened:
            connection.close()


class Heard:
    """A listener that notes everything."""

    topics = tuple(f"kline.1.S{number}" for number in range(23))

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.connections = self.breaks = 0

    def connected(self) -> None:
        self.connections += 1

    def disconnected(self) -> None:
        self.breaks += 1

    def read(self, message: Row, topic: str) -> None:
        if topic == "defect":
            raise KeyError("a defect of the reader")
        if topic == "bad":
            raise MalformedError("x: expected y, found z.")
        self.messages.append(topic)

    def tick(self) -> None:
        pass


class Running:
    def __init__(self, port: int, silent_ms: int = 60_000, keys: Keys | None = None, pongs: bool = False) -> None:
        self.heard = Heard()
        self.told: list[str] = []
        channel = "private" if keys else "linear"
        self.stream = Stream(
            "prices",
            lambda put: Socket(f"ws://127.0.0.1:{port}/v5", channel, put, keys),
            self.heard,
            lambda _, sentence: self.told.append(sentence),
            silent_ms,
            pongs,
        )
        self.stream.start()


@pytest.fixture
def line() -> Iterator[Line]:
    one = Line()
    yield one
    one.stop()


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(*args: Any, **fields: Any) -> Running:
        running.append(Running(*args, **fields))
        return running[-1]

    yield start
    for one in running:
        one.stream.stop()
        assert not one.stream._thread.is_alive()


def message(topic: str) -> str:
    return json.dumps({"topic": topic, "data": []})


def test_topics_are_asked_for_ten_at_a_time(line: Line, run: Any, wait: Any) -> None:
    run(line.port)
    wait(lambda: len(line.asked) == 3)
    assert [len(asked["args"]) for asked in line.asked] == [10, 10, 3]
    assert [topic for asked in line.asked for topic in asked["args"]] == list(Heard.topics)


@pytest.mark.spec("DATA-02")
def test_nothing_that_is_said_ends_a_stream(line: Line, run: Any, wait: Any) -> None:
    running = run(line.port)
    wait(lambda: running.heard.connections == 1)
    line.say(
        "<html>", "[]", '{"a":NaN}', "9" * 6000, "[" * 90_000, message("bad"), message("defect"), '{"topic":7}', ""
    )
    line.say('{"success":false,"ret_msg":"no such topic","op":"subscribe"}', message("good"))
    wait(lambda: running.heard.messages == ["good"])
    assert (running.heard.connections, running.heard.breaks) == (1, 0)
    assert "left out" in running.told[0]
    assert "an error inside the engine's reader" in running.told[1]
    assert "no such topic" in running.told[-1]
    assert len(running.told) == 3


@pytest.mark.spec("DATA-02")
def test_a_broken_line_is_opened_again_and_asked_again(line: Line, run: Any, wait: Any) -> None:
    running = run(line.port)
    for times in (1, 2, 3):
        wait(lambda times=times: running.heard.connections == times and len(line.asked) == 3 * times)
        line.say(message(f"number {times}"))
        wait(lambda times=times: len(running.heard.messages) == times)
        line.opened[-1].close()
    assert running.heard.messages == ["number 1", "number 2", "number 3"]


@pytest.mark.spec("DATA-02")
def test_a_line_that_only_answers_pings_is_dead(line: Line, run: Any, wait: Any) -> None:
    running = run(line.port, silent_ms=300)
    wait(lambda: running.heard.connections == 1)
    wait(lambda: line.say('{"op":"ping","ret_msg":"pong","success":true}') or running.heard.breaks == 1)
    wait(lambda: running.heard.connections == 2)


@pytest.mark.spec("DATA-02")
def test_a_port_that_refuses_is_tried_until_it_does_not(run: Any, wait: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = run(port)
    wait(lambda: running.told)
    assert "can't be opened" in running.told[0]
    line = Line(port)
    wait(lambda: running.heard.connections == 1)
    line.stop()


def test_a_private_line_proves_who_asks_and_says_when_it_is_not_believed(line: Line, run: Any, wait: Any) -> None:
    running = run(line.port, keys=Keys("key", "secret"), pongs=True)
    wait(lambda: len(line.asked) == 4)
    assert (line.asked[0]["op"], line.asked[0]["args"][0]) == ("auth", "key")
    line.say('{"success":false,"ret_msg":"Params Error","op":"auth"}')
    wait(lambda: running.heard.connections == 2)
    assert "Params Error" in running.told[0]
