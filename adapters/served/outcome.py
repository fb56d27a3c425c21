"""What comes of one call: an answer or a refusal, and what the caller may still ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.served.account_pages import PAGES as ACCOUNT_PAGES
from adapters.served.answer import OK, Answer, enveloped
from adapters.served.asset_pages import PAGES as ASSET_PAGES
from adapters.served.call import Call
from adapters.served.earn_pages import PAGES as EARN_PAGES
from adapters.served.exchange import ServedExchange
from adapters.served.fault import Fault, FaultKind
from adapters.served.market_pages import PAGES as MARKET_PAGES
from adapters.served.order_pages import PAGES as ORDER_PAGES
from adapters.served.order_pages import TOO_OFTEN
from adapters.served.page import Page, Path
from adapters.served.position_pages import PAGES as POSITION_PAGES
from adapters.served.rate_limits import Allowance
from adapters.served.user_pages import PAGES as USER_PAGES
from adapters.served.user_pages import STATUS_PATH
from adapters.simulated.refusal import RequestRefusedError

PAGES: Mapping[Path, Page] = {
    **MARKET_PAGES,
    **ORDER_PAGES,
    **POSITION_PAGES,
    **ACCOUNT_PAGES,
    **ASSET_PAGES,
    **EARN_PAGES,
    **USER_PAGES,
}
RESTARTING = (10019, "Service is restarting.")
LOST_TO_A_FAULT = "Server error, please try again later."
REFUSED_LIMIT_S = 1.0
BATCH = "-batch"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A business code with its words and what belongs to it; `allowance` is None for public calls."""

    code: int
    message: str
    result: Any = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    allowance: Allowance | None = None

    def envelope(self, at_ms: int) -> dict[str, Any]:
        """Wrap it for the wire."""
        return enveloped(self.code, self.message, self.result, self.extra, at_ms)

    def limit_headers(self, exchange: ServedExchange) -> dict[str, str]:
        """Write what the caller may still ask; when it may again is told in the exchange's time."""
        if self.allowance is None:
            return {}
        reset_ms = exchange.now_ms + int(self.allowance.reset_s * 1000 * exchange.clock.speed) + 1
        return {
            "X-Bapi-Limit": str(self.allowance.limit),
            "X-Bapi-Limit-Status": str(self.allowance.left),
            "X-Bapi-Limit-Reset-Timestamp": str(reset_ms),
        }


def outcome_of(exchange: ServedExchange, key: Path, call: Call) -> Outcome:
    """Carry out a call to a page that exists, whatever may be in its way."""
    page, path = PAGES[key], key[1]
    if exchange.in_maintenance and path != STATUS_PATH:
        return Outcome(*RESTARTING)
    account = "" if call.member is None else call.account
    allowance = _allowed(exchange, page, path, call)
    if allowance is not None and not allowance.is_granted:
        return Outcome(*TOO_OFTEN, allowance=allowance)
    refuses = exchange.faults.strike(FaultKind.REFUSE, account, path, after=False)
    if refuses is not None:
        return _instead(refuses, allowance)
    try:
        answer = page.handler(exchange, call)
    except RequestRefusedError as error:
        return Outcome(error.refusal.code, error.refusal.reason, allowance=allowance)
    refuses = exchange.faults.strike(FaultKind.REFUSE, account, path, after=True)
    if path.endswith(BATCH) and allowance is not None:
        # Each of its orders has counted, and the headers tell what they have left.
        allowance = exchange.limits.left(account, _bucket(path, call), allowance.limit)
    return _instead(refuses, allowance) if refuses is not None else _answered(answer, allowance)


def _answered(answer: Answer, allowance: Allowance | None) -> Outcome:
    return Outcome(OK, answer.message, answer.result, answer.extra, allowance)


def _instead(fault: Fault, allowance: Allowance | None) -> Outcome:
    return Outcome(fault.code or 10016, fault.message or LOST_TO_A_FAULT, allowance=allowance)


def _allowed(exchange: ServedExchange, page: Page, path: str, call: Call) -> Allowance | None:
    if not page.is_private:
        return None
    category = call.text("category")
    limit = page.limit_of(category)
    busy = exchange.faults.strike(FaultKind.RATE_LIMIT, call.account, path)
    if busy is not None:
        return Allowance(limit, 0, busy.ms / 1000 or REFUSED_LIMIT_S, is_granted=False)
    return exchange.limits.ask(call.account, _bucket(path, call), limit)


def _bucket(path: str, call: Call) -> str:
    return f"{path}:{call.text('category')}"
