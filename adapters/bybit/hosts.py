"""The only addresses that a key is ever shown to."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit


class Mode(StrEnum):
    """Whose money is moved: real, the test network's, the demo account's, or a local exchange's."""

    MAINNET = "mainnet"
    TESTNET = "testnet"
    DEMO = "demo"
    LOCAL = "local"


class HostRefusedError(Exception):
    """An address is not one that this mode may talk to; the message says which one is."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where one mode's requests and streams go; no trailing slashes."""

    mode: Mode
    rest: str
    public: str
    private: str


# Demo accounts trade on the market data of the real exchange.
CLOSED_LIST = {
    Mode.MAINNET: Hosts(
        Mode.MAINNET, "https://api.bybit.com", "wss://stream.bybit.com/v5/public", "wss://stream.bybit.com/v5/private"
    ),
    Mode.TESTNET: Hosts(
        Mode.TESTNET,
        "https://api-testnet.bybit.com",
        "wss://stream-testnet.bybit.com/v5/public",
        "wss://stream-testnet.bybit.com/v5/private",
    ),
    Mode.DEMO: Hosts(
        Mode.DEMO,
        "https://api-demo.bybit.com",
        "wss://stream.bybit.com/v5/public",
        "wss://stream-demo.bybit.com/v5/private",
    ),
}


def hosts_of(mode: Mode, address: str | None = None) -> Hosts:
    """Give the addresses of a mode; only the local one takes an address, such as `http://127.0.0.1:8080`.

    Raises HostRefusedError for an address that leaves this machine, and for any address in the other modes.
    """
    if mode is not Mode.LOCAL:
        if address is not None and address.rstrip("/") != CLOSED_LIST[mode].rest:
            raise HostRefusedError(
                f"Mode {mode} talks to {CLOSED_LIST[mode].rest} and nobody else, found {address}. "
                f"Leave the address out, or choose mode local for an exchange on this machine."
            )
        return CLOSED_LIST[mode]
    if address is None or not _stays_here(address):
        raise HostRefusedError(
            f"Mode local talks to this machine only, found {address}. Give an address such as http://127.0.0.1:8080."
        )
    place = urlsplit(address).netloc
    return Hosts(mode, f"http://{place}", f"ws://{place}/v5/public", f"ws://{place}/v5/private")


def _stays_here(address: str) -> bool:
    parts = urlsplit(address)
    try:
        loopback, port = ip_address(parts.hostname or "").is_loopback, parts.port
    except ValueError:
        return False
    nothing_else = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username or parts.password)
    return parts.scheme == "http" and loopback and port is not None and nothing_else
