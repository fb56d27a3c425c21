"""Downloads that are cut, split and taken up again, from a past that is made by a formula."""

import shutil
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.history import download as downloading
from adapters.history.download import Source, add, download, task_of
from adapters.history.series_file import DAY_MS, HOUR_MS, PART, Kind, SeriesFile
from runtime.events import Candle
from runtime.instrument import Market
from runtime.market_data import MarketDataError

pytestmark = pytest.mark.spec("DATA-07")

FIRST_MS = 1_700_006_400_000  # 2023-11-15 00:00 UTC
HOURS = 400
END_MS = FIRST_MS + HOURS * HOUR_MS
# The exchange stood still then, and has no candles.
STOOD_STILL = {77, 78, 300}
# Rates come every eight hours at first, then every four, then every hour.
RATES = [*range(0, 160, 8), *range(160, 320, 4), *range(320, HOURS, 1)]


class Cut(Exception):  # noqa: N818 - as when the power goes
    pass


class Formula:
    """A past; `before` is called with the number of each question before it is answered."""

    def __init__(self, before: "object" = None) -> None:
        self.asked: list[tuple[int, int]] = []
        self._before = before

    def candles(self, series: tuple[Market, str, str], from_ms: int, to_ms: int) -> Sequence[Candle]:
        hours = self._hours(from_ms, to_ms, [hour for hour in range(HOURS) if hour not in STOOD_STILL])
        return [self._candle(series, hour) for hour in hours]

    def funding(self, symbol: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, Decimal]]:
        return [(FIRST_MS + hour * HOUR_MS, Decimal(hour) / 10**6) for hour in self._hours(from_ms, to_ms, RATES)]

    def open_interest(self, symbol: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, Decimal]]:
        return [(FIRST_MS + hour * HOUR_MS, Decimal(hour)) for hour in self._hours(from_ms, to_ms, range(HOURS))]

    def _hours(self, from_ms: int, to_ms: int, known: Sequence[int]) -> list[int]:
        self.asked.append((from_ms, to_ms))
        if callable(self._before):
            self._before(len(self.asked))
        return [hour for hour in known if from_ms <= FIRST_MS + hour * HOUR_MS < to_ms]

    @staticmethod
    def _candle(series: tuple[Market, str, str], hour: int) -> Candle:
        open_ms = FIRST_MS + hour * HOUR_MS
        return Candle(*series, open_ms, open_ms + HOUR_MS, hour + 1.5, hour + 2.25, hour + 1.0, hour + 2.125, hour / 3)


def files(folder: Path) -> list[SeriesFile]:
    return [
        SeriesFile(folder, Kind.CANDLES, "linear", "BTCUSDT", "1h"),
        SeriesFile(folder, Kind.FUNDING, "bybit", "BTCUSDT"),
        SeriesFile(folder, Kind.OPEN_INTEREST, "bybit", "BTCUSDT"),
    ]


def bring(folder: Path, source: Source, from_ms: int = FIRST_MS, to_ms: int = END_MS) -> None:
    for file in files(folder):
        download(source, task_of(file, Market.LINEAR, from_ms, to_ms))


