"""`eternal data` against the served exchange, over real sockets."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import Result

from adapters.clock import now_ms
from adapters.history.folder import CandleFolder
from adapters.history.market import load_market
from adapters.sentiment import fear_greed
from adapters.served.exchange import Setting
from adapters.served.serving import Served, serve
from adapters.simulated.instruments import load_instruments
from adapters.synthetic.market import write_market
from runtime.instrument import Market

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FIRST_MS = 1_672_531_200_000  # 2023-01-01
DAYS = 120
NOW_MS = FIRST_MS + DAYS * DAY_MS
KEYS = [(market, symbol, "1h") for market in Market for symbol in ("BTCUSDT", "ETHUSDT")]

Eternal = Callable[..., Result]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    write_market(folder, 3, FIRST_MS, 1, ("BTCUSDT", "ETHUSDT"))
    return folder


@pytest.fixture(scope="module")
def served(source: Path) -> Iterator[Served]:
    """A market that stands still after 120 days."""
    data = load_market(source, KEYS, NOW_MS, NOW_MS + 30 * DAY_MS, 10**6, stand_ins=False)
    span = (NOW_MS, NOW_MS + 30 * DAY_MS)
    with serve(Setting(load_instruments(), data, span, {"main": {}}, speed=None, limits=False)) as one:
        yield one


@pytest.fixture
def download(eternal: Eternal, served: Served) -> Eternal:
    def run(*words: object) -> Result:
        return eternal("data", "download", "--mode", "local", "--address", served.http, *words)

    return run


def held(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.spec("DATA-07")
def test_what_is_downloaded_is_what_the_exchange_has_and_a_back_test_can_read_it(
    download: Eternal, source: Path
) -> None:
    done = download("--symbol", "BTCUSDT", "--timeframe", "1h", "--open-interest")
    assert done.exit_code == 0, done.output
    origin, folder = CandleFolder(source), CandleFolder(Path("market"))
    for market in Market:
        there, had = (one.candles(market, "BTCUSDT", "1h") for one in (folder, origin))
        assert there is not None
        assert had is not None
        assert_frame_equal(there.rows.drop("venue"), had.rows.filter(pl.col("close_ms") <= NOW_MS).drop("venue"))
    there, had = (one.funding("BTCUSDT") for one in (folder, origin))
    assert there is not None
    assert had is not None
    expected = had.rows.filter(pl.col("at_ms") < NOW_MS)
    assert_frame_equal(there.rows.drop("venue"), expected.drop("venue"))
    interest = pl.read_parquet("market/open_interest/bybit/BTCUSDT.parquet")
    assert interest["timestamp"].diff().drop_nulls().dt.total_milliseconds().unique().to_list() == [HOUR_MS]


@pytest.mark.spec("DATA-07")
def test_downloading_again_asks_for_nothing_that_is_there(download: Eternal) -> None:
    words = ("--symbol", "ETHUSDT", "--market", "linear", "--timeframe", "1h", "--json")
    first = json.loads(download(*words).output)
    before = held(Path("market"))
    again = json.loads(download(*words).output)
    assert [one["added"] for one in first["series"]] == [DAYS * 24, DAYS * 3]
    assert [one["added"] for one in again["series"]] == [0, 0]
    assert held(Path("market")) == before


def test_what_is_there_is_listed_with_its_span_and_what_is_missing(download: Eternal, eternal: Eternal) -> None:
    download(
        "--symbol", "BTCUSDT", "--market", "spot", "--timeframe", "1h", "--from", "2023-01-02", "--to", "2023-01-03"
    )
    download(
        "--symbol", "BTCUSDT", "--market", "spot", "--timeframe", "1d", "--from", "2023-01-01", "--to", "2023-02-01"
    )
    path = Path("market/candles/spot_bybit/1d/BTCUSDT.parquet")
    pl.read_parquet(path).with_row_index().filter(pl.col("index") != 5).drop("index").write_parquet(path)
    said = eternal("data", "list")
    assert said.exit_code == 0
    assert "candles/spot_bybit/1h/BTCUSDT.parquet  Bybit   24    2023-01-02 00:00  2023-01-02 23:00  0" in said.output
    listed = json.loads(eternal("data", "list", "--json").output)["series"]
    assert [(one["timeframe"], one["rows"], one["missing"]) for one in listed] == [("1d", 30, 1), ("1h", 24, 0)]


def made_up_numbers(path: Path, rows: list[tuple[object, ...]]) -> Path:
    names = ("timestamp", "open", "high", "low", "close", "volume")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(",".join(map(str, row)) for row in (names, *rows)))
    return path


def hour(number: int, first: float = 10.0, last: float = 11.0) -> tuple[object, ...]:
    return (FIRST_MS + number * HOUR_MS, first, max(first, last) + 1, min(first, last) - 1, last, 5)


@pytest.mark.spec("DATA-07")
def test_a_check_names_file_moment_and_row_of_all_that_is_wrong(eternal: Eternal) -> None:
    path = Path("market/candles/spot/1h/BTCUSDT.parquet")
    path.parent.mkdir(parents=True)
    impossible = (FIRST_MS + 5 * HOUR_MS, 10.0, 9.0, 8.0, 9.5, 5)
    rows = [hour(0), hour(1, 11), hour(1, 11), hour(3, 11), hour(4, 19, 20), impossible]
    schema = {"timestamp": pl.Int64, **dict.fromkeys(("open", "high", "low", "close", "volume"), pl.Float64)}
    pl.DataFrame([tuple(map(float, row)) for row in rows], schema=schema, orient="row", strict=False).write_parquet(
        path
    )
    rates = Path("market/funding/bybit/BTCUSDT.parquet")
    rates.parent.mkdir(parents=True)
    pl.DataFrame({"timestamp": [FIRST_MS, FIRST_MS + DAY_MS], "rate": [0.0001, 0.5]}).write_parquet(rates)
    (path.parent / "ETHUSDT.parquet").write_bytes(b"damaged")
    (path.parent / ".SOLUSDT.parquet.part").write_bytes(b"half")
    checked = eternal("data", "check")
    assert checked.exit_code == 1
    for line in (
        "2023-01-01 01:00  row 3  repeats row 2",
        "2023-01-01 02:00  row 4  1 candle missing before this one",
        "2023-01-01 04:00  row 5  opens at 19.0, 72.7 % away from the close before it, 11.0",
        "2023-01-01 05:00  row 6  open 10.0 is outside of low 8.0 to high 9.0",
        "2023-01-01 08:00  row 2  2 rows missing before this one",
        "2023-01-02 00:00  row 2  rate is 0.5, which is hardly true",
        "left over from a download that was cut off; delete it",
        "ETHUSDT.parquet: parquet",
    ):
        assert line in checked.output, checked.output
    found = json.loads(eternal("data", "check", "--json").output)["findings"]
    assert {one["file"] for one in found} >= {"candles/spot/1h/BTCUSDT.parquet", "funding/bybit/BTCUSDT.parquet"}
    listed = eternal("data", "list")
    assert listed.exit_code == 0
    assert "ETHUSDT.parquet" in listed.output


def test_sound_data_has_no_findings(download: Eternal, eternal: Eternal) -> None:
    download("--symbol", "BTCUSDT", "--timeframe", "1h", "--open-interest")
    checked = eternal("data", "check")
    assert (checked.exit_code, checked.output) == (0, "Nothing is missing, twice there, impossible or odd.\n")


@pytest.mark.spec("DATA-07")
def test_an_import_shows_what_it_understood_before_it_writes(eternal: Eternal) -> None:
    file = made_up_numbers(Path("binance/BTCUSDT-1h.csv"), [hour(0), hour(1), hour(2, 0), hour(4)])
    told = eternal("data", "import", file, "--market", "spot", "--preview")
    assert told.exit_code == 0, told.output
    for line in (
        "read as   1h candles of BTCUSDT",
        'time      column "timestamp", milliseconds since 1970, taken for when a candle opens, UTC',
        "rows      3 usable of 4, 2023-01-01 00:00 to 2023-01-01 04:00",
        "left out  row 3: open is 0.0, not above zero",
        "missing   2 candles between the first and the last",
        "new       3; 0 are there already in candles/spot/1h/BTCUSDT.parquet",
        "Nothing was written.",
    ):
        assert line in told.output, told.output
    assert not Path("market").exists()
    assert "Written." in eternal("data", "import", file, "--market", "spot").output
    again = json.loads(eternal("data", "import", file, "--market", "spot", "--json").output)
    assert (again["added"], again["usable"], again["written"]) == (0, 3, False)
    series = CandleFolder(Path("market")).candles(Market.SPOT, "BTCUSDT", "1h")
    assert series is not None
    assert series.rows["close"].to_list() == [11.0, 11.0, 11.0]


def test_an_import_asks_for_what_nothing_tells(eternal: Eternal) -> None:
    file = made_up_numbers(Path("candles.csv"), [hour(0), hour(1), hour(2)])
    refused = eternal("data", "import", file)
    assert refused.exit_code == 2
    assert "Add --exchange binance --market spot --symbol BTCUSDT, with what is right." in refused.output
    words = ("--market", "spot", "--symbol", "BTCUSDT")
    refused = eternal("data", "import", file, *words, "--exchange", "binnance")
    assert refused.exit_code == 2
    assert "Did you mean binance?" in refused.output
    refused = eternal("data", "import", file, *words, "--exchange", "binance", "--timeframe", "4h")
    assert refused.exit_code == 2
    assert "found rows that are 1h apart" in refused.output
    refused = eternal("data", "import", "nowhere.csv")
    assert (refused.exit_code, refused.output) == (
        3,
        "Expected a file, found nothing at nowhere.csv. Check the path.\n",
    )


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "Expected a symbol such as --symbol BTCUSDT, found none."),
        (("--symbol", "../BTC"), 3, "Expected a symbol in capital letters and digits"),
        (("--symbol", "BTCUSDT", "--from", "2024-01-02", "--to", "2024-01-01"), 2, "ends after it starts"),
        (("--symbol", "BTCUSDT", "--mode", "moon"), 2, 'found "moon"'),
        (("--symbol", "BTCUSDT", "--mode", "local", "--address", "http://example.com"), 2, "this machine only"),
        (("--symbol", "BTCUSDT", "--timeframe", "7x"), 2, "Expected a timeframe"),
        (("--symbol", "BTCUSDT", "--timeframe", "7m"), 2, 'no candles of "7m"'),
        (("--symbol", "NOPEUSDT"), 3, "Check the symbol and the market."),
    ],
)
def test_what_cannot_be_downloaded_is_told_in_a_sentence(
    download: Eternal, words: tuple[str, ...], code: int, sentence: str
) -> None:
    refused = download(*words)
    assert refused.exit_code == code, refused.output
    assert sentence in " ".join(refused.output.replace("│", " ").split())
    assert "Traceback" not in refused.output


def test_recorded_and_made_up_data_are_never_mixed(download: Eternal, eternal: Eternal, source: Path) -> None:
    file = made_up_numbers(Path("binance/BTCUSDT-1h.csv"), [hour(0), hour(1), hour(2)])
    for done in (
        download("--symbol", "BTCUSDT", "--data", source),
        eternal("data", "import", file, "--market", "spot", "--data", source),
    ):
        assert done.exit_code == 2
        assert "found one of made-up data" in done.output
    listed = json.loads(eternal("data", "list", "--data", source, "--json").output)["series"]
    assert {one["source"] for one in listed} == {"made up"}


@pytest.mark.parametrize("command", ["list", "check"])
def test_a_folder_that_is_not_there_is_told(eternal: Eternal, command: str) -> None:
    told = eternal("data", command)
    assert told.exit_code == 3
    assert "Expected a folder of market data, found none at market." in told.output


@pytest.mark.spec("DATA-05", "DATA-07")
def test_the_index_is_asked_for_once_a_day(eternal: Eternal, monkeypatch: pytest.MonkeyPatch) -> None:
    today_ms = now_ms() - now_ms() % DAY_MS
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            days = [{"value": str(40 + age), "timestamp": str((today_ms - age * DAY_MS) // 1000)} for age in range(3)]
            body = json.dumps({"data": days}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(fear_greed, "ADDRESS", f"http://127.0.0.1:{server.server_port}/fng/")
        for added in (3, 0):
            done = eternal("data", "download", "--fear-greed", "--json")
            assert done.exit_code == 0, done.output
            assert [one["added"] for one in json.loads(done.output)["series"]] == [added]
        server.shutdown()
    assert len(asked) == 1
    assert pl.read_parquet("market/fear_greed.parquet")["value"].to_list() == [42.0, 41.0, 40.0]
