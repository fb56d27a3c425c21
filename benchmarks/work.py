"""What is measured: conditions live and as columns, reading rules, stepping through candles, memory of a long run."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from adapters.cli.plan import Plan
from adapters.cli.rulebook import in_force
from adapters.cli.wiring import Prepared, prepare
from adapters.synthetic.market import write_market
from benchmarks.indicator_work import indicators
from benchmarks.measurement import Measurement, once, seconds
from machines.catalogue import MACHINES
from rules.language.columns import to_polars
from rules.language.evaluate import compile_live
from rules.language.rulebook import load, rule_files
from rules.language.typed import Comparison, Junction, Typed, is_leaf
from runtime.facts import vocabulary_for
from runtime.history import History
from runtime.instrument import Market

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "rules"
RECORDED = ROOT.parent / "shared" / "market"
DAY_MS = 86_400_000
BEGIN_MS = 17_532 * DAY_MS
YEARS = 8
EVALUATIONS = 200_000
ROWS = 1_000_000


def measurements() -> list[Measurement]:
    """Measure everything, over recorded data where they are, else over made-up ones."""
    with TemporaryDirectory() as folder:
        data = market(Path(folder))
        plan = Plan(RULES, data, from_ms=BEGIN_MS + 365 * DAY_MS, to_ms=BEGIN_MS + YEARS * 365 * DAY_MS)
        return [
            reading(),
            *conditions(plan),
            *columns(plan),
            *indicators(),
            *stepping(plan),
            *leaping(plan),
            *memory(plan),
        ]


def market(folder: Path) -> Path:
    """The market to measure on."""
    if RECORDED.is_dir():
        return RECORDED
    write_market(folder, 11, BEGIN_MS, YEARS)
    return folder


def reading() -> Measurement:
    """Reading, checking and proving all shipped rule files."""
    texts = {file: file.read_text(encoding="utf-8") for file in rule_files(RULES)}
    times = count()

    def anew() -> None:
        """Read the files with another last line, because what was read lately is kept."""
        ending = f"# {next(times)}\n"
        load(list(texts), MACHINES, vocabulary_for, instead={str(file): text + ending for file, text in texts.items()})

    taken = seconds(anew)
    return Measurement("check all shipped rule files", taken * 1_000, "ms", "under 500 ms", f"{len(texts)} files")


def entry(plan: Plan) -> tuple[Prepared, Typed]:
    """A book standing at the end of its warm-up, and what its long entry asks of the candles."""
    prepared = prepare(replace(plan, books=("trend-1",)))
    rule = next(rule for rule in prepared.engine.books["trend-1"].rules if rule.id == "entries.long")
    assert isinstance(rule.when, Junction)
    operands = tuple(operand for operand in rule.when.operands if operand.kind.series)
    return prepared, replace(rule.when, operands=operands, kind=replace(rule.when.kind, series=True))


def comparisons(expression: Typed) -> Iterator[Typed]:
    """The comparisons in a condition."""
    if isinstance(expression, Comparison):
        yield expression
    for child in expression.children:
        yield from comparisons(child)


def repeat(read: Callable[[], object]) -> None:
    """Evaluate many times."""
    for _ in range(EVALUATIONS):
        read()


def conditions(plan: Plan) -> list[Measurement]:
    """One comparison, and the whole entry, evaluated live."""
    prepared, when = entry(plan)
    instance = prepared.engine.instances["trend-1", "BTCUSDT"]
    assert isinstance(when, Junction)
    rows = []
    for name, expression in (("close > sma_slow", when.operands[0]), ("the whole long entry", when)):
        read = compile_live(expression, instance.binder, "BTCUSDT")

        taken = seconds(partial(repeat, read)) / EVALUATIONS * 1e6
        count = len(list(comparisons(expression)))
        rows.append(Measurement(f"live: {name}", taken, "µs", "under 0.3 µs a condition", f"{count} comparisons in it"))
    return rows


def columns(plan: Plan) -> list[Measurement]:
    """The same as columns, without the indicators, which are computed once; the entry has two windows in it."""
    prepared, when = entry(plan)
    assert isinstance(when, Junction)
    history = prepared.engine.world.histories.history(Market.LINEAR, "BTCUSDT", "1d")
    rows = []
    for name, expression in (("close > sma_slow", when.operands[0]), ("the whole long entry", when)):
        frame, column = columns_of(history, expression)
        large = pl.concat([frame] * (ROWS // len(frame) + 1)).head(ROWS)
        count = len(list(comparisons(expression)))
        taken = seconds(partial(large.select, column)) / ROWS / count * 1e9
        rows.append(Measurement(f"columns: {name}", taken, "ns a row and condition", "under 5 ns", f"{ROWS:,} rows"))
    return rows


def columns_of(history: History, when: Typed) -> tuple[pl.DataFrame, pl.Expr]:
    """The leaves of a condition as columns, and the condition over them."""
    found: dict[str, pl.Series] = {}

    def resolve(leaf: Typed) -> pl.Expr:
        if leaf.key not in found:
            found[leaf.key] = pl.Series(leaf.key, list(history.column(leaf)), nan_to_null=True, strict=False)
        return pl.col(leaf.key)

    def collect(node: Typed) -> None:
        if is_leaf(node):
            resolve(node)
        else:
            for child in node.children:
                collect(child)

    collect(when)
    expression = to_polars(when, resolve).alias("holds")
    return pl.DataFrame(list(found.values())), expression


def stepping(plan: Plan) -> list[Measurement]:
    """Plain stepping: every candle through the engine and the exchange, all orders simulated."""
    rulebook = in_force(RULES)
    runs = (
        ("trend-1, hourly candles", ("trend-1",)),
        ("core-hodl, hourly candles", ("core-hodl",)),
        ("core-hodl, trend-1, trend-2", ("core-hodl", "trend-1", "trend-2")),
        ("core-hodl-ten, trend-1, trend-2", ("core-hodl-ten", "trend-1", "trend-2")),
    )
    rows = []
    for name, books in runs:
        prepared = prepare(replace(plan, books=books), rulebook)
        taken = once(prepared.backtest.run)
        candles = prepared.recorder.candles
        note = f"{candles:,} candles in {taken:.1f} s, one run"
        rows.append(Measurement(f"stepping: {name}", candles / taken, "candles/s", "50,000 for one book", note))
    return rows


def leaping(plan: Plan) -> list[Measurement]:
    """The same runs, stepping only where something could happen."""
    rulebook = in_force(RULES)
    rows = []
    for books in (("trend-1",), ("core-hodl",), ("core-hodl", "trend-1", "trend-2", "tactical")):
        prepared = prepare(replace(plan, books=books), rulebook)
        taken = once(prepared.run)
        note = f"{prepared.recorder.candles:,} candles of {YEARS - 1} years, one run"
        rows.append(Measurement(f"leaping: {', '.join(books)}", taken, "s", "under 5 s for eight years", note))
    return rows


def memory(plan: Plan) -> list[Measurement]:
    """The peak of a process that does nothing but the long run."""
    script = (
        "import sys; from pathlib import Path;"
        "from adapters.cli.plan import Plan; from adapters.cli.wiring import prepare;"
        "from benchmarks.measurement import peak_mib;"
        "p = prepare(Plan(Path(sys.argv[1]), Path(sys.argv[2]), tuple(sys.argv[5].split(',')),"
        " from_ms=int(sys.argv[3]), to_ms=int(sys.argv[4])));"
        "p.backtest.run(); p.recorder.result(); print(peak_mib())"
    )
    rows = []
    for books in ("core-hodl,trend-1,trend-2", "core-hodl-ten,trend-1,trend-2"):
        command = [sys.executable, "-c", script, *map(str, (RULES, plan.source, plan.from_ms, plan.to_ms, books))]
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        rows.append(
            Measurement(f"memory of {books}", float(answer.stdout), "MiB", "under 1,024 MiB", "peak of the process")
        )
    return rows
