"""What became of an intent, in words."""

from decimal import Decimal

from runtime.decimals import plain
from runtime.requests import EarnOrder, EarnSide, MoveMoney, PlaceOrder, Request
from runtime.step import Approved, Outcome

ZERO = Decimal(0)


def limit_texts(outcome: Outcome) -> tuple[str, ...]:
    """What made the order smaller, in words."""
    return tuple(limit.text for limit in outcome.limits) if isinstance(outcome, Approved) else ()


def outcome_text(outcome: Outcome) -> str:
    """What became of one intent, in words."""
    intent = type(outcome.intent).__name__.lower()
    symbol = getattr(outcome.intent, "symbol", "")
    if isinstance(outcome, Approved):
        placed = ", ".join(filter(None, map(told, outcome.requests)))
        return f"{f'{intent} {symbol}'.strip()}: {placed or 'done without an order'}"
    return f"{f'{intent} {symbol}'.strip()} refused by {outcome.check}: {outcome.reason}"


def told(request: Request) -> str:
    """What a request asks for, in words; empty for what moves neither coins nor money."""
    if isinstance(request, MoveMoney):
        return f"{plain(request.amount)} {request.coin} from {request.source} to {request.destination}"
    if isinstance(request, EarnOrder):
        where = "to Earn" if request.side is EarnSide.STAKE else "back from Earn"
        return f"{plain(request.amount)} {request.coin} {where}"
    return asked(request) if isinstance(request, PlaceOrder) else ""


def asked(request: PlaceOrder) -> str:
    """What an order asks for, in words."""
    coin = request.symbol
    amount = (
        f"{plain(request.quantity)}"
        if request.quantity is not None
        else f"for {plain(request.quote_amount or ZERO)} USDT"
    )
    price = "at the market" if request.price is None else f"at {plain(request.price)} ({request.time_in_force})"
    stop = "" if request.stop_loss is None else f", stop {plain(request.stop_loss)}"
    return f"{request.side} {amount} {coin} {price}{stop}{', reduce only' if request.reduce_only else ''}"
