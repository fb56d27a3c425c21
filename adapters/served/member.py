"""Who trades on the exchange, and with which key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

FIRST_UID = 100_000_001
PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "ContractTrade": ("Order", "Position"),
    "Spot": ("SpotTrade",),
    "Wallet": ("AccountTransfer", "SubMemberTransfer"),
    "Options": (),
    "Derivatives": ("DerivativesTrade",),
    "Exchange": (),
    "Earn": ("Earn",),
}


@dataclass(slots=True)
class Member:
    """One account with its key; the first one is the master of the others.

    `permissions`, `addresses` (those that the key is bound to; empty for any), `read_only` and `expires_ms` (None for
    never) are what `query-api` tells of the key.
    """

    name: str
    uid: int
    key: str
    secret: str
    is_master: bool
    permissions: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(PERMISSIONS))
    addresses: tuple[str, ...] = ("127.0.0.1",)
    read_only: bool = False
    expires_ms: int | None = None


def enrolled(name: str, number: int) -> Member:
    """Make the member of a name; number 0 is the master."""
    # Made from the name, so that a restarted exchange knows its clients again; they open nothing but a toy.
    digest = sha256(f"exchange on loopback, account {name}".encode()).hexdigest()
    return Member(name, FIRST_UID + number, digest[:18], digest[18:54], is_master=number == 0)
