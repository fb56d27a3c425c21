"""Earn: flexible savings, of which each coin with a rate has one product."""

from collections.abc import Iterable, Mapping
from typing import Any

from adapters.served.answer import Answer
from adapters.served.call import PARAMETER_ERROR, Call, refused
from adapters.served.exchange import DAY_MS, ServedExchange
from adapters.served.figure import figure
from adapters.served.order_pages import window
from adapters.served.page import Page, Path
from adapters.served.paging import part
from adapters.simulated.earn import EarnRecord, Payment
from adapters.simulated.refusal import NO_EARN_PRODUCT, RequestRefusedError
from runtime.requests import EarnOrder, EarnSide

FLEXIBLE = "FlexibleSaving"
CATEGORIES = (FLEXIBLE, "OnChain")
SIDES = {"Stake": EarnSide.STAKE, "Redeem": EarnSide.REDEEM}
WORDS = {side: word for word, side in SIDES.items()}
FIRST_PRODUCT = 400
BAD_EARN_PARAMETER = (180001, "Invalid parameter")
NO_LINK_ID = (180019, "Empty orderLinkId")
NOT_PERMITTED = (10005, "Permission denied, please check your API key permissions.")
NOTHING = dict.fromkeys(("swapCoin", "swapCoinPrecision", "stakeExchangeRate", "redeemExchangeRate"), "")
ONLY_ON_CHAIN = dict.fromkeys(
    ("id", "status", "orderId", "estimateRedeemTime", "estimateStakeTime", "estimateInterestCalculationTime"), ""
)


def products(exchange: ServedExchange, call: Call) -> Answer:
    """List what coins earn; there are no products on chain."""
    wanted, flexible = call.text("coin"), _category(call) == FLEXIBLE
    rows = [_product(exchange, coin) for coin in _coins(exchange) if flexible and wanted in ("", coin)]
    return Answer({"list": rows})


def place_order(exchange: ServedExchange, call: Call) -> Answer:
    """Lend coins out of the unified account, or take them back into it."""
    _permitted(call)
    link_id, side, amount = call.text("orderLinkId"), SIDES.get(call.text("orderType")), call.decimal("amount")
    if not link_id:
        raise refused(*NO_LINK_ID)
    from_unified = _category(call) == FLEXIBLE and call.text("accountType") == "UNIFIED"
    if side is None or amount is None or not from_unified or len(link_id) > 36:
        raise refused(*BAD_EARN_PARAMETER)
    coin = call.required("coin")
    if call.text("productId") != _product_id(exchange, coin):
        raise RequestRefusedError(NO_EARN_PRODUCT)
    order = EarnOrder(link_id, call.account, coin, amount, side)
    exchange.live.lend(order, exchange.now_ms)
    record = exchange.live.model.earn.records(call.account)[0]
    return Answer({"orderId": _order_id(record), "orderLinkId": link_id}, message="")


def orders(exchange: ServedExchange, call: Call) -> Answer:
    """Look up orders for savings, the newest first."""
    _permitted(call)
    wanted = {name: call.text(name) for name in ("orderId", "orderLinkId", "productId")}
    start_ms, end_ms = window(exchange, call)
    if wanted["orderId"] or wanted["orderLinkId"]:
        start_ms = 0
    rows = (_order(exchange, one) for one in _flexible(call, exchange.live.model.earn.records(call.account)))
    fitting = (row for row in rows if all(not value or row[name] == value for name, value in wanted.items()))
    shown, cursor = part(call, (row for row in fitting if start_ms <= int(row["createdAt"]) <= end_ms), 50, 100)
    return Answer({"list": shown, "nextPageCursor": cursor})


def positions(exchange: ServedExchange, call: Call) -> Answer:
    """Show what is lent out."""
    _permitted(call)
    earn, coin = exchange.live.model.earn, call.text("coin")
    lent = _flexible(call, earn.lent(call.account).items())
    rows = [
        {
            "coin": name,
            "productId": _product_id(exchange, name),
            "amount": figure(amount),
            "totalPnl": "",
            "claimableYield": figure(earn.accrued(call.account, name)),
            **ONLY_ON_CHAIN,
            "settlementTime": "",
        }
        for name, amount in lent
    ]
    product = call.text("productId")
    return Answer({"list": [row for row in rows if coin in ("", row["coin"]) and product in ("", row["productId"])]})


def yields(exchange: ServedExchange, call: Call) -> Answer:
    """Show the interest of the last week or of a span, the newest first."""
    rows, cursor = _paid(exchange, call)
    beside = {"yieldType": "Normal", "distributionMode": "Auto", "orderId": ""}
    return Answer({"yield": [row | beside for row in rows], "nextPageCursor": cursor})


