"""The account itself: wallet, terms and transaction log."""

from adapters.served.answer import Answer
from adapters.served.call import PARAMETER_ERROR, Call, refused
from adapters.served.exchange import DAY_MS, ServedExchange
from adapters.served.figure import figure
from adapters.served.order_pages import window
from adapters.served.page import Page, Path
from adapters.served.paging import part
from adapters.served.transaction_row import transaction_row
from adapters.served.wallet_row import wallet_row

UNIFIED_TWO = 5


def wallet_balance(exchange: ServedExchange, call: Call) -> Answer:
    """Give the unified account, or some of its coins."""
    if call.text("accountType", "UNIFIED") != "UNIFIED":
        raise refused(PARAMETER_ERROR, "accountType only support UNIFIED.")
    row = wallet_row(exchange.live, call.account)
    wanted = {coin for coin in call.text("coin").split(",") if coin}
    if wanted:
        row["coin"] = [coin for coin in row["coin"] if coin["coin"] in wanted]
    return Answer({"list": [row]})


def info(exchange: ServedExchange, _call: Call) -> Answer:
    """Tell the terms of the account: cross margin, unified."""
    return Answer(
        {
            "marginMode": "REGULAR_MARGIN",
            "updatedTime": str(exchange.now_ms),
            "unifiedMarginStatus": UNIFIED_TWO,
            "dcpStatus": "OFF",
            "timeWindow": 10,
            "smpGroup": 0,
            "isMasterTrader": False,
            "spotHedgingStatus": "OFF",
        }
    )


def fee_rate(exchange: ServedExchange, call: Call) -> Answer:
    """Give what trading costs, as ratios."""
    market, symbol = call.market, call.text("symbol")
    offered = [one for one in exchange.instruments.values() if one.market is market]
    rows = [
        {"symbol": one.symbol, "takerFeeRate": figure(one.taker_fee), "makerFeeRate": figure(one.maker_fee)}
        for one in offered
        if symbol in ("", one.symbol)
    ]
    return Answer({"category": market.value, "list": rows})


def transaction_log(exchange: ServedExchange, call: Call) -> Answer:
    """Give changes of coins, the newest first; those of the last day where no time is named."""
    start_ms, end_ms = window(exchange, call)
    if not call.text("startTime") and not call.text("endTime"):
        start_ms = end_ms - DAY_MS
    kind, lines = call.text("type"), exchange.live.ledger.transactions(call.account)
    asked = (line for line in lines if start_ms <= line.at_ms <= end_ms and kind in ("", line.kind.value))
    wanted = {name: call.text(name) for name in ("category", "currency")}
    rows = map(transaction_row, asked)
    fitting = (row for row in rows if all(not value or row[name] == value for name, value in wanted.items()))
    shown, cursor = part(call, fitting, 20, 50)
    return Answer({"list": shown, "nextPageCursor": cursor})


PAGES: dict[Path, Page] = {
    ("GET", "/v5/account/wallet-balance"): Page(wallet_balance, 50),
    ("GET", "/v5/account/info"): Page(info, 50),
    ("GET", "/v5/account/fee-rate"): Page(fee_rate, 5),
    ("GET", "/v5/account/transaction-log"): Page(transaction_log, 25),
}
