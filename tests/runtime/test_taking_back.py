"""An order is asked back once, and again only when the answer says that it failed, or is overdue."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.cli.rulebook import in_force
from adapters.simulated.instruments import load_instruments
from machines.intents import CancelOpen
from rules.language.rulebook import Rulebook
from runtime.desk import Purpose, Ticket
from runtime.draft import Draft
from runtime.engine import Engine
from runtime.events import Event, LookedUp, OrderAccepted, OrderRejected, OrderUnknown, Timer
from runtime.instrument import Market
from runtime.portfolio import Portfolio
from runtime.requests import CancelOrder, OrderType, PlaceOrder, Side, TimeInForce

pytestmark = pytest.mark.spec("EXEC-02", "FUND-04")
NAME, SECOND_MS = "under-way-1", 1_000
START_MS = 1_700_000_000_000


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return in_force(Path(__file__).resolve().parents[2] / "rules")


def by_its_machine(engine: Engine, draft: Draft) -> None:
    instance = next(one for one in engine.instances.values() if "BTCUSDT" in one.symbols)
    engine.trader.consider(instance, "exits.lone_leg", CancelOpen("BTCUSDT"), draft)


def as_an_entry(engine: Engine, draft: Draft) -> None:
    engine.trader.take_back_entries(draft)


class Case:
    """An engine of one book whose order rests on the exchange; seconds are those since then."""

    def __init__(self, rulebook: Rulebook, book: str, want: Callable[[Engine, Draft], None]) -> None:
        instruments, account = load_instruments(), rulebook.books[book].account
        portfolio = Portfolio(instruments, {account: {"USDT": Decimal(30_000)}})
        self._engine, self._want = Engine(rulebook, (book,), portfolio, instruments), want
        kind = (Side.SELL, OrderType.MARKET, TimeInForce.IOC)
        order = PlaceOrder(NAME, account, Market.LINEAR, "BTCUSDT", *kind, quantity=Decimal("0.1"))
        desk = self._engine.trader.desk
        desk.open(Ticket(order, book, "BTCUSDT", Purpose.ENTRY, "enter", START_MS, 1, desk.fresh(START_MS)))
        self.hear(OrderAccepted(START_MS, NAME))

    def restart(self) -> None:
        """Go on with what the engine remembers."""
        old = self._engine
        names = tuple(old.books)
        self._engine = Engine.from_plain(old.rulebook, names, old.world.instruments, old.to_plain())

    def want_back(self, second: int) -> int:
        """Let it be wanted back; give how often that is asked of the exchange."""
        draft = Draft(START_MS + second * SECOND_MS)
        self._want(self._engine, draft)
        return sum(isinstance(one, CancelOrder) for one in draft.requests)

    def hear(self, event: Event) -> int:
        """Let something happen; give how many cancels follow from it."""
        return sum(isinstance(one, CancelOrder) for one in self._engine.step(event).requests)

    def wait(self, second: int) -> int:
        """Let time come; give how many cancels follow from it."""
        return self.hear(Timer(START_MS + second * SECOND_MS))


@pytest.fixture(params=[("funding", by_its_machine), ("funding", as_an_entry), ("trend-1", as_an_entry)])
def case(rulebook: Rulebook, request: pytest.FixtureRequest) -> Case:
    return Case(rulebook, *request.param)


def test_it_is_asked_for_once_until_the_answer_is_overdue(case: Case) -> None:
    assert case.want_back(1) == 1
    assert [case.want_back(2), case.want_back(3), case.wait(10)] == [0, 0, 0]
    assert case.wait(11) == 1
    assert [case.want_back(12), case.wait(20), case.wait(21)] == [0, 0, 1]


def test_a_cancel_that_is_refused_for_now_is_asked_for_when_it_is_welcome(case: Case) -> None:
    assert case.want_back(1) == 1
    assert case.hear(OrderRejected(START_MS + SECOND_MS, NAME, 10006, "Too many visits!", START_MS + 15_000)) == 0
    assert [case.want_back(2), case.wait(14), case.wait(15), case.wait(16)] == [0, 0, 1, 0]


def test_a_cancel_whose_answer_is_lost_is_asked_for_when_the_order_was_found(case: Case) -> None:
    assert case.want_back(1) == 1
    assert case.hear(OrderUnknown(START_MS + SECOND_MS, NAME, "The cancel failed: no answer")) == 0
    assert case.hear(LookedUp(START_MS + 2 * SECOND_MS, NAME, found=True, complete=True)) == 1
    assert case.want_back(3) == 0


def test_it_is_remembered_in_a_snapshot(case: Case) -> None:
    assert case.want_back(1) == 1
    case.restart()
    assert case.want_back(2) == 0
