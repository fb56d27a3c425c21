"""What a test or a person does to the exchange itself: let the market go on, let things go wrong, bring money."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.served.exchange import ServedExchange
from adapters.served.fault import Fault, FaultKind
from adapters.served.following_player import FollowingPlayer
from adapters.served.market_player import MarketPlayer, Phase
from adapters.served.stream_door import StreamDoor
from runtime.instrument import Market

SETTLES = "USDT"
MEMBER_FIELDS = ("permissions", "addresses", "read_only", "expires_ms")


class Control:
    """The levers of the exchange. All raise ValueError, TypeError or KeyError for what can't be done."""

    def __init__(self, exchange: ServedExchange, player: MarketPlayer | FollowingPlayer, streams: StreamDoor) -> None:
        self._exchange = exchange
        self._player = player
        self._streams = streams

    def state(self, _values: Mapping[str, Any]) -> dict[str, Any]:
        """Tell where the market stands and what has gone wrong so far."""
        return {
            "now_ms": self._exchange.now_ms,
            "phase": self._player.phase.value,
            "is_over": self._player.is_over,
            "speed": self._player.speed,
            "orders": self._exchange.asked.total(),
            "executions": self._exchange.live.model.executions,
            "struck": {kind.value: count for kind, count in self._exchange.faults.struck.items()},
        }

    def orders(self, _values: Mapping[str, Any]) -> dict[str, Any]:
        """Tell how often each order was asked for."""
        return {"asked": dict(self._exchange.asked)}

    def advance(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Let so many `moments` pass, `until` the market stands in a gap (the default) or has just opened."""
        done = self._player.advance(int(values.get("moments", 1)), Phase(values.get("until", Phase.GAP)))
        return {"advanced": done, **self.state({})}

    def skip(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Let so many `ms` of the candles under way have passed at once; their ends are not reached by it."""
        self._exchange.clock.skip(int(values["ms"]))
        return self.state({})

    def correct(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Publish the candle of a `symbol` on a `market` that has just ended once more, with another `close`."""
        market, symbol = Market(values["market"]), str(values["symbol"])
        self._exchange.chart.correct(market, symbol, float(values["close"]))
        self._exchange.public.corrected()
        return {}

    def fault(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Let something go wrong from now on."""
        fault = replace(Fault.from_plain(dict(values)), since=len(self._exchange.live.orders))
        if fault.kind is FaultKind.CLOCK:
            self._exchange.clock.offset_ms = fault.ms
            return {}
        self._exchange.faults.add(fault)
        if fault.kind is FaultKind.MAINTENANCE:
            self._streams.cut()
        return {}

    def lift(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Take back all faults, or those of a `kind`."""
        kind = FaultKind(values["kind"]) if "kind" in values else None
        self._exchange.faults.lift(kind)
        if kind in (None, FaultKind.CLOCK):
            self._exchange.clock.offset_ms = 0
        return {}

    def drop(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Break the sockets of an `account` (all by default) on an `endpoint` such as `private`, now."""
        return {"dropped": self._streams.cut(str(values.get("account", "")), str(values.get("endpoint", "")))}

    def deposit(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Bring an `amount` of a `coin` to an `account` from outside, or take it out when negative."""
        account = self._exchange.members.named(str(values["account"])).name
        amount, coin = Decimal(str(values["amount"])), str(values.get("coin", SETTLES))
        self._exchange.live.deposit(account, coin, amount, self._exchange.now_ms)
        return {}

    def offer(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Let coins that are lent out at Earn earn another `rate` (a ratio, a year) from now on, whatever the coin."""
        self._exchange.live.model.offer(Decimal(str(values["rate"])), self._exchange.now_ms)
        return {}

    def liquidate(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Liquidate an `account` now, however well it stands."""
        account = self._exchange.members.named(str(values["account"])).name
        self._exchange.live.liquidate(account, SETTLES, self._exchange.now_ms)
        return {}

    def key(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change what `query-api` tells of the key of an `account`."""
        member = self._exchange.members.named(str(values["account"]))
        for name in MEMBER_FIELDS:
            if name in values:
                setattr(member, name, values[name])
        return {}
