"""What the documentation says is so: its commands run, its rules load, its tables are those of the code."""

import re
import runpy
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from math import isclose
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from adapters.cli.made_up import SEED
from adapters.cli.main import app
from adapters.cli.options import moment
from adapters.cli.saved import copy_rules
from adapters.synthetic.market import write_market
from machines.breaker import BREAKER
from machines.catalogue import MACHINES
from machines.lifecycle import LIFECYCLE
from machines.order import ORDER
from rules.language.findings import Finding, Severity
from rules.language.rulebook import load, rule_files
from runtime.facts import vocabulary_for

pytestmark = pytest.mark.spec("DOC-01")

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
SHIPPED = rule_files(ROOT / "rules")
FENCED = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
GENERATED = re.compile(r"<!-- generated: [a-z-]+ -->.*?<!-- end -->", re.DOTALL)
SHELLS = {"console", "sh", "bash", "shell"}
LEFT_OUT = "# …"

# Why a command of the documentation is not run here.
NOT_RUN = {
    "make demo": "sets up the environment first; the demonstration has a test of its own",
    "make setup": "has been done where this test runs",
    ".venv/bin/eternal backtest --generated --from 2024-01-01 --open": "opens a browser, and has a test of its own",
    "make test": "is what runs this test",
    "make docs": "writes into the repository; what it would write is compared below",
    "make check": "is part of `make test`",
    "make bench": "measures for minutes",
    "make coverage": "runs all tests",
    "make chaos": "kills the engine for minutes; a short run of it is a test",
    "eternal doctor desk": "needs keys, and has tests of its own",
    "eternal run desk": "trades until it is stopped, and has tests of its own",
    "eternal phase last --measured measured.json": "ends with 1 while a gate is open, and has tests of its own",
    "eternal phase last --phase validation --json": "ends with 1 while a gate is open, and has tests of its own",
    "make": "prints the list of targets, which are compared below",
    "eternal data download --symbol BTCUSDT --symbol ETHUSDT --fear-greed": "asks the real exchange for its past",
    "eternal search clusters --data DIR": "groups three coins or more, and has tests of its own",
    "eternal demo --keep demo": "trades for a minute, and has a test of its own; its market is made for the commands",
}
# Its commands need an engine that trades; they run beside one in tests/adapters/postgres and tests/adapters/bybit.
BESIDE_AN_ENGINE = "docs/operating.md"
# What stands for something of the reader's own, and for hours: daily candles are enough to see that a command runs.
STAND_INS = {"DIR": "market", "FILE": "market/candles/linear/1d/BTCUSDT.parquet", "demo/market": "market"}

# A book around facts that are shown alone.
AROUND_FACTS = """book: example
machine: trend
account: EXAMPLE
market: linear
symbols: [BTCUSDT]
timeframe: 1d

exits:
  leave:
    in: [IN_POSITION, TRAILING_STOP]
    when: close < open
    then: leave()

"""


