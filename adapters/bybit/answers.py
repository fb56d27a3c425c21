"""What a request's answer means to the engine."""

from collections.abc import Sequence

from adapters.bybit.client import NoAnswerError, RefusedError, Reply
from adapters.bybit.fields import MalformedError, Row, rows
from adapters.bybit.limits import BAN_MS, reset_ms
from runtime.answers import Answer, classify
from runtime.events import OrderRejected, OrderUnknown

SHUT_OUT = 403
AGAIN_MS = 1000


def name_of_stop(account: str, symbol: str) -> str:
    """Name a refused change of a stop."""
    return f"stop:{account}:{symbol}"


def name_of_leverage(account: str, symbol: str) -> str:
    """Name a refused change of leverage."""
    return f"leverage:{account}:{symbol}"


def news_of(problem: RefusedError | NoAnswerError, name: str, now_ms: int) -> OrderRejected | OrderUnknown:
    """Turn a refusal or a lost answer of what bears this name into an event; only a definite no is a rejection.

    `now_ms` is the exchange's time.
    """
    if isinstance(problem, NoAnswerError):
        return OrderUnknown(now_ms, name, str(problem))
    answer = classify(problem.code)
    if answer in (Answer.UNKNOWN, Answer.EXISTS, Answer.ACCEPTED):
        return OrderUnknown(now_ms, name, str(problem))
    again_ms = _again_ms(problem, now_ms) if answer is Answer.TRANSIENT else None
    return OrderRejected(now_ms, name, problem.code, problem.reason, again_ms)


def news_of_cancel(problem: RefusedError | NoAnswerError, name: str, now_ms: int) -> OrderRejected | OrderUnknown:
    """Turn a failed cancel into an event, which never says that the order was refused: it is gone, or unknown."""
    if isinstance(problem, RefusedError) and classify(problem.code) is Answer.EXISTS:
        return OrderRejected(now_ms, name, problem.code, problem.reason)
    return OrderUnknown(now_ms, name, f"The cancel failed: {problem}")


def is_as_asked(problem: RefusedError | NoAnswerError) -> bool:
    """Tell whether the exchange only says that everything is already as it was asked for."""
    return isinstance(problem, RefusedError) and classify(problem.code) is Answer.ACCEPTED


def own_answers(
    answer: Reply | RefusedError | NoAnswerError, names: Sequence[str]
) -> Sequence[Reply | RefusedError | NoAnswerError]:
    """Give each order of a batch its own answer, as if it had been sent alone; `names` are in the batch's order.

    What can't be told apart for certain is no answer.
    """
    if not isinstance(answer, Reply):
        return [answer] * len(names)
    try:
        taken, said = rows(answer.result, "list"), rows(answer.extra, "list")
        if not len(taken) == len(said) == len(names):
            raise MalformedError(f"expected {len(names)} answers, found {len(taken)} and {len(said)}.")
    except MalformedError as problem:
        return [NoAnswerError(f"A batch: {problem}")] * len(names)
    return [_own(answer, *one) for one in zip(taken, said, names, strict=True)]


def _own(answer: Reply, taken: Row, said: Row, name: str) -> Reply | RefusedError | NoAnswerError:
    code = said.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        return NoAnswerError("An item of a batch without a readable code.")
    if code:
        return RefusedError(code, str(said.get("msg"))[:200], answer.headers)
    if taken.get("orderLinkId") != name or not taken.get("orderId"):
        return NoAnswerError("An item of a batch that names another order.")
    return Reply(taken, answer.at_ms, answer.headers)


def _again_ms(problem: RefusedError, now_ms: int) -> int:
    if problem.code == SHUT_OUT:
        return now_ms + BAN_MS
    return reset_ms(problem.headers, now_ms) or now_ms + AGAIN_MS
