"""The stress tests, read from a file beside this one or from one's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from runtime.market_data import MarketDataError

SHIPPED = Path(__file__).with_name("stress.yaml")
PERCENT = "%"
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Crash:
    """A fall that has happened: its days, and the path of Bitcoin as ratios of the price at its beginning.

    `lows` and `closes` have one value a day; other coins take the path to the power of `others`.
    """

    name: str
    about: str
    from_ms: int
    to_ms: int
    others: float
    lows: tuple[float, ...]
    closes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scenarios:
    """What a stress test tries: factors on costs, entries late by bars, shares of volume (ratios), and crashes."""

    seed: int
    draws: int
    costs: tuple[Decimal, ...]
    late_bars: tuple[int, ...]
    volume_shares: tuple[Decimal, ...]
    lead_days: int
    crashes: tuple[Crash, ...]


def load_scenarios(path: Path = SHIPPED) -> Scenarios:
    """Read the scenarios; raises MarketDataError with a sentence where something is missing or can't be read."""
    try:
        content = YAML(typ="base").load(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise MarketDataError(f"Expected YAML in {path}, found something else: {error}") from None
    if not isinstance(content, dict):
        raise MarketDataError(f"Expected the keys of stress tests in {path}, found none. Copy {SHIPPED.name}.")
    whole = _Section(path, "", content)
    return Scenarios(
        seed=whole.value("seed", int),
        draws=whole.value("draws", int),
        costs=whole.values("costs", Decimal),
        late_bars=whole.values("late_bars", int),
        volume_shares=whole.values("volume_shares", _ratio),
        lead_days=whole.value("lead_days", int),
        crashes=tuple(_crash(whole.section("crashes").section(name)) for name in whole.section("crashes").fields),
    )


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of the file, with its name for who has to mend it."""

    path: Path
    name: str
    fields: Mapping[str, Any]

    def section(self, key: str) -> "_Section":
        found = self._found(key)
        if not isinstance(found, dict):
            raise MarketDataError(f"Expected keys below {self._named(key)} in {self.path}, found {found!r}.")
        return _Section(self.path, key, found)

    def value(self, key: str, read: Callable[[str], Read]) -> Read:
        return self._read(key, self._found(key), read)

    def values(self, key: str, read: Callable[[str], Read]) -> tuple[Read, ...]:
        found = self._found(key)
        listed: Sequence[str] = found if isinstance(found, list) else [found]
        return tuple(self._read(key, one, read) for one in listed)

    def _found(self, key: str) -> Any:
        if key not in self.fields:
            raise MarketDataError(f"Expected a value for {self._named(key)} in {self.path}, found none; add it.")
        return self.fields[key]

    def _read(self, key: str, text: str, read: Callable[[str], Read]) -> Read:
        try:
            return read(text)
        except (ValueError, TypeError, InvalidOperation):
            raise MarketDataError(
                f"Expected a number or a day as {self._named(key)} in {self.path}, found {text!r}."
            ) from None

    def _named(self, key: str) -> str:
        return f"{self.name}: {key}" if self.name else key


def _crash(section: _Section) -> Crash:
    crash = Crash(
        name=section.name,
        about=section.value("about", str),
        from_ms=section.value("from", _day),
        to_ms=section.value("to", _day),
        others=section.value("others", float),
        lows=section.values("lows", float),
        closes=section.values("closes", float),
    )
    if len(crash.lows) != len(crash.closes) or not crash.lows or min(crash.lows) <= 0:
        raise MarketDataError(
            f"Expected as many lows as closes above zero in {section.path} for {section.name}, "
            f"found {len(crash.lows)} and {len(crash.closes)}."
        )
    return crash


def _ratio(text: str) -> Decimal:
    return Decimal(text.removesuffix(PERCENT)) / 100 if text.endswith(PERCENT) else Decimal(text)


def _day(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
