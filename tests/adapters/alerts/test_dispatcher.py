"""Alerts reach people through real Apprise and a real store: once, soon, and not too often."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from adapters.alerts.channel import Answer
from adapters.alerts.dispatcher import Dispatcher
from adapters.alerts.message import Message
from adapters.postgres.connection import Connection
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.lease import Lease
from adapters.postgres.outbox import PostgresOutbox
from runtime.events import OperatorCommand, Timer
from runtime.outbox import OutboxAwayError
from runtime.step import Notice, Step

Dispatch = Callable[[], Dispatcher]
pytestmark = pytest.mark.spec("ALERT-01", "N2")
NOON_MS = 1_800_000_000_000
WAITING = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"


def undelivered(connection: Connection) -> int:
    row = connection.execute(WAITING).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def journal(store: str, connection: Connection) -> Iterator[PostgresJournal]:
    journal = PostgresJournal(lambda: store, Lease.acquire(connection, "the test"), "rules-1")
    yield journal
    journal.close()


@pytest.mark.spec("N1")
def test_what_the_journal_keeps_reaches_the_channels_of_its_route(
    journal: PostgresJournal, connection: Connection, dispatch: Dispatch, post, settle
) -> None:
    notices = tuple(Notice(f"P{number}", "trend-1", f"Sentence {number}.") for number in (0, 1, 3))
    journal.append(Step(1, NOON_MS, Timer(NOON_MS), notices, ()))
    assert undelivered(connection) == 3
    settle(dispatch())
    assert post.titles("chat") == post.titles("mail") == ["P0 trend-1", "P1 trend-1"]
    assert post.bodies("chat")[0] == "Sentence 0.\n2027-01-15 08:00 UTC"
    assert [kind for _, _, _, kind in post.taken if kind != "info"] == ["failure", "failure", "warning", "warning"]
    assert undelivered(connection) == 0


def test_a_channel_that_fails_delays_no_other_and_gets_its_alerts_later(
    outbox: PostgresOutbox, connection: Connection, dispatch: Dispatch, post, clock, settle
) -> None:
    dispatcher = dispatch()
    post.down.add("mail")
    outbox.tell(clock.at_ms, "P1", "", "First.")
    settle(dispatcher)
    assert (post.titles("chat"), post.titles("mail")) == (["P1 Eternal Engine"], [])
    clock.pass_minutes(0.4)
    settle(dispatcher)
    assert post.asked.count("mail") == 1, "tried again before its pause was over"
    post.down.clear()
    clock.pass_minutes(0.2)
    settle(dispatcher)
    assert post.bodies("mail") == ["First.\n2027-01-15 08:00 UTC"]
    assert len(post.titles("chat")) == 1


def test_a_channel_that_stays_away_is_told_of_on_the_others_and_the_pauses_grow(
    outbox: PostgresOutbox, dispatch: Dispatch, post, clock, settle
) -> None:
    dispatcher = dispatch()
    post.down.add("mail")
    outbox.tell(clock.at_ms, "P2", "", "Only by mail.")
    clock.pass_minutes(60)
    tried = []
    for _ in range(40):
        before = post.asked.count("mail")
        settle(dispatcher)
        tried.append(post.asked.count("mail") - before)
        clock.pass_minutes(0.5)
    pauses = [index for index, count in enumerate(tried) if count]
    assert pauses[:5] == [0, 1, 3, 7, 15]
    assert any("The channel mail takes no messages" in body for body in post.bodies("chat"))
    post.down.clear()
    clock.pass_minutes(10)
    settle(dispatcher)
    assert any("Only by mail." in body for body in post.bodies("mail"))


def test_a_slow_channel_delays_no_other(outbox: PostgresOutbox, dispatch: Dispatch, post, clock, settle, until) -> None:
    dispatcher = dispatch()
    post.slow["mail"] = Event()
    for number in range(3):
        outbox.tell(clock.at_ms, "P0", "", f"Alert {number}.")
        until(dispatcher, lambda wanted=number + 1: len(post.titles("chat")) == wanted)
    assert post.titles("mail") == []
    post.slow["mail"].set()
    settle(dispatcher)
    assert post.titles("mail") == ["P0 Eternal Engine", "P0 Eternal Engine: 2 alerts"]


def test_what_was_under_way_when_the_process_died_is_sent_by_the_next_one(
    connection: Connection, outbox: PostgresOutbox, *, dispatch: Dispatch, post, clock, settle, until
) -> None:
    dead = dispatch()
    post.slow["chat"] = Event()
    post.down.update({"chat", "mail"})
    outbox.tell(clock.at_ms, "P1", "", "Don't lose me.")
    until(dead, lambda: {"chat", "mail"} <= set(post.asked))
    assert undelivered(connection) == 1
    post.down.clear()
    post.slow.pop("chat").set()
    before = len(post.taken)
    settle(dispatch())
    assert [body for _, _, body, _ in post.taken[before:] if body.startswith("Don't lose me.")]
    assert post.titles("mail") == ["P1 Eternal Engine"]
    assert undelivered(connection) == 0


def test_the_same_sentence_is_told_once_and_then_with_how_often_it_was_said(
    outbox: PostgresOutbox, dispatch: Dispatch, post, clock, settle
) -> None:
    dispatcher = dispatch()
    for _ in range(5):
        outbox.tell(clock.at_ms, "P1", "core-hodl", "The price is unknown.")
        settle(dispatcher)
        clock.pass_minutes(5)
    assert len(post.titles("chat")) == 1
    clock.pass_minutes(36)
    settle(dispatcher)
    assert len(post.titles("chat")) == 2
    assert post.titles("chat")[1] == "P1 Eternal Engine: 4 alerts"
    assert "The price is unknown. (4 times, last 2027-01-15 08:20 UTC)" in post.bodies("chat")[1]


def test_over_the_limit_alerts_come_as_one_digest_when_there_is_room_again(
    outbox: PostgresOutbox, connection: Connection, dispatch: Dispatch, post, clock, settle
) -> None:
    dispatcher = dispatch()
    for number in range(30):
        outbox.tell(clock.at_ms, "P1", "", f"Alert {number}.")
        settle(dispatcher)
        clock.pass_minutes(1)
    assert len(post.titles("chat")) == 2
    clock.pass_minutes(31)
    settle(dispatcher)
    assert post.titles("chat")[2:] == ["P1 Eternal Engine: 28 alerts"]
    assert post.bodies("chat")[2].splitlines()[0] == "P1 2027-01-15 08:02 UTC Alert 2."
    assert post.bodies("chat")[2].splitlines()[-1] == "… and 8 more; see `eternal alerts list`."
    assert undelivered(connection) == 0


def test_alerts_of_a_group_wait_for_each_other(outbox: PostgresOutbox, dispatch: Dispatch, post, clock, settle) -> None:
    dispatcher = dispatch()
    for number in range(3):
        outbox.tell(clock.at_ms, "P2", "", f"Alert {number}.")
        settle(dispatcher)
        clock.pass_minutes(20)
    assert post.taken == []
    settle(dispatcher)
    assert (post.titles("mail"), post.titles("chat")) == (["P2 Eternal Engine: 3 alerts"], [])


def test_what_wakes_somebody_up_is_repeated_until_it_is_acknowledged(
    outbox: PostgresOutbox, dispatch: Dispatch, post, clock, settle
) -> None:
    dispatcher = dispatch()
    outbox.tell(clock.at_ms, "P0", "", "The breaker went to EMERGENCY.")
    for _ in range(3):
        settle(dispatcher)
        clock.pass_minutes(10)
    assert post.titles("chat") == ["P0 Eternal Engine", *["P0 Eternal Engine (not acknowledged yet)"] * 2]
    assert outbox.acknowledge(clock.at_ms) == 1
    settle(dispatcher)
    clock.pass_minutes(30)
    settle(dispatcher)
    assert len(post.titles("chat")) == 3
    outbox.tell(clock.at_ms, "P0", "", "The breaker went to EMERGENCY.")
    settle(dispatcher)
    assert len(post.titles("chat")) == 4, "what happens again after it was acknowledged is new"


def test_the_operator_who_acknowledges_at_the_engine_has_heard_the_alerts(
    journal: PostgresJournal, dispatch: Dispatch, post, clock, settle
) -> None:
    dispatcher = dispatch()
    journal.append(Step(1, clock.at_ms, Timer(clock.at_ms), (Notice("P0", "", "Halted."),), ()))
    settle(dispatcher)
    clock.pass_minutes(5)
    command = OperatorCommand(clock.at_ms, "acknowledge", "ann@desk", "I have seen it")
    journal.append(Step(2, clock.at_ms, command, (), ()))
    clock.pass_minutes(60)
    settle(dispatcher)
    assert post.titles("chat") == ["P0 Eternal Engine"]


def test_without_the_store_the_urgent_channels_hear_that_nothing_can_be_told(
    outbox: PostgresOutbox, dispatch: Dispatch, *, post, clock, settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher = dispatch()
    with monkeypatch.context() as away:
        away.setattr(outbox, "_find", lambda: "postgresql://127.0.0.1:1/nothing")
        outbox.close()
        with pytest.raises(OutboxAwayError):
            outbox.unrouted()
        dispatcher.tell("P1", "The feed is silent.")
        settle(dispatcher)
        assert post.taken == []
        clock.pass_minutes(1)
        settle(dispatcher)
        settle(dispatcher)
        assert len(post.titles("chat")) == len(post.titles("mail")) == 1
        assert post.titles("chat") == ["P0 Eternal Engine"]
    settle(dispatcher)
    assert post.bodies("chat")[1] == "The feed is silent.\n2027-01-15 08:00 UTC"


class Held:
    """A channel whose answers the test gives."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def put(self, message: Message, answer: Answer) -> None:
        self.answers.append(answer)