def hourly_yields(exchange: ServedExchange, call: Call) -> Answer:
    """Show the same interest by the hour in which it was paid: this exchange pays once a day."""
    rows, cursor = _paid(exchange, call)
    hour_ms = DAY_MS // 24
    hours = [row | {"hourlyDate": str(int(row["createdAt"]) // hour_ms * hour_ms)} for row in rows]
    return Answer({"list": hours, "nextPageCursor": cursor})


def _paid(exchange: ServedExchange, call: Call) -> tuple[list[dict[str, Any]], str]:
    _permitted(call)
    start_ms, end_ms = window(exchange, call)
    payments = (_payment(exchange, one) for one in _flexible(call, exchange.live.model.earn.payments(call.account)))
    product = call.text("productId")
    fitting = (row for row in payments if product in ("", row["productId"]))
    return part(call, (row for row in fitting if start_ms <= int(row["createdAt"]) <= end_ms), 50, 100)


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _product(exchange: ServedExchange, coin: str) -> dict[str, Any]:
    rate = exchange.live.model.earn.rate(coin)
    assert rate is not None
    return {
        "category": FLEXIBLE,
        "estimateApr": f"{figure(rate * 100)}%",
        "coin": coin,
        "minStakeAmount": "0.00000001",
        "maxStakeAmount": "1000000000",
        "precision": "8",
        "productId": _product_id(exchange, coin),
        "status": "Available",
        "bonusEvents": [],
        "minRedeemAmount": "",
        "maxRedeemAmount": "",
        "duration": "",
        "term": 0,
        **NOTHING,
        "rewardDistributionType": "",
        "rewardIntervalMinute": 0,
        "redeemProcessingMinute": 0,
        "stakeTime": "",
        "interestCalculationTime": "",
    }


def _order(exchange: ServedExchange, record: EarnRecord) -> dict[str, str]:
    order = record.order
    done_ms = record.created_ms if record.done_ms is None else record.done_ms
    return {
        "coin": order.coin,
        "orderValue": figure(order.amount),
        "orderType": WORDS[order.side],
        "orderId": _order_id(record),
        "orderLinkId": order.order_id,
        "status": record.state.value,
        "createdAt": str(record.created_ms),
        "productId": _product_id(exchange, order.coin),
        "updatedAt": str(done_ms),
        "swapOrderValue": "",
        "estimateRedeemTime": "",
        "estimateStakeTime": "",
    }


def _payment(exchange: ServedExchange, payment: Payment) -> dict[str, str]:
    paid = payment.paid
    return {
        "productId": _product_id(exchange, paid.coin),
        "coin": paid.coin,
        "id": paid.payment_id,
        "amount": figure(paid.amount),
        "effectiveStakingAmount": figure(payment.lent),
        "status": "Success",
        "createdAt": str(paid.at_ms),
    }


def _coins(exchange: ServedExchange) -> list[str]:
    earn = exchange.live.model.earn
    return [coin for coin in _bases(exchange) if earn.rate(coin) is not None]


def _bases(exchange: ServedExchange) -> Mapping[str, None]:
    """The coins that are traded, each once."""
    return dict.fromkeys(one.base for one in exchange.instruments.values())


def _product_id(exchange: ServedExchange, coin: str) -> str:
    bases = list(_bases(exchange))
    return str(FIRST_PRODUCT + bases.index(coin)) if coin in bases else ""


def _order_id(record: EarnRecord) -> str:
    return f"00000000-0000-4000-8000-{record.number:012d}"


def _category(call: Call) -> str:
    category = call.required("category")
    if category not in CATEGORIES:
        raise refused(PARAMETER_ERROR, f"params error: category {category} is not offered here.")
    return category


def _flexible(call: Call, rows: Iterable[Any]) -> Iterable[Any]:
    return rows if _category(call) == FLEXIBLE else ()


def _permitted(call: Call) -> None:
    assert call.member is not None
    if not call.member.permissions.get("Earn"):
        raise refused(*NOT_PERMITTED)


PAGES: dict[Path, Page] = {
    ("GET", "/v5/earn/product"): Page(products),
    ("POST", "/v5/earn/place-order"): Page(place_order, 5),
    ("GET", "/v5/earn/order"): Page(orders, 10),
    ("GET", "/v5/earn/position"): Page(positions, 10),
    ("GET", "/v5/earn/yield"): Page(yields, 10),
    ("GET", "/v5/earn/hourly-yield"): Page(hourly_yields, 10),
}
