"""Who goes first on an account's thread."""

from collections.abc import Iterator
from threading import Event as Flag
from typing import Any

import pytest

from adapters.bybit.worker import Job, Turn, Worker


class Working:
    """A worker that is busy until a test lets it go on; `done` is what it did, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.late: list[str] = []
        self.problems: list[str] = []
        self.go, self.busy = Flag(), Flag()
        self.blocked: set[str] = set()
        self.worker = Worker("TREND", lambda endpoint: 1 if endpoint in self.blocked else 0, self.failed, 100)
        self.worker.start()
        self.put(Turn.ENTRY, "first", wait=True)
        assert self.busy.wait(10)

    def failed(self, problem: BaseException) -> None:
        self.problems.append(str(problem))

    def put(self, turn: Turn, name: str, steps: int = 1, wait: bool = False, endpoint: str = "any") -> None:
        def work() -> Iterator[None]:
            for step in range(steps):
                if wait:
                    self.busy.set()
                    assert self.go.wait(10)
                self.done.append(f"{name} {step}" if steps > 1 else name)
                yield

        late = (lambda: self.late.append(name)) if turn is Turn.ENTRY else None
        self.worker.put(Job(turn, endpoint, work, late))


@pytest.fixture
def working() -> Iterator[Working]:
    one = Working()
    yield one
    one.go.set()
    one.worker.stop()


@pytest.mark.spec("EXEC-11")
def test_protection_goes_before_entries_and_both_between_the_pages_of_a_reading(working: Working, wait: Any) -> None:
    working.put(Turn.READING, "pages", steps=2)
    working.put(Turn.ENTRY, "entry")
    working.put(Turn.PROTECTION, "stop")
    working.put(Turn.ENTRY, "second entry")
    working.go.set()
    wait(lambda: len(working.done) == 6)
    assert working.done == ["first", "stop", "entry", "second entry", "pages 0", "pages 1"]


@pytest.mark.spec("EXEC-11")
def test_an_entry_that_waited_too_long_is_given_back_and_a_stop_never_is(working: Working, wait: Any) -> None:
    working.blocked = {"full"}
    working.put(Turn.ENTRY, "entry", endpoint="full")
    working.put(Turn.PROTECTION, "stop", endpoint="full")
    working.go.set()
    wait(lambda: working.late == ["entry"])
    assert working.done == ["first"]
    working.blocked = set()
    wait(lambda: working.done == ["first", "stop"])


def test_a_job_that_fails_takes_no_other_with_it(working: Working, wait: Any) -> None:
    def fail() -> Iterator[None]:
        raise ValueError("a page is missing")
        yield

    working.worker.put(Job(Turn.PROTECTION, "any", fail))
    working.put(Turn.READING, "after")
    working.go.set()
    wait(lambda: working.done == ["first", "after"])
    assert working.problems == ["a page is missing"]
