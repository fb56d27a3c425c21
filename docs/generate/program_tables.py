"""The command line and the terms of a back-test as tables."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import typer
from cells import code, table

from adapters.cli.main import app
from adapters.cli.plan import DEFAULT_BOOKS, DEFAULT_CAPITAL, DEFAULT_WAIT_MS
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from rules.language.prose import prose
from rules.language.rulebook import Rulebook
from rules.language.units import Unit
from runtime.sizing import SLIPPAGE_CAP


def commands() -> str:
    """List every command with its arguments and options."""
    return "\n\n".join(_command(name, command) for name, command in leaves(typer.main.get_command(app), "eternal"))


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its whole name."""
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    if not inner:
        yield name, command
    for word, each in inner.items():
        yield from leaves(each, f"{name} {word}")


def _command(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    called = " ".join([name, *(_argument_of_command(each) for each in arguments)])
    rows = [(code(", ".join(_names(each))), each.help or "", _default(each)) for each in command.params]
    options = table(("argument or option", "meaning", "default"), rows)
    return f"### `{called}`\n\n{command.help}\n\n{options}"


def _default(parameter: Any) -> str:
    shown = getattr(parameter, "show_default", True)
    if isinstance(shown, str):
        return code(shown)
    return "" if parameter.default in (None, False) else code(str(parameter.default))


def _argument_of_command(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _names(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [parameter.name.upper()]
    return [f"{name} {parameter.metavar}" if parameter.metavar else name for name in parameter.opts]


def terms(rulebook: Rulebook) -> str:
    """List what a back-test assumes where nothing else is said."""
    market, limits, ladder = ExchangeSettings(), rulebook.envelope, rulebook.ladder
    assert ladder is not None, "the shipped rules have a ladder"
    assert ladder.after_acknowledgement is not None, "the shipped ladder says how trading resumes"
    after = ladder.after_acknowledgement
    fees = {one.market: (one.maker_fee, one.taker_fee) for one in load_instruments().values()}
    rows = [
        ("slippage of what takes from the market", ratio(market.slippage), code("--slippage")),
        ("largest part of a candle's volume for one order", ratio(market.volume_share), ""),
        *(
            (f"fees on {each}, maker and taker", f"{ratio(maker)}, {ratio(taker)}", "")
            for each, (maker, taker) in fees.items()
        ),
        ("factor on fees and slippage", "1", code("--costs")),
        ("farthest that a market order fills from the last price", ratio(SLIPPAGE_CAP), ""),
        ("patience of a maker order", prose(limits.patience_ms, Unit.DURATION), code("rules/governance/envelope.yaml")),
        ("time until a person acknowledges a halt", prose(DEFAULT_WAIT_MS, Unit.DURATION), code("--acknowledge-after")),
        (
            "sizes after that",
            f"{ratio(after.size)}, doubled every {prose(after.doubles_every_ms, Unit.DURATION)}",
            code("rules/governance/breakers.yaml"),
        ),
        ("capital", prose(DEFAULT_CAPITAL, Unit.MONEY), code("--capital")),
        ("books", ", ".join(map(code, DEFAULT_BOOKS)), code("--book")),
    ]
    return table(("what", "where nothing else is said", "changed by"), rows)


def ratio(value: Decimal) -> str:
    """Write a ratio in percent."""
    return prose(value, Unit.RATIO)
