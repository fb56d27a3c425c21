import inspect
from decimal import Decimal
from types import ModuleType

import pytest
from ta import momentum, others, trend, volatility, volume

from rules.language.indicators import BAR, INDICATORS, Indicator
from rules.language.units import Unit
from runtime.ta_indicators import LIBRARY

MODULES = (trend, momentum, volatility, volume, others)
# The functions of `ta` whose names differ from the methods of its classes, with the method that each stands for.
OTHERWISE_CALLED = {"wma_indicator": "wma"}


def classes(module: ModuleType) -> list[type]:
    return [kind for _, kind in inspect.getmembers(module, inspect.isclass) if kind.__module__ == module.__name__]


def outputs() -> set[tuple[type, str]]:
    """Every public method of every indicator class of `ta`."""
    kinds = [kind for module in MODULES for kind in classes(module)]
    return {(kind, name) for kind in kinds for name in vars(kind) if not name.startswith("_")}


def served() -> set[tuple[type, str]]:
    return {(getattr(kind, "func", kind), method) for kind, method, _ in LIBRARY.values()}


@pytest.mark.spec("RULE-02")
def test_every_output_of_the_library_has_a_name() -> None:
    missing = outputs() - served()
    assert not missing, f"give these a name in rules/language/indicators.py and in LIBRARY: {missing}"


@pytest.mark.spec("RULE-02")
def test_every_function_of_the_library_has_a_name() -> None:
    methods = {method for _, method in served()}
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                assert OTHERWISE_CALLED.get(name, name) in methods


def test_only_the_deviation_is_not_an_output_of_the_library() -> None:
    assert set(INDICATORS) - set(LIBRARY) == {"stddev"}
    assert set(LIBRARY) <= set(INDICATORS)


@pytest.mark.parametrize("indicator", INDICATORS.values(), ids=lambda each: each.name)
def test_a_declaration_is_complete(indicator: Indicator) -> None:
    assert indicator.name.isidentifier()
    assert indicator.name.islower()
    assert indicator.about.endswith(".")
    assert indicator.inputs == ("x",) or set(indicator.inputs) <= {"open", "high", "low", "close", "volume"}
    assert indicator.result == "same" or Unit(indicator.result) in Unit
    assert indicator.result != "same" or indicator.inputs == ("x",)
    memory = indicator.memory({})
    assert memory is None or memory > indicator.warmup({}) >= 0


def library_defaults(kind: object) -> dict[str, object]:
    return {name: each.default for name, each in inspect.signature(kind).parameters.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", LIBRARY)
def test_defaults_are_those_of_the_library(name: str) -> None:
    kind, _, names = LIBRARY[name]
    defaults = library_defaults(kind)
    without = {("sma", "window"), ("vpt", "smoothing")}  # `ta` has no default there, or None
    for parameter in INDICATORS[name].parameters:
        if (name, parameter.name) not in without:
            assert parameter.read(parameter.default) == defaults[names.get(parameter.name, parameter.name)]


def test_warmup_follows_the_parameters() -> None:
    assert INDICATORS["sma"].warmup({"window": 200}) == 199
    assert INDICATORS["adx"].warmup({}) == 27
    assert INDICATORS["macd_signal"].warmup({"slow": Decimal(30)}) == 37
    assert INDICATORS["obv"].warmup({}) == 0


def test_memory_tells_how_many_rows_matter() -> None:
    assert INDICATORS["sma"].memory({"window": 200}) == 200
    assert INDICATORS["roc"].memory({}) == 13
    assert INDICATORS["ema"].memory({"window": 10}) == 9 + 280
    assert INDICATORS["obv"].memory({}) is None


def test_an_unknown_parameter_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^macd has no parameter windw; it has fast, slow\.$"):
        INDICATORS["macd"].complete({"windw": 3})
    with pytest.raises(ValueError, match="it has none"):
        INDICATORS["obv"].complete({"window": 3})


@pytest.mark.parametrize("window", [0, -1, Decimal("2.5")])
def test_a_window_is_a_whole_number_of_rows(window: int | Decimal) -> None:
    with pytest.raises(ValueError, match=f"window expects a whole number of rows, at least 1; found {window}"):
        INDICATORS["sma"].warmup({"window": window})


def test_numbers_are_not_windows() -> None:
    assert INDICATORS["bollinger_high"].complete({"deviations": Decimal("2.5")}) == {"window": 20, "deviations": 2.5}


def test_candles_are_supplied_by_themselves_only_where_more_than_one_column_is_read() -> None:
    assert INDICATORS["atr"].inputs == BAR
    assert INDICATORS["sma"].inputs == ("x",)
