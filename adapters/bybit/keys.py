"""What an API key may do, checked before anything is done with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from adapters.bybit.client import Client
from adapters.bybit.fields import Row, optional_text, row, shown

WARN_DAYS = 14
DAY_MS = 86_400_000
ANYWHERE = "*"
NEVER = "1970-01-01"


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """Something wrong with a key; one that is `fatal` is not used."""

    fatal: bool
    text: str


@dataclass(frozen=True, slots=True)
class Uses:
    """What an account does with its key: it trades, otherwise a read-only key is wanted; it lends coins at Earn."""

    trades: bool
    lends: bool = False


def check_key(client: Client, account: str, member: str, uses: Uses, now_ms: int) -> list[KeyProblem]:
    """Check one account's key: its owner, what it may do, from where, and for how long.

    Raises RefusedError and NoAnswerError.
    """
    facts = client.call("get_api_key_information").result
    allowed = (*_permissions(facts, account, uses.trades), *_earn(facts, account, uses.lends))
    return [*_owner(facts, account, member), *allowed, *_bounds(facts, account, now_ms)]


def _owner(facts: Row, account: str, member: str) -> Iterator[KeyProblem]:
    owner = str(facts.get("userID"))
    if owner != member:
        text = f"The key of {account} belongs to account {owner} at the exchange, expected {member}: were keys swapped?"
        yield KeyProblem(True, text)


def _permissions(facts: Row, account: str, trades: bool) -> Iterator[KeyProblem]:
    permissions = row(facts.get("permissions"), "permissions")
    granted = {name for group in permissions.values() if isinstance(group, list) for name in group}
    reads_only = facts.get("readOnly") == 1
    if "Withdraw" in granted:
        yield KeyProblem(True, f"The key of {account} may withdraw money. Make one without that permission.")
    if facts.get("readOnly") not in (0, 1):
        yield KeyProblem(True, f"The key of {account}: expected readOnly 0 or 1, found {shown(facts.get('readOnly'))}.")
    if trades and reads_only:
        yield KeyProblem(True, f"The key of {account} may only read, and this account trades. Give it permission to.")
    if not trades and not reads_only:
        yield KeyProblem(False, f"The key of {account} may trade, and nothing here does. A read-only key is enough.")
    if trades and not reads_only and not {"Order", "SpotTrade", "OrderWrite"} & granted:
        yield KeyProblem(True, f"The key of {account} has no permission to place orders, and this account trades.")


def _earn(facts: Row, account: str, lends: bool) -> Iterator[KeyProblem]:
    """Without the permission a book trades all the same: only its coins stay where they are."""
    if lends and not row(facts.get("permissions"), "permissions").get("Earn"):
        text = f"The key of {account} has no permission for Earn, so its coins are not lent: add it, or take `lends`"
        yield KeyProblem(False, f"{text} out of the book.")


def _bounds(facts: Row, account: str, now_ms: int) -> Iterator[KeyProblem]:
    addresses = facts.get("ips")
    if not isinstance(addresses, list) or not addresses or ANYWHERE in addresses:
        yield KeyProblem(False, f"The key of {account} works from any address. Bind it to the address of this machine.")
    expires = optional_text(facts, "expiredAt")
    if expires and not expires.startswith(NEVER):
        yield from _expiry(expires, account, now_ms)


def _expiry(expires: str, account: str, now_ms: int) -> Iterator[KeyProblem]:
    try:
        at_ms = int(datetime.fromisoformat(expires).timestamp() * 1000)
    except ValueError:
        yield KeyProblem(False, f"The key of {account} expires at {shown(expires)}, which can't be read.")
        return
    days = (at_ms - now_ms) // DAY_MS
    if at_ms <= now_ms:
        yield KeyProblem(True, f"The key of {account} has expired ({expires}). Make a new one.")
    elif days < WARN_DAYS:
        yield KeyProblem(False, f"The key of {account} expires in {days} days ({expires}). Make a new one.")
