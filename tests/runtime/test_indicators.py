from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.language.indicators import INDICATORS
from runtime.indicators import Column, compute
from runtime.kernels import KERNELS
from runtime.ta_indicators import LIBRARY, by_library

MARKET = Path(__file__).parents[2].parent / "shared" / "market"
ROWS = 400
KERNELS_OF_LIBRARY = sorted(set(KERNELS) & set(LIBRARY))
ALSO = {"psar_up", "psar_down"}  # unknown wherever the market goes the other way
NEVER_AGAIN = ("adx", "atr", "kama", "keltner_atr")  # of these `ta` gives nothing any more after an unknown row
SHORT = {"window": 3, "fast": 2, "slow": 5, "signal": 4, "short": 2, "middle": 4, "long": 7, "smooth": 2}


def made_up(rows: int, seed: int = 1) -> dict[str, Column]:
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, rows)))
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opened, close) * (1 + 0.01 * random.random(rows))
    low = np.minimum(opened, close) * (1 - 0.01 * random.random(rows))
    volume = 1000 * random.random(rows)
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume, "x": close}


def recorded(series: str, rows: int) -> dict[str, Column]:
    file = MARKET / "candles" / f"{series}.parquet"
    if not file.exists():
        pytest.skip(reason="there are no recorded candles beside the project, in ../shared/market")
    candles = pl.read_parquet(file).tail(rows)
    frame = {name: candles[name].to_numpy() for name in ("open", "high", "low", "close", "volume")}
    return frame | {"x": frame["close"]}


def short_parameters(name: str) -> dict[str, int]:
    return {each.name: SHORT.get(each.name, 2) for each in INDICATORS[name].parameters if each.is_window}


def of_library(name: str, parameters: dict[str, int], frame: dict[str, Column]) -> Column:
    indicator = INDICATORS[name]
    with np.errstate(all="ignore"):
        values = by_library(name, indicator.complete(parameters), {each: frame[each] for each in indicator.inputs})
    return np.where(np.isfinite(values), values, np.nan)


def assert_equal_after_warmup(name: str, parameters: dict[str, int], frame: dict[str, Column]) -> None:
    warmup = INDICATORS[name].warmup(parameters)
    ours, theirs = compute(name, parameters, frame)[warmup:], of_library(name, parameters, frame)[warmup:]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LIBRARY)
def test_values_are_those_of_the_library(name: str) -> None:
    assert_equal_after_warmup(name, {}, made_up(ROWS))
    assert_equal_after_warmup(name, short_parameters(name), made_up(ROWS, seed=2))


@pytest.mark.parametrize("series", ["spot/1d/BTCUSDT", "linear/1h/DOGEUSDT"])
@pytest.mark.parametrize("name", KERNELS_OF_LIBRARY)
def test_kernels_agree_with_the_library_on_recorded_candles(name: str, series: str) -> None:
    assert_equal_after_warmup(name, {}, recorded(series, 1000))


@pytest.mark.parametrize("name", [name for name in KERNELS_OF_LIBRARY if not name.startswith(NEVER_AGAIN)])
def test_kernels_agree_with_the_library_where_a_row_is_unknown(name: str) -> None:
    frame = {each: column.copy() for each, column in made_up(ROWS, seed=3).items()}
    for column in frame.values():
        column[200] = np.nan
    ours, theirs = compute(name, {}, frame), of_library(name, {}, frame)
    np.testing.assert_allclose(ours[-130:], theirs[-130:], rtol=1e-9, atol=1e-12)


@pytest.mark.spec("BT-04")
@pytest.mark.parametrize("name", KERNELS_OF_LIBRARY)
def test_an_unknown_row_to_come_changes_no_value_before_it(name: str) -> None:
    frame = made_up(ROWS, seed=3)
    later = {each: np.where(np.arange(ROWS) == 300, np.nan, column) for each, column in frame.items()}
    np.testing.assert_array_equal(compute(name, {}, frame)[:300], compute(name, {}, later)[:300])


def test_the_deviation_is_the_one_in_the_bollinger_bands() -> None:
    frame = made_up(ROWS)
    band = (compute("bollinger_high", {}, frame) - compute("bollinger_low", {}, frame)) / 4
    np.testing.assert_allclose(compute("stddev", {}, frame), band, rtol=1e-9)


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_what_comes_before_warmup_is_unknown_and_what_comes_after_is_not(name: str) -> None:
    for parameters in ({}, short_parameters(name)):
        values, warmup = compute(name, parameters, made_up(ROWS)), INDICATORS[name].warmup(parameters)
        assert np.isnan(values[:warmup]).all()
        if name not in ALSO:
            assert np.isfinite(values[warmup:]).all()


