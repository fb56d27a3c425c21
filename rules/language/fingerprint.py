"""The version of what is in force: the same content has the same version, whatever its comments, order and process."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from rules.language.numerals import Literal
from rules.language.typed import Typed
from rules.language.units import Kind

LENGTH = 12


def fingerprint(*parts: object) -> str:
    """Give 12 hexadecimal characters over the content of books, rules, levels, …"""
    content = json.dumps([canonical(part) for part in parts], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:LENGTH]


def canonical(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of content
    """Give content as what JSON can write in one way only; places, files and versions are not content."""
    if isinstance(value, Typed):
        return value.key
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Kind):
        return str(value.unit)
    if isinstance(value, Literal):
        return canonical(value.value)
    if isinstance(value, Mapping):
        return {str(key): canonical(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [canonical(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        content = (name for name in named if name not in _NOT_CONTENT and (named[name] or name not in _WHEN_GIVEN))
        return {name: canonical(named[name]) for name in content}
    return value


_NOT_CONTENT = frozenset(
    ("place", "file", "version", "origin", "settings", "extends", "search", "adopt", "text", "when_texts", "then_text")
)
# A book that doesn't say it has the version that it had before books could.
_WHEN_GIVEN = frozenset(("hedged_on", "lends"))
