"""The Fear & Greed index of alternative.me: one number a day, from 0 (fear) to 100 (greed)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import urlopen

from runtime.market_data import MarketDataError

ADDRESS = "https://api.alternative.me/fng/"
DAY_MS = 86_400_000
TIMEOUT_S = 10.0
LONGEST_ANSWER = 4_000_000
"""Bytes; twenty years of it are a fifth of this."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The index of one day, which begins at `at_ms` in UTC."""

    at_ms: int
    value: float

    def age_ms(self, now_ms: int) -> int:
        """Tell how long ago its day began, in milliseconds."""
        return now_ms - self.at_ms

    def is_current(self, now_ms: int) -> bool:
        """Say whether no newer one can be there yet."""
        return self.age_ms(now_ms) < DAY_MS


class FearGreed:
    """Asks for the index, and remembers the newest value so that a day costs one question."""

    def __init__(self, address: str = ADDRESS) -> None:
        self._address = address
        self._newest: Reading | None = None

    def newest(self, now_ms: int) -> Reading:
        """Give the newest value, asked for only when there may be a newer one; raises MarketDataError."""
        if self._newest is None or not self._newest.is_current(now_ms):
            self._newest = self._ask(1)[-1]
        return self._newest

    def history(self) -> Sequence[Reading]:
        """Give all there is, oldest first; raises MarketDataError."""
        return self._ask(0)

    def _ask(self, limit: int) -> Sequence[Reading]:
        try:
            with urlopen(f"{self._address}?limit={limit}&format=json", timeout=TIMEOUT_S) as answer:
                text = answer.read(LONGEST_ANSWER + 1)
        except (URLError, HTTPException, OSError) as problem:
            raise MarketDataError(
                f"Expected the Fear & Greed index from {self._address}, found no answer ({_reason(problem)}). "
                "Check the connection and try again."
            ) from None
        return self._read(text)

    def _read(self, text: bytes) -> Sequence[Reading]:
        try:
            if len(text) > LONGEST_ANSWER:
                raise ValueError("it is too long")
            readings = {one.at_ms: one for one in map(_reading, json.loads(text)["data"])}
            if not readings:
                raise ValueError("it has no values")
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            raise MarketDataError(
                f"Expected the Fear & Greed index from {self._address}, found an answer that can't be read "
                f"({type(problem).__name__}: {str(problem)[:80]})."
            ) from None
        return [readings[at_ms] for at_ms in sorted(readings)]


def _reading(entry: dict[str, str]) -> Reading:
    seconds, value = int(entry["timestamp"]), float(entry["value"])
    if not 0 <= value <= 100 or not 0 < seconds < 10**11:
        raise ValueError(f"{value} at {seconds} is no value of a day")
    return Reading(seconds * 1000 - seconds * 1000 % DAY_MS, value)


def _reason(problem: Exception) -> str:
    return str(getattr(problem, "reason", "") or problem) or type(problem).__name__