@pytest.mark.spec("BT-04")
@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_the_future_changes_nothing(name: str) -> None:
    frame, cut = made_up(ROWS), ROWS // 2
    random = np.random.default_rng(7)
    other = {each: np.concatenate((c[:cut], c[cut:] * 50 * random.random(ROWS - cut) + 1)) for each, c in frame.items()}
    np.testing.assert_array_equal(compute(name, {}, frame)[:cut], compute(name, {}, other)[:cut])


@pytest.mark.spec("BT-04")
@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_a_value_is_the_same_when_its_row_is_the_last(name: str) -> None:
    frame = made_up(150)
    whole = compute(name, short_parameters(name), frame)
    for rows in (1, 2, 20, 77, 149):
        part = compute(name, short_parameters(name), {each: column[:rows] for each, column in frame.items()})
        np.testing.assert_array_equal(part, whole[:rows])


@pytest.mark.spec("DATA-04")
@pytest.mark.parametrize("name", sorted(name for name, each in INDICATORS.items() if each.memory({}) is not None))
def test_as_many_rows_as_it_needs_give_the_value_of_all_rows(name: str) -> None:
    memory = INDICATORS[name].memory({})
    assert memory is not None
    frame = made_up(memory + 300)
    whole = compute(name, {}, frame)
    size = float(np.nanmedian(np.abs(whole)))
    for end in (memory + 100, memory + 300):
        part = compute(name, {}, {each: column[end - memory : end] for each, column in frame.items()})
        np.testing.assert_allclose(part[-1], whole[end - 1], rtol=1e-9, atol=1e-9 * size)


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_too_few_rows_are_unknown(name: str) -> None:
    warmup = INDICATORS[name].warmup({})
    for rows in {0, 1, warmup}:
        values = compute(name, {}, made_up(rows + 1))[:rows]
        assert len(values) == rows
        assert np.isnan(compute(name, {}, {each: c[:rows] for each, c in made_up(rows + 1).items()})[:warmup]).all()


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_warmup_starts_where_the_input_is_known(name: str) -> None:
    frame = made_up(ROWS)
    later = {each: np.concatenate((np.full(30, np.nan), column)) for each, column in frame.items()}
    expected = np.concatenate((np.full(30, np.nan), compute(name, {}, frame)))
    np.testing.assert_array_equal(compute(name, {}, later), expected)


@pytest.mark.parametrize("name", sorted(name for name, each in INDICATORS.items() if each.inputs == ("x",)))
@pytest.mark.parametrize("gap", [np.nan, np.inf])
def test_an_unknown_row_is_unknown_and_the_indicator_recovers(name: str, gap: float) -> None:
    frame = {each: column.copy() for each, column in made_up(ROWS).items()}
    for column in frame.values():
        column[200] = gap
    values = compute(name, short_parameters(name), frame)
    assert np.isnan(values[200])
    assert np.isfinite(values[-50:]).all()


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_a_market_that_stands_still_gives_no_warning_and_no_infinity(name: str) -> None:
    still = {
        each: np.full(120, 0.0 if each == "volume" else 5.0) for each in ("open", "high", "low", "close", "volume", "x")
    }
    assert not np.isinf(compute(name, {}, still)).any()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40), st.sampled_from(sorted(INDICATORS)))
def test_any_input_gives_numbers_or_unknown(column: list[float], name: str) -> None:
    values = np.array(column, dtype=np.float64)
    frame = dict.fromkeys(("open", "high", "low", "close", "volume", "x"), values)
    result = compute(name, short_parameters(name), frame)
    assert len(result) == len(values)
    assert not np.isinf(result).any()


def test_true_range_is_smoothed_as_wilder_does() -> None:
    high, low, close = np.array([[11.0, 12, 14, 13], [9.0, 10, 12, 9], [10.0, 11, 13, 10]])
    frame = {"high": high, "low": low, "close": close}
    # The ranges are 2, 2, 3 and 4; the first average is their mean, then each moves it by half.
    np.testing.assert_allclose(compute("atr", {"window": 2}, frame), [np.nan, 2.0, 2.5, 3.25])


def test_a_steady_trend_has_full_strength() -> None:
    close = np.arange(100.0, 160.0)
    frame = {"high": close + 1, "low": close - 1, "close": close}
    assert compute("adx", {"window": 5}, frame)[-1] == pytest.approx(100)
    assert compute("adx_neg", {"window": 5}, frame)[-1] == 0
