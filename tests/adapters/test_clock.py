from adapters.clock import Stopwatch, now_ms


def test_the_wall_clock_counts_milliseconds_since_1970() -> None:
    assert 1_700_000_000_000 < now_ms() < 32_503_680_000_000


def test_a_stopwatch_never_runs_backwards() -> None:
    watch = Stopwatch()
    assert 0 <= watch.elapsed_s() <= watch.elapsed_s()
