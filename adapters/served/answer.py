"""What the exchange answers to a request that it did not refuse."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OK = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, and what is said beside it (`retExtInfo`)."""

    result: Mapping[str, Any] | list[Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    message: str = "OK"

    def envelope(self, at_ms: int) -> dict[str, Any]:
        """Wrap it for the wire."""
        return enveloped(OK, self.message, self.result, self.extra, at_ms)


def enveloped(code: int, message: str, result: Any, extra: Mapping[str, Any], at_ms: int) -> dict[str, Any]:
    """Write the frame that is around every REST answer; the code is a number, not a text."""
    return {"retCode": code, "retMsg": message, "result": result, "retExtInfo": extra, "time": at_ms}
