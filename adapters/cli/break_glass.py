"""`eternal break-glass`: close what an account has, without the engine, its store or its configuration."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.run_mode import RunMode

if TYPE_CHECKING:
    from adapters.bybit.break_glass import BreakGlass, Left
    from adapters.bybit.client import Client, Keys
    from adapters.bybit.hosts import Hosts

PATIENCE_S = 60.0


def break_glass(
    *,
    mode: Annotated[RunMode, typer.Option(help="Whose money it is.")],
    key: Annotated[str, typer.Option("--key-from", metavar="VARIABLE", help="The variable with the API key.")],
    secret: Annotated[str, typer.Option("--secret-from", metavar="VARIABLE", help="The variable with its secret.")],
    exchange: Annotated[str | None, typer.Option(metavar="ADDRESS", help="The exchange, in mode local.")] = None,
    coins: Annotated[bool, typer.Option("--coins", help="Sell all coins as well, not only close positions.")] = False,
    wait: Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long to try.")] = PATIENCE_S,
    confirm: Annotated[bool, typer.Option("--confirm", help="Do it; without this it is only told.")] = False,
) -> None:
    """Cancel all orders of an account and close its positions at once, when the engine can't.

    Stop the engine first, or its rules go on. It is done only with --confirm. Code 1: something is left.
    """
    from adapters.bybit.client import NoAnswerError, RefusedError
    from adapters.bybit.fields import MalformedError

    hosts, keys = _hosts(mode, exchange), _keys(key, secret)
    try:
        with _account(hosts, keys, coins=coins) as glass:
            left = glass.look()
            _tell(left, coins=coins)
            if left.nothing:
                return
            if not confirm:
                raise Failure("Nothing was done. Do it with --confirm.", ExitCode.FINDINGS)
            _check(glass.flatten(wait), wait)
    except (RefusedError, NoAnswerError, MalformedError) as error:
        raise Failure(f"The exchange could not be asked what the account has: {error}") from None


def _hosts(mode: RunMode, exchange: str | None) -> "Hosts":
    from adapters.bybit.hosts import HostRefusedError, hosts_of

    try:
        return hosts_of(mode.hosts, exchange)
    except HostRefusedError as error:
        raise Failure(str(error), ExitCode.USAGE) from None


def _keys(key: str, secret: str) -> "Keys":
    from adapters.bybit.client import Keys

    lacking = [name for name in (key, secret) if not os.environ.get(name)]
    if lacking:
        raise Failure(
            f"Expected the key and its secret in the variables {key} and {secret}, found nothing in "
            f"{' and '.join(lacking)}. Set them, for example with `set -a; . ./.env; set +a`.",
            ExitCode.USAGE,
        )
    return Keys(os.environ[key], os.environ[secret])


@contextmanager
def _account(hosts: "Hosts", keys: "Keys", *, coins: bool) -> Iterator["BreakGlass"]:
    """Give the account that the keys belong to, and say which one it is."""
    from adapters.bybit.break_glass import BreakGlass
    from adapters.bybit.client import Client
    from adapters.bybit.limits import AddressLimit, Limits
    from adapters.bybit.line import Line
    from adapters.bybit.offset import ExchangeClock
    from adapters.cli.screen import say
    from adapters.clock import monotonic_ms

    client, pause, clock = Client(hosts, keys), Event().wait, ExchangeClock()
    try:
        clock.measure(client)
        line = Line(client, Limits(AddressLimit(), monotonic_ms), clock, pause)
        say(f"Account {_owner(client)} at {hosts.rest}:")
        yield BreakGlass(line, clock, say, pause, spot=coins)
    finally:
        client.close()


def _owner(client: "Client") -> str:
    facts = client.call("get_api_key_information").result
    if facts.get("readOnly") == 1:
        raise Failure("Expected a key that may trade, found one that may only read. Use another one.")
    return str(facts.get("userID"))


def _tell(left: "Left", *, coins: bool) -> None:
    from adapters.bybit.break_glass import told_order, told_position
    from adapters.cli.screen import say
    from runtime.decimals import readable

    for order in left.orders:
        say(f"  {told_order(order)}")
    for position in left.positions:
        say(f"  position: {told_position(position)}")
    for coin, amount in left.sales.items():
        say(f"  coins: {readable(amount)} {coin}")
    for loan in left.loans:
        say(f"  at Earn: {readable(loan.amount)} {loan.coin}")
    for coin, amount in left.coming.items():
        say(f"  on its way back from Earn: {readable(amount)} {coin}")
    for coin, amount in left.dust.items():
        say(f"  stays: {readable(amount)} {coin}, which can't be sold for USDT")
    if left.nothing:
        say(f"  no orders, no positions{', no coins to sell' if coins else ''}")


def _check(left: "Left | None", wait_s: float) -> None:
    from adapters.cli.screen import say

    if left is not None and left.nothing:
        say("Nothing is left: the exchange says zero.")
        return
    if left is None:
        raise Failure(f"After {wait_s:g} s nobody knows what is left: the exchange doesn't answer. Run it again.")
    _tell(left, coins=bool(left.sales))
    raise Failure(f"This is left after {wait_s:g} s; stops stay where they are. Run it again.", ExitCode.FINDINGS)