def held(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(downloading, "CANDLES_A_PIECE", 24)
        patch.setattr(downloading, "VALUES_A_PIECE", 6)
        patch.setattr(downloading, "PIECES_BETWEEN_SAVES", 3)
        yield  # type: ignore[misc]


@pytest.fixture(scope="module")
def whole(small_pieces: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    bring(folder, Formula())
    return held(folder)


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(0, HOURS * 60), st.integers(1, HOURS * 60)), max_size=5),
    st.booleans(),
)
def test_any_parts_in_any_order_end_in_the_same_folder(
    whole: dict[str, bytes], parts: list[tuple[int, int]], grows: bool
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for start, length in parts:
            from_ms = FIRST_MS if grows else FIRST_MS + start * 60_000
            bring(folder, Formula(), from_ms, min(END_MS, from_ms + length * 60_000))
        bring(folder, Formula())
        assert held(folder) == whole


@pytest.mark.parametrize("question", [1, 5, 12, 18, 25, 33, 60])
def test_a_download_that_was_killed_goes_on_and_ends_the_same(
    whole: dict[str, bytes], question: int, tmp_path: Path
) -> None:
    """The folder is copied in the middle of it: what is there then is what a killed process leaves behind."""
    folder, left = tmp_path / "folder", tmp_path / "left"

    def kill(number: int) -> None:
        if number == question:
            shutil.copytree(folder, left) if folder.exists() else left.mkdir()
            raise Cut

    with pytest.raises(Cut):
        bring(folder, Formula(kill))
    for place in (folder, left):
        bring(place, Formula())
        assert held(place) == whole


def test_what_came_before_a_failure_is_kept_and_not_asked_for_again(tmp_path: Path) -> None:
    def fail(number: int) -> None:
        if number == 5:
            raise MarketDataError("no answer")

    file, source = files(tmp_path)[0], Formula()
    with pytest.raises(MarketDataError):
        download(Formula(fail), task_of(file, Market.LINEAR, FIRST_MS, END_MS))
    assert file.read().height == 4 * 24 - 2
    download(source, task_of(file, Market.LINEAR, FIRST_MS, END_MS))
    # The hole of two hours once more, and then nothing but what is new.
    assert source.asked[0] == (FIRST_MS + 77 * HOUR_MS, FIRST_MS + 79 * HOUR_MS)
    assert min(start for start, _ in source.asked[1:]) > FIRST_MS + 95 * HOUR_MS


def test_only_the_holes_are_asked_for_again(tmp_path: Path) -> None:
    file = files(tmp_path)[0]
    finished = download(Formula(), task_of(file, Market.LINEAR, FIRST_MS, END_MS))
    assert (finished.rows, finished.missing) == (HOURS - 3, 3)
    again = Formula()
    assert download(again, task_of(file, Market.LINEAR, FIRST_MS, END_MS)).added == 0
    assert again.asked == [
        (FIRST_MS + 77 * HOUR_MS, FIRST_MS + 79 * HOUR_MS),
        (FIRST_MS + 300 * HOUR_MS, FIRST_MS + 301 * HOUR_MS),
    ]


def test_rows_that_cannot_be_true_are_brought_anew(tmp_path: Path) -> None:
    file = files(tmp_path)[0]
    download(Formula(), task_of(file, Market.LINEAR, FIRST_MS, END_MS))
    sound = file.path.read_bytes()
    rows = file.read()
    rows[10, "high"] = 0.5
    file.write(rows)
    assert download(Formula(), task_of(file, Market.LINEAR, FIRST_MS, END_MS)).added == 1
    assert file.path.read_bytes() == sound


def test_a_candle_that_has_not_closed_by_the_end_is_not_asked_for(tmp_path: Path) -> None:
    file, source = files(tmp_path)[0], Formula()
    download(source, task_of(file, Market.LINEAR, FIRST_MS + 1, FIRST_MS + 5 * HOUR_MS - 1))
    assert source.asked == [(FIRST_MS + HOUR_MS, FIRST_MS + 4 * HOUR_MS)]
    assert file.read()["at_ms"].to_list() == [FIRST_MS + hour * HOUR_MS for hour in (1, 2, 3)]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    file = files(tmp_path)[0]
    seen: list[int] = []

    def look(_: int) -> None:
        if file.path.exists():
            seen.append(pl.read_parquet(file.path).height)

    download(Formula(look), task_of(file, Market.LINEAR, FIRST_MS, END_MS))
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert not list(tmp_path.rglob(f"*{PART}"))


def test_a_damaged_file_is_a_sentence_and_stays(tmp_path: Path) -> None:
    file = files(tmp_path)[0]
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(MarketDataError, match=r"linear.1h.BTCUSDT\.parquet"):
        task_of(file, Market.LINEAR, FIRST_MS, END_MS)
    assert file.path.read_bytes() == b"PAR1 and then nothing"


def test_values_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    file = SeriesFile(tmp_path, Kind.FEAR_GREED)
    add(file, [(FIRST_MS + DAY_MS, 40.0), (FIRST_MS, 20.0)])
    assert add(file, [(FIRST_MS, 99.0), (FIRST_MS + 3 * DAY_MS, 60.0)]).missing == 1
    assert file.read().rows() == [(FIRST_MS, 20.0), (FIRST_MS + DAY_MS, 40.0), (FIRST_MS + 3 * DAY_MS, 60.0)]
