"""What a machine has to be told because of something that happened outside of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reaction:
    """A trigger for the machine of this key, with the reason in words; a machine that doesn't know it stays."""

    key: tuple[str, str]
    trigger: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    cause: str = ""