def test_answers_that_come_together_all_count(routes, outbox: PostgresOutbox, clock) -> None:
    held = {"chat": Held(), "mail": Held()}
    dispatcher = Dispatcher(routes, outbox, clock, held)
    outbox.tell(clock.at_ms, "P1", "", "Once to each.")
    dispatcher.turn()
    for channel in held.values():
        channel.answers.pop()(True)
    dispatcher.turn()
    assert not dispatcher.busy
    assert [outbox.waiting(name) for name in held] == [[], []]
    dispatcher.turn()
    assert not any(channel.answers for channel in held.values())


def test_a_thread_of_its_own_delivers_and_ends(outbox: PostgresOutbox, dispatch: Dispatch, post, clock) -> None:
    dispatcher = dispatch()
    arrived = Event()
    taken, take = post.taken, post.take

    def told(channel: str, message: dict[str, str]) -> int:
        status = take(channel, message)
        if len(taken) == 2:
            arrived.set()
        return status

    post.take = told  # type: ignore[method-assign]
    dispatcher.start()
    dispatcher.tell("P0", "From another thread.")
    assert arrived.wait(20)
    dispatcher.stop(20)
    assert not dispatcher._thread.is_alive()


def test_a_broken_channel_does_not_end_the_telling(
    routes, outbox: PostgresOutbox, clock, caplog: pytest.LogCaptureFixture
) -> None:
    told = Event()

    class Broken:
        """A channel with a fault that nobody has thought of."""

        tries = 0

        def put(self, message: Message, answer: Answer) -> None:
            self.tries += 1
            raise RuntimeError("a fault")

    class Sound:
        """The channel after it."""

        def put(self, message: Message, answer: Answer) -> None:
            told.set()

    broken = Broken()
    dispatcher = Dispatcher(routes, outbox, clock, {"mail": broken, "chat": Sound()})
    outbox.tell(clock.at_ms, "P0", "", "All are told.")
    dispatcher.start()
    assert told.wait(20)
    dispatcher.stop(20)
    assert "the channel mail is broken" in caplog.text
    assert [one.alert.text for one in outbox.waiting("mail")] == ["All are told."]
    tried = broken.tries
    clock.pass_minutes(10)
    dispatcher.turn()
    assert broken.tries == tried + 1
