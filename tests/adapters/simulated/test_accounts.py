"""All accounts of the exchange, and who holds what."""

from decimal import Decimal

from adapters.simulated.accounts import Accounts
from adapters.simulated.position import FLAT, Position

HELD = Position(Decimal(1), Decimal(100), "order")


def test_holders_are_known_by_symbol_in_the_order_in_which_they_entered() -> None:
    accounts = Accounts.opened({"one": {}, "two": {}, "three": {}})
    for name in ("three", "one"):
        accounts.put(accounts.named(name), "BTCUSDT", HELD)
    accounts.put(accounts.named("two"), "ETHUSDT", HELD)
    kept = Accounts.from_plain(accounts.to_plain())
    for each in (accounts, kept):
        assert [account.name for account in each.holders(["BTCUSDT"])] == ["three", "one"]
        assert [account.name for account in each.holders(["BTCUSDT", "ETHUSDT"])] == ["three", "one", "two"]


def test_a_symbol_that_nobody_holds_any_more_is_idle() -> None:
    accounts = Accounts.opened({"one": {}})
    one = accounts.named("one")
    accounts.put(one, "BTCUSDT", HELD)
    assert accounts.held("BTCUSDT")
    accounts.put(one, "BTCUSDT", FLAT)
    assert not accounts.held("BTCUSDT")
    assert one.position("BTCUSDT") == FLAT