@dataclass(frozen=True)
class Block:
    """What stands between two fences of a page; `line` is that of the first fence."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*, generated: bool = True) -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if not generated:
            text = GENERATED.sub(lambda part: "\n" * part[0].count("\n"), text)
        for fence in FENCED.finditer(text):
            line = text.count("\n", 0, fence.start()) + 1
            yield Block(page, line, fence["language"], fence["text"])


def commands() -> dict[str, str]:
    """Return each command once, with the first place that has it; those in generated parts ran when these were made."""
    found: dict[str, str] = {}
    for block in blocks(generated=False):
        for number, line in enumerate(block.text.splitlines(), block.line + 1):
            command = line.removeprefix("$ ").split("  #")[0].strip()
            if block.language in SHELLS and re.match(r"(\.venv/bin/)?(eternal|make)\b", command):
                found.setdefault(command, f"{block.page.relative_to(ROOT)}:{number}")
    return found


def yaml_blocks() -> list[Block]:
    return [block for block in blocks() if block.language == "yaml"]


@cache
def whole_text() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


# ── generated parts ─────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def generator() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "generate"))


@cache
def made() -> dict[Path, str]:
    pages: dict[Path, str] = generator()["pages"]()
    return pages


def same(one: str, other: str) -> bool:
    """Compare output; ids that follow from every bit of the data count as equal, numbers when they nearly are."""
    number = re.compile(r"(?<![\w.-])(-?[\d,]*\.?\d+)(?!\w)")
    parts = [number.split(re.sub(r"\b[0-9a-f]{10}\b", "RUN", text)) for text in (one, other)]
    return len(parts[0]) == len(parts[1]) and all(map(alike, *parts))


def alike(one: str, other: str) -> bool:
    try:
        return isclose(float(one.replace(",", "")), float(other.replace(",", "")), rel_tol=1e-3)
    except ValueError:
        return one == other


@pytest.mark.parametrize("page", [page for page in PAGES if GENERATED.search(page.read_text(encoding="utf-8"))])
def test_what_is_made_from_the_code_is_current(page: Path) -> None:
    written, now = page.read_text(encoding="utf-8"), made()[page]
    assert written == now or same(written, now), f"run `make docs` and commit {page.relative_to(ROOT)}"


def test_the_run_that_is_quoted_can_be_repeated() -> None:
    assert generator()["samples"].EXAMPLE_RUN in commands()


def test_numbers_may_differ_in_the_last_digits_only() -> None:
    assert same("run 0a1b2c3d4e: close = 10,699.1", "run ffffffffff: close = 10,699.2")
    assert not same("close = 10,699.1", "close = 10,799.1")
    assert not same("close = 10,699.1", "open = 10,699.1")


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the shipped rules, and the last years of the demonstration's market: two coins, daily candles."""
    folder = tmp_path_factory.mktemp("docs")
    copy_rules(ROOT / "rules", folder / "rules")
    symbols = ("BTCUSDT", "ETHUSDT")
    for path in write_market(folder / "market", SEED, moment("2022-01-01"), 3, symbols):
        if path.parent.name == "1h":
            path.unlink()
    with chdir(folder):
        yield folder


def run(command: str) -> Any:
    words = [STAND_INS.get(word, word) for word in command.split()]
    return CliRunner().invoke(app, words[1:])


def runnable() -> dict[str, list[tuple[str, str]]]:
    """The commands of each page that can run by themselves, in their order, with their places."""
    found: dict[str, list[tuple[str, str]]] = {}
    for command, place in commands().items():
        page = place.partition(":")[0]
        if command not in NOT_RUN and not command.startswith("make ") and page != BESIDE_AN_ENGINE:
            found.setdefault(page, []).append((command, place))
    return found


@pytest.mark.parametrize("page", runnable())
def test_every_command_runs(workplace: Path, page: str) -> None:
    failed = []
    for command, place in runnable()[page]:
        result = run(command)
        if result.exit_code != 0:
            failed.append(f"{place}: {command}: {result.exit_code}, {result.output[-300:]} {result.exception!r}")
    assert not failed, "\n".join(failed)


def test_the_change_that_the_readme_proposes_changes_the_run(workplace: Path) -> None:
    backtest = "eternal backtest --data DIR --book trend-1 --from 2024-01-01 --json run.json"
    file = workplace / "rules" / "engines" / "trend-1.yaml"
    shipped = file.read_text(encoding="utf-8")
    assert "Write `strong: 30` instead of `strong: 25`" in whole_text()
    documents = []
    for content in (shipped, shipped.replace("strong: 25", "strong: 30")):
        file.write_text(content, encoding="utf-8")
        assert run(backtest).exit_code == 0
        documents.append((workplace / "run.json").read_text(encoding="utf-8"))
    file.write_text(shipped.replace("strong: 25", "strong: 30%"), encoding="utf-8")
    assert run("eternal check").exit_code == 1
    file.write_text(shipped, encoding="utf-8")
    assert documents[0] != documents[1]


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {word for command in commands() if command.startswith("make ") for word in command.split()[1:2]}
    named |= set(re.findall(r"`make ([a-z]+)`", whole_text()))
    assert named <= targets, f"the Makefile has no {named - targets}"
    silent = [command for command in commands() if command.startswith("make") and command not in NOT_RUN]
    assert not silent, f"say in NOT_RUN why it isn't run: {silent}"


