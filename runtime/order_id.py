"""Order ids that a repeat of the same decision makes again, and no other decision makes."""

import json
import re
from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256

LONGEST = 36
_READABLE_LENGTH = 8
_HASH_LENGTH = 20
_FOREIGN = re.compile("[^a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Naming:
    """What an order is named after, besides its account; attempts count from 1. Without a leg that is the symbol."""

    rule: str
    slot: str
    attempt: int = 1
    leg: str = ""


def next_attempt(name: str) -> str:
    """Name the next attempt at the decision that an order id was made for."""
    decision, _, attempt = name.rpartition("-")
    return f"{decision}-{int(attempt) + 1}"


def order_id(account: str, rule: str, slot: str, leg: str, attempt: int) -> str:
    """Name an order after the decision behind it: at most 36 characters of [a-z0-9-], the attempt (from 1) at the end.

    `slot` is what makes a decision of a rule unique (a candle's close, a week, an incident), `leg` its part (a symbol).
    """
    if not 1 <= attempt < 10 ** (LONGEST - _READABLE_LENGTH - _HASH_LENGTH - 2):
        raise ValueError(f"Expected an attempt from 1 to 999999, found {attempt}: stop after the third.")
    # JSON keeps the parts apart: ("a", "bc") and ("ab", "c") are different decisions.
    decision = json.dumps([account, rule, slot, leg]).encode()
    digest = b32encode(sha256(decision).digest()).decode().lower()[:_HASH_LENGTH]
    readable = _FOREIGN.sub("", account.lower())[:_READABLE_LENGTH] or "order"
    return f"{readable}-{digest}-{attempt}"
