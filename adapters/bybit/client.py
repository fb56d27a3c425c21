"""One signed HTTP client that sends each request once and says plainly what is known of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP

from adapters.bybit.fields import MalformedError, Row, milliseconds, row
from adapters.bybit.hosts import Hosts, Mode

TIMEOUT_S = 8
RECEIVE_WINDOW_MS = 3000
# What the exchange's front door says without having looked at the order.
REFUSED_AT_THE_DOOR = frozenset({401, 403, 404})
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Keys:
    """An API key and its secret, which never appear in a text."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer: what it says, the exchange's time of it in milliseconds UTC, and its headers.

    `extra` is what it says of each item of a batch.
    """

    result: Row
    at_ms: int
    headers: Mapping[str, str]
    extra: Row = field(default_factory=dict)


class RefusedError(Exception):
    """The exchange says no, with its code (or the HTTP status), its words and the answer's headers."""

    def __init__(self, code: int, reason: str, headers: Mapping[str, str] = NO_HEADERS) -> None:
        super().__init__(f"{reason} ({code})")
        self.code, self.reason, self.headers = code, reason, headers


class NoAnswerError(Exception):
    """Nobody knows what became of a request: nothing came back, or nothing that can be read."""


NOT_ANSWERED = (RefusedError, NoAnswerError, MalformedError)
"""Why a question has no answer that can be used."""


class Client:
    """Calls pybit by the name of its method. Not safe for several threads at once: each thread has its own."""

    def __init__(self, hosts: Hosts, keys: Keys | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._http = HTTP(
            testnet=hosts.mode is Mode.TESTNET,
            demo=hosts.mode is Mode.DEMO,
            api_key=keys.key if keys else None,
            api_secret=keys.secret if keys else None,
            timeout=timeout_s,
            recv_window=RECEIVE_WINDOW_MS,
            # An empty set would mean pybit's own codes, and pybit would send again by itself.
            retry_codes={-1},
            max_retries=1,
            force_retry=False,
            log_requests=False,
            return_response_headers=True,
        )
        self._http.endpoint = hosts.rest
        # A redirect would show the signature to whoever it names, and send an order twice.
        self._http.client.max_redirects = 0
        self._http.client.trust_env = hosts.mode is not Mode.LOCAL

    def call(self, method: str, **parameters: object) -> Reply:
        """Send one request, once.

        Raises RefusedError for a definite no, and NoAnswerError whenever anything else than a readable yes came back.
        """
        try:
            body, _, headers = getattr(self._http, method)(**parameters)
        except InvalidRequestError as refusal:
            raise _refusal(refusal) from None
        except FailedRequestError as failure:
            raise _failure(failure) from None
        except Exception as problem:
            # Only the kind of the problem: its text may hold what was signed.
            raise NoAnswerError(f"{method}: no answer ({type(problem).__name__}).") from None
        return _reply(method, body, headers)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.client.close()


def _refusal(error: InvalidRequestError) -> RefusedError | NoAnswerError:
    code = error.status_code
    if not isinstance(code, int) or isinstance(code, bool):
        return NoAnswerError("An answer without a readable code.")
    return RefusedError(code, str(error.message)[:200], error.resp_headers or NO_HEADERS)


def _failure(error: FailedRequestError) -> RefusedError | NoAnswerError:
    if error.status_code in REFUSED_AT_THE_DOOR and error.resp_headers is not None:
        return RefusedError(error.status_code, f"The exchange answered HTTP {error.status_code}.", error.resp_headers)
    return NoAnswerError(f"The exchange answered HTTP {error.status_code}, which says nothing of the request.")


def _reply(method: str, body: object, headers: Mapping[str, str]) -> Reply:
    try:
        answer = row(body, "the answer")
        # pybit takes an answer without any code for a good one.
        if answer.get("retCode") != 0 or isinstance(answer.get("retCode"), bool):
            raise MalformedError("retCode: expected 0.")
        said = answer.get("retExtInfo")
        extra = row(said, "retExtInfo") if said else {}
        return Reply(row(answer.get("result"), "result"), milliseconds(answer, "time"), headers, extra)
    except MalformedError as problem:
        raise NoAnswerError(f"{method}: {problem}") from None
