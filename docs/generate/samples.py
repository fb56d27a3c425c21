"""Quotes of shipped rules, and what commands print."""

import json
import re
from collections.abc import Mapping
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cells import ROOT
from typer.testing import CliRunner

from adapters.cli.main import app
from adapters.cli.options import moment
from adapters.cli.saved import copy_rules
from adapters.synthetic.market import write_market

SEED, FIRST_DAY, YEARS = 7, "2020-01-01", 5
EXAMPLE_SYMBOLS = ("BTCUSDT", "ETHUSDT")
SPOILED, RIGHT, WRONG = "engines/trend-1.yaml", "strong: 25", "strong: 30%"
EXAMPLE_RUN = "eternal backtest --data demo/market --book trend-1 --from 2024-07-01 --to 2024-12-29"
EXPLAIN_LINES = (("$", "sma_slow = "), ("✓ strength > strong", "strong = "), ("it asked for", "the position:"))
WHY_NOT_LINES = (("$", "close > sma_slow and"), ("needs more than", "needs more than"))
CHECK_LINES = (("$", "See also"),)


def whole(name: str) -> str:
    """Quote a shipped book."""
    return f"```yaml\n{(ROOT / 'rules' / 'engines' / name).read_text(encoding='utf-8')}```"


def excerpt() -> str:
    """Quote of the trend follower what a reader needs to get the idea: the first facts, one exit, one entry."""
    text = (ROOT / "rules" / "engines" / "trend-1.yaml").read_text(encoding="utf-8")
    header, *sections = text[text.index("book:") :].rstrip().split("\n\n")
    named = {section.split(":", 1)[0]: section for section in sections}
    parts = (
        "\n".join(header.splitlines()[:7]),
        "\n".join(named["facts"].splitlines()[:5]),
        *(re.split(r"\n(?=  \w+:$)", named[name], maxsplit=2, flags=re.MULTILINE)[:2] for name in ("exits", "entries")),
    )
    return "```yaml\n" + "\n# …\n".join(part if isinstance(part, str) else "\n".join(part) for part in parts) + "\n```"


def example(name: str) -> str:
    """Quote what a command prints: explain, why-not or check."""
    return examples()[name]


@cache
def examples() -> Mapping[str, str]:
    """Run the commands that pages quote with their output, on a made-up market."""
    with TemporaryDirectory() as folder, chdir(folder):
        copy_rules(ROOT / "rules", Path("rules"))
        write_market(Path("demo/market"), SEED, moment(FIRST_DAY), YEARS, EXAMPLE_SYMBOLS)
        printed(EXAMPLE_RUN)
        explain = f"eternal explain last {example_order()}"
        why_not = "eternal why-not last BTCUSDT"
        quoted = {
            "explain": shown(printed(explain), *EXPLAIN_LINES),
            "why-not": shown(printed(why_not), *WHY_NOT_LINES),
        }
        file = Path("rules", SPOILED)
        file.write_text(file.read_text(encoding="utf-8").replace(RIGHT, WRONG), encoding="utf-8")
        quoted["check"] = shown(printed("eternal check", mistakes=True), *CHECK_LINES)
    return {name: f"```console\n{text}\n```" for name, text in quoted.items()}


def printed(command: str, *, mistakes: bool = False) -> str:
    """Run a command and write it as in a terminal; raises RuntimeError when it ends otherwise than expected."""
    result = CliRunner().invoke(app, command.split()[1:])
    if result.exit_code != int(mistakes):
        raise RuntimeError(f"{command} ended with {result.exit_code}: {result.output}") from result.exception
    lines = [line.rstrip() for line in result.stdout.rstrip().splitlines()]
    return "\n".join([f"$ {command}", *lines])


def example_order() -> str:
    """Choose the last long entry in Bitcoin that something made smaller."""
    orders = json.loads(printed("eternal explain last --json").split("\n", 1)[1])["orders"]
    long = [one for one in orders if (one["rule"], one["symbol"]) == ("entries.long", "BTCUSDT")]
    return next(str(one["order_id"]) for one in reversed(long) if one["limits"])


def shown(text: str, *spans: tuple[str, str]) -> str:
    """Keep some spans of lines, each from one that has the first text to one that has the second."""
    lines = text.splitlines()
    kept: list[str] = []
    for first, last in spans:
        start = next(at for at, line in enumerate(lines) if first in line)
        end = next(at for at, line in enumerate(lines) if at >= start and last in line)
        kept += [*(["…"] if kept else []), *lines[start : end + 1]]
    return "\n".join(kept if kept[-1] == lines[-1] else [*kept, "…"])
