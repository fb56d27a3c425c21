"""Takes secrets out of whatever is about to be printed."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "[hidden]"
SHORTEST = 4
_NAMES = re.compile(r"secret|passw|token|api[_-]?key|x-bapi|signature|authorization|private", re.IGNORECASE)
_USER_IN_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)
_NAMED = re.compile(
    r"(?P<name>[\"']?(?:api[_-]?key|api[_-]?secret|secret|password|token|signature|x-bapi-sign|x-bapi-api-key)[\"']?\s*[=:]\s*)"
    r"[\"']?[^\s\"',;&}]+[\"']?",
    re.IGNORECASE,
)


class Redaction:
    """A processor of logs: hides known secrets anywhere, values under telling names, and passwords in addresses."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(secret) for secret in known)) if known else None

    def __call__(self, _logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Hide the secrets of one line."""
        return {key: self.value(value, key) for key, value in event.items()}

    def value(self, value: Any, name: str = "") -> Any:
        """Hide the secrets of one value, whatever it is made of."""
        if _tells(name) and value not in (None, "", True, False):
            return HIDDEN
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {key: self.value(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(inner) for inner in value]
        return self.text(str(value))

    def text(self, text: str) -> str:
        """Hide the secrets in a text."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        if "://" in text:
            text = _USER_IN_URL.sub(rf"\g<scheme>{HIDDEN}@", text)
        return _NAMED.sub(rf"\g<name>{HIDDEN}", text) if "=" in text or ":" in text else text


@lru_cache(maxsize=1000)
def _tells(name: str) -> bool:
    """Whether what bears this name is a secret; the same few names come again and again."""
    return _NAMES.search(name) is not None
