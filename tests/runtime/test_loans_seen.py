"""What the exchange shows of loans against the books, and what may leave when."""

from decimal import Decimal
from pathlib import Path

import pytest

from adapters.cli.rulebook import in_force
from adapters.simulated.instruments import load_instruments
from machines.intents import Lend
from rules.language.rulebook import Rulebook
from runtime.answers import NOT_SENT
from runtime.draft import Draft
from runtime.engine import Engine
from runtime.events import AccountSeen, Candle, EarnMoved, Event, OperatorCommand, OrderRejected, Started
from runtime.instrument import Market
from runtime.live_sheet import live_sheet
from runtime.loop import refusals
from runtime.portfolio import Portfolio
from runtime.requests import EarnOrder, EarnSide
from runtime.step import Approved, Difference, Notice, Refused, Step

pytestmark = pytest.mark.spec("CORE-14", "LIFE-03")
RULES = Path(__file__).resolve().parents[2] / "rules"
INSTRUMENTS = load_instruments()
DAY_MS = 86_400_000
NOW_MS = 19_723 * DAY_MS


class Desk:
    """An engine with core-hodl on ten Ether, which has found everything as it is in the books."""

    def __init__(self, rulebook: Rulebook) -> None:
        portfolio = Portfolio(INSTRUMENTS, {"CORE-HODL": {"ETH": Decimal(10)}})
        self.engine = Engine(rulebook, ("core-hodl",), portfolio, INSTRUMENTS)
        still = (2500.0, 2500.0, 2500.0, 2500.0, 1000.0)
        self.engine.world.board.see_candle(Candle(Market.SPOT, "ETHUSDT", "1d", NOW_MS - DAY_MS, NOW_MS, *still))
        self.steps: list[Step] = []
        self.hear(Started(NOW_MS))
        assert self.look("10", {}) == []
        assert self.engine.ready

    def hear(self, event: Event) -> Step:
        self.steps.append(self.engine.step(event))
        return self.steps[-1]

    def look(self, wallet: str, lent: dict[str, str] | None) -> list[str]:
        """Show the account twice, so that news can't be on its way; give the differences that are told now."""
        out = None if lent is None else tuple((coin, Decimal(amount)) for coin, amount in lent.items())
        seen = AccountSeen(NOW_MS, "CORE-HODL", (("ETH", Decimal(wallet)),), (), (), complete=True, lent=out)
        records = [record for _ in range(2) for record in self.hear(seen).records]
        return [f"{one.kind} {one.ours} {one.theirs}" for one in records if isinstance(one, Difference)]

    def lend(self, worth: int) -> Approved | Refused:
        """Let the machine want so much lent."""
        instance = self.engine.instances["core-hodl", ""]
        intent = Lend("ETHUSDT", Decimal(worth))
        return self.engine.trader.consider(instance, "triggers.earn", intent, Draft(NOW_MS))

    def command(self, name: str, book: str = "") -> Step:
        return self.hear(OperatorCommand(NOW_MS, name, "operator", "a test", book))


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return in_force(RULES)


@pytest.fixture
def desk(rulebook: Rulebook) -> Desk:
    return Desk(rulebook)


def test_what_is_on_its_way_differs_nowhere_and_what_is_out_is_compared(desk: Desk) -> None:
    answer = desk.lend(10_000)
    assert isinstance(answer, Approved)
    (order,) = answer.requests
    assert isinstance(order, EarnOrder)
    assert desk.look("10", {}) == desk.look("6", {"ETH": "4"}) == desk.look("6", None) == []
    desk.hear(EarnMoved(NOW_MS, order.order_id, "CORE-HODL", "ETH", Decimal(4)))
    assert desk.look("6", {"ETH": "4"}) == desk.look("6", None) == []
    assert desk.look("6", {"ETH": "3"}) == ["loan 4 3"]
    assert desk.look("10", {"ETH": "4"}) == ["coin 6 10"]
    assert desk.look("6", {"ETH": "4"}) == []


def test_a_person_can_take_over_what_is_shown(desk: Desk) -> None:
    assert desk.look("7", {"ETH": "5"}) == ["coin 10 7", "loan 0 5"]
    told = [record.text for record in desk.command("adopt", "core-hodl").records if isinstance(record, Notice)]
    assert "2 ETH of CORE-HODL are counted as money from outside." in told
    portfolio = desk.engine.portfolio
    assert (portfolio.wallet("CORE-HODL", "ETH"), portfolio.lent("CORE-HODL", "ETH")) == (12, 5)
    assert desk.look("7", {"ETH": "5"}) == []


def test_nothing_is_lent_while_entries_are_forbidden_and_everything_may_come_home(desk: Desk) -> None:
    desk.command("pause", "core-hodl")
    refused = desk.lend(10_000)
    assert isinstance(refused, Refused)
    assert "paused by the operator" in refused.reason
    stake, redeem = (EarnOrder("one", "CORE-HODL", "ETH", Decimal(1), side) for side in EarnSide)
    assert "paused" in (desk.engine.may_send(stake) or "")
    assert desk.engine.may_send(redeem) is None
    assert (stake.protective, redeem.protective) == (False, True)


def test_what_was_kept_back_is_free_again(desk: Desk) -> None:
    answer = desk.lend(10_000)
    assert isinstance(answer, Approved)
    (event,) = refusals(answer.requests[0], "the journal is away", NOW_MS)
    assert isinstance(event, OrderRejected)
    assert event.code == NOT_SENT
    desk.hear(event)
    assert desk.engine.portfolio.available("CORE-HODL", "ETH") == 10
    assert isinstance(desk.lend(10_000), Approved)


def test_a_snapshot_of_a_version_without_loans_can_be_read(desk: Desk, rulebook: Rulebook) -> None:
    plain = desk.engine.to_plain()
    del plain["trader"]["earn"]
    for account in plain["portfolio"]["accounts"].values():
        del account["lent"]
    again = Engine.from_plain(rulebook, ("core-hodl",), INSTRUMENTS, plain)
    assert again.to_plain() == desk.engine.to_plain()


def test_the_sheet_shows_what_is_lent_and_whether_more_is_on_its_way(rulebook: Rulebook) -> None:
    desk = Desk(rulebook)
    loan = {"account": "CORE-HODL", "coin": "ETH"}
    assert live_sheet(desk.engine, NOW_MS)["loans"] == []
    approved = desk.lend(5_000)
    assert live_sheet(desk.engine, NOW_MS)["loans"] == [{**loan, "amount": "0", "moving": True}]
    assert isinstance(approved, Approved)
    (order,) = approved.requests
    assert isinstance(order, EarnOrder)
    desk.hear(EarnMoved(NOW_MS, order.order_id, order.account, order.coin, order.amount))
    assert live_sheet(desk.engine, NOW_MS)["loans"] == [{**loan, "amount": f"{order.amount:f}", "moving": False}]
