import pytest

from runtime.timeframe import grid_start_ms, timeframe_ms


@pytest.mark.parametrize(
    ("name", "minutes"), [("1m", 1), ("15m", 15), ("1h", 60), ("4h", 240), ("1d", 1440), ("1w", 10080)]
)
def test_a_timeframe_has_a_length(name: str, minutes: int) -> None:
    assert timeframe_ms(name) == minutes * 60_000


@pytest.mark.parametrize("name", ["", "h", "0h", "1", "1M", "1.5h", "-1h", "1h ", "\u0661h", "hour"])
def test_anything_else_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="Expected a timeframe such as"):
        timeframe_ms(name)


def test_weeks_start_on_monday_and_all_else_at_midnight() -> None:
    assert grid_start_ms("1w") == 4 * 86_400_000
    assert grid_start_ms("1d") == 0
