"""What to tell the author when units don't match, and what to write instead."""

from decimal import Decimal

from rules.language.findings import listed
from rules.language.typed import Column, Constant, Typed
from rules.language.units import BARE, NAMES, Unit

DAY_MS = 86_400_000
_BETWEEN_UNITS = {
    frozenset({Unit.RATIO, Unit.NUMBER}): "Divide the ratio by 100% to get a number.",
    frozenset({Unit.RATIO, Unit.COUNT}): "Divide the ratio by 100% to get a number.",
    frozenset({Unit.MONEY, Unit.PRICE}): "A price times a quantity is money; money divided by a quantity is a price.",
    frozenset(
        {Unit.MONEY, Unit.QUANTITY}
    ): "A quantity times a price is money; money divided by a price is a quantity.",
    frozenset({Unit.MONEY, Unit.RATIO}): "A ratio of money is money: `5% * account.equity`.",
    frozenset({Unit.PRICE, Unit.RATIO}): "A ratio of a price is a price: `5% * close`.",
    frozenset({Unit.TIMESTAMP, Unit.DURATION}): "The time since a moment is `now - moment`, or `age(…)`.",
}


def describe(typed: Typed) -> str:
    """Say what an expression is: `strong` is a ratio (30%)."""
    unit = typed.kind.unit
    if not isinstance(typed, Constant) and typed.kind.members:
        return f"`{typed.text}` is one of {listed(typed.kind.members)}"
    if isinstance(typed, Constant) and typed.declared is None and unit in BARE:
        return f"`{typed.text}` is a plain number"
    if isinstance(typed, Constant) and typed.declared is not None:
        return f"`{typed.text}` is {NAMES[unit]} ({written(typed.value, unit)})"
    return f"`{typed.text}` is {NAMES[Unit.NUMBER] if unit is Unit.COUNT else NAMES[unit]}"


def written(value: Decimal | int | bool | str, unit: Unit) -> str:
    """Write a value as it would stand in a rule file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if unit is Unit.RATIO:
        return f"{plain(Decimal(value) * 100)}%"
    if unit is Unit.DURATION:
        return duration(int(value))
    if unit is Unit.TIME_OF_DAY:
        return f"{int(value) // 3_600_000:02}:{int(value) // 60_000 % 60:02}"
    return plain(value) + {Unit.MONEY: " USDT", Unit.PRICE: " USDT/BTC"}.get(unit, "")


def plain(value: Decimal | int | str) -> str:
    """Write a number without exponent and without needless zeros."""
    if not isinstance(value, Decimal):
        return str(value)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(milliseconds: int) -> str:
    """Write a duration in the largest unit that fits it exactly."""
    for length, suffix in ((DAY_MS, "d"), (3_600_000, "h"), (60_000, "m")):
        if milliseconds and milliseconds % length == 0:
            return f"{milliseconds // length}{suffix}"
    return f"{plain(Decimal(milliseconds) / 1000)}s"


def repair(left: Typed, right: Typed) -> str:
    """Suggest how to bring two units together."""
    pairs = sorted(((right, left), (left, right)), key=lambda pair: _willingness(pair[0]))
    for given, other in pairs:
        suggestion = rewrite(given, other.kind.unit, other)
        if suggestion:
            return suggestion
    return _BETWEEN_UNITS.get(frozenset({left.kind.unit, right.kind.unit}), "")


def _willingness(typed: Typed) -> int:
    """A literal is changed before a param, and a param before anything else."""
    return 2 if not isinstance(typed, Constant) else 1 if typed.declared is not None else 0


def rewrite(given: Typed, wanted: Unit, beside: Typed | None = None) -> str:
    """Suggest how to write a literal or a param in another unit; empty when it isn't one."""
    if not isinstance(given, Constant) or not isinstance(given.value, Decimal | int):
        return ""
    forms = _forms(given.value, given.kind.unit, wanted, _base(beside))
    if not forms:
        return ""
    if given.declared is not None:
        name = "a plain number" if wanted in BARE else NAMES[wanted]
        return f"Write `{given.text}` as {name}, for example {forms[0]}."
    choice = ", whichever you mean" if len(forms) > 1 else ""
    return f"Write {listed(forms)}{choice}."


def _forms(value: Decimal | int, unit: Unit, wanted: Unit, base: str) -> list[str]:
    number = _number(value, unit)
    if wanted is Unit.RATIO and unit in BARE:
        return [f"{plain(number * 100)}%", f"{plain(number)}%"] if abs(number) <= 10 else [f"{plain(number)}%"]
    if unit in (Unit.BOOL, Unit.TIME_OF_DAY) or (unit is Unit.RATIO and wanted not in BARE):
        return []
    suffixes = {Unit.MONEY: " USDT", Unit.PRICE: f" USDT/{base}", Unit.QUANTITY: f" {base}", Unit.DURATION: "d"}
    if wanted in BARE:
        return [plain(number)]
    if wanted in suffixes and (unit in BARE or {unit, wanted} == {Unit.MONEY, Unit.PRICE}):
        return [plain(number) + suffixes[wanted]]
    return []


def _number(value: Decimal | int, unit: Unit) -> Decimal:
    if unit is Unit.RATIO:
        return Decimal(value) * 100
    if unit is Unit.DURATION:
        text = duration(int(value))
        return Decimal(text[:-1])
    return Decimal(value)


def _base(beside: Typed | None) -> str:
    symbol = beside.symbol if isinstance(beside, Column) else ""
    return symbol.removesuffix("USDT") or "BTC"