def leaves(command: Any, name: str = "eternal") -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield name, command
    for word, each in inner.items():
        yield from leaves(each, f"{name} {word}")


def test_every_command_is_described() -> None:
    missing = [name for name, _ in leaves(typer.main.get_command(app)) if f"`{name}" not in whole_text()]
    assert not missing


def test_every_option_exists() -> None:
    command = typer.main.get_command(app)
    known = {name for _, leaf in leaves(command) for parameter in leaf.params for name in parameter.opts}
    known |= {name for parameter in command.params for name in parameter.opts}
    named = {
        name for code in re.findall(r"`([^`\n]+)`", whole_text()) for name in re.findall(r"(?<!\S)--[a-z-]+", code)
    }
    assert named <= known, f"there is no {named - known}"


# ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def findings_of(text: str, folder: Path) -> list[Finding]:
    """Load a book together with the shipped ones, and return the findings about it."""
    path = folder / "documented.yaml"
    path.write_text(text, encoding="utf-8")
    _, findings = load([*SHIPPED, path], MACHINES, vocabulary_for)
    return [finding for finding in findings if finding.place.file == str(path)]


def is_shipped(text: str) -> bool:
    """Tell whether a text is a shipped rule file, or lines of one with `# …` where some are left out."""
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    runs = groupby(lines, key=lambda line: line.strip() == LEFT_OUT)
    pieces = ["\n".join(run).strip("\n") for left_out, run in runs if not left_out]
    contents = ["\n" + path.read_text(encoding="utf-8") + "\n" for path in SHIPPED]
    return any(all(f"\n{piece}\n" in content for piece in pieces) for content in contents)


@pytest.mark.parametrize("block", yaml_blocks(), ids=str)
def test_every_rule_is_one(block: Block, tmp_path: Path) -> None:
    """A whole book loads without a finding, facts load in a book made for them, all else stands in a shipped file."""
    if block.text.startswith("facts:"):
        errors = [one for one in findings_of(AROUND_FACTS + block.text, tmp_path) if one.severity is Severity.ERROR]
        assert not errors
    elif not is_shipped(block.text):
        assert block.text.startswith("book:"), "write whole lines of a shipped file, or a whole book"
        assert LEFT_OUT not in block.text
        found = [one for one in findings_of(block.text, tmp_path) if one.code != "P010"]
        assert not found


def test_what_is_no_rule_is_found(tmp_path: Path) -> None:
    assert not is_shipped("book: trend-1\nabout: Something else.")
    assert findings_of("book: example\nmachine: trend\n", tmp_path)


def test_every_rule_file_is_mentioned() -> None:
    missing = [path.name for path in SHIPPED if path.name not in whole_text()]
    assert not missing


def test_every_machine_has_its_diagram() -> None:
    text = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
    for table in (*MACHINES.values(), BREAKER, ORDER, LIFECYCLE):
        assert f"\n## {table.name}\n" in text
        assert all(re.search(rf"^    {state} --> ", text, re.MULTILINE) for state in table.states)


# ── files and links ─────────────────────────────────────────────────────────────────────────────────────────────────


MADE_BY_COMMANDS = {"run.json", "eternal.yaml", "exchange-keys.json", "accounts.json", "paper-accounts.json"}


def test_every_file_that_is_named_exists() -> None:
    folders = [ROOT / name for name in ("rules", "machines", "runtime", "adapters", "features", "tests", "docs")]
    known = {path.name for folder in folders for path in folder.rglob("*.*")} | MADE_BY_COMMANDS
    named = set(re.findall(r"`([\w/.-]+\.(?:py|yaml|json))`", whole_text()))
    lost = [name for name in named if not ((ROOT / name).is_file() if "/" in name else name in known)]
    assert not lost


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    lost = []
    for page in PAGES:
        text = FENCED.sub("", page.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            there = (page.parent / path).resolve() if path else page
            if not there.exists() or (anchor and anchor not in anchors(there)):
                lost.append(f"{page.relative_to(ROOT)}: {target}")
    assert not lost
