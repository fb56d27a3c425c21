"""Writes the parts of the documentation that follow from the code: `make docs`.

A page has marks, `<!-- generated: NAME -->` and `<!-- end -->`; what stands between them is made here.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import chdir
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args, get_origin

import typer
from typer.testing import CliRunner

from adapters.cli import demo
from adapters.cli.main import app
from adapters.cli.options import moment
from adapters.cli.plan import DEFAULT_BOOKS, DEFAULT_CAPITAL, DEFAULT_WAIT_MS
from adapters.cli.rulebook import in_force
from adapters.cli.saved import copy_rules
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from adapters.synthetic.market import write_market
from machines.breaker import BREAKER
from machines.catalogue import MACHINES
from machines.diagram import mermaid
from machines.lifecycle import LIFECYCLE
from machines.order import ORDER
from machines.table import Argument, By, Table, Trigger
from rules.language.catalogue import FUNCTIONS, Function, Gives
from rules.language.codes import ALL_CODES
from rules.language.form import (
    FORMS,
    AfterAcknowledgementForm,
    BookKind,
    CheckForm,
    Form,
    LadderForm,
    LevelForm,
    LimitsForm,
    ParamForm,
    RuleForm,
)
from rules.language.indicators import INDICATORS, Indicator
from rules.language.literals import parse_literal
from rules.language.prose import prose
from rules.language.rulebook import Rulebook
from rules.language.source import in_one_line
from rules.language.units import MEASURED, NAMES, Kind, Unit, product_of, quotient_of
from rules.language.vocabulary import CALENDAR, COLUMNS, SCOPES_WITH_SYMBOL, TIMEFRAMES_MS
from runtime.facts import FACTS_OF
from runtime.sizing import SLIPPAGE_CAP

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(?P<start><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)

# How values are written; the unit of each is what the language reads.
WRITTEN = (
    *("2%", "0.05%", "5bps", "500 USDT", "60000 USDT/BTC", "0.5 BTC", "30s", "5m", "8h", "14d", "2w"),
    *("25", "0.5", "yes", "no", "true", "false", "patient", '"core-hodl"', "08:00"),
)
EXAMPLE_SYMBOLS = ("BTCUSDT", "ETHUSDT")
EXAMPLE_RUN = "eternal backtest --data demo/market --book trend-1 --from 2024-07-01 --to 2024-12-29"
EXPLAIN_LINES = (range(20), range(-5, 0))
WHY_NOT_LINES = (range(4), range(10, 13))
CHECK_LINES = (range(6),)
DIAGRAMS = {"core": (MACHINES["core"], "core-hodl"), "trend": (MACHINES["trend"], "trend-1")} | {
    table.name: (table, "") for table in (BREAKER, ORDER, LIFECYCLE)
}
FORMS_SHOWN: Mapping[str, type[Form]] = {
    "engine": FORMS[BookKind.ENGINE],
    "overlay": FORMS[BookKind.OVERLAY],
    "param": ParamForm,
    "rule": RuleForm,
    "ladder": LadderForm,
    "level": LevelForm,
    "after-acknowledgement": AfterAcknowledgementForm,
    "check": CheckForm,
    "limits": LimitsForm,
}
# What a key means wherever it stands; the forms describe all others.
KEYS = {
    "about": "what it is for, in a sentence",
    "alert": "how urgently the operator is told that the level was reached",
    "close": "what is closed when the level is reached",
    "entries": "whether new risk may be opened",
    "facts": "named expressions",
    "halt": "whether trading stops until somebody acknowledges",
    "levels": "the levels, from the mildest to the worst",
    "mode": "live; shadow: evaluated and recorded, moves nothing; off",
    "orders_per_hour": "of all books together",
    "params": "named values with units",
    "report": "whether the operator hears of the level every hour",
    "symbols": "what it trades",
    "value": "the value itself",
    "weights": "the share of each symbol; they add up to 100%",
    "back_to_start_on": "whether a new level starts the doubling over",
}


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown; a bar inside a cell is escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Write a text as code, an empty one as nothing."""
    return f"`{text}`" if text else ""


def sentence(text: str) -> str:
    """Begin with a capital letter and end with a full stop."""
    return text if not text else text[0].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


# ── values and units ────────────────────────────────────────────────────────────────────────────────────────────────


def units() -> str:
    """List the units with how their values are written."""
    examples: dict[Unit, list[str]] = {}
    for text in WRITTEN:
        unit = parse_literal(in_one_line(text)).kind.unit
        examples.setdefault(Unit.ENUM if unit is Unit.TEXT and not text.startswith('"') else unit, []).append(text)
    rows = [
        (code(unit), NAMES[unit], ", ".join(map(code, examples.get(unit, []))) or "is computed, never written")
        for unit in Unit
        if unit is not Unit.WRONG
    ]
    return table(("unit", "is", "written"), rows)


def algebra(sign: str, result: Callable[[Unit, Unit], Unit | None]) -> str:
    """Write which unit comes of two, for every pair of units that are measured."""
    measured = [Unit.NUMBER, *(unit for unit in Unit if unit in MEASURED)]
    rows = [(f"**{left}** {sign}", *(str(result(left, right) or "–") for right in measured)) for left in measured]
    return table(("", *measured), rows)


def columns() -> str:
    """List the columns of candles."""
    return table(("name", "unit"), [(code(name), kind.unit) for name, kind in COLUMNS.items()])


def calendar() -> str:
    """List what the clock of the events says."""
    return table(("name", "unit"), [(code(name), words_of(kind)) for name, kind in CALENDAR.items()])


def timeframes() -> str:
    """List the lengths of candles."""
    return ", ".join(map(code, TIMEFRAMES_MS)) + "."


def words_of(kind: Kind) -> str:
    """Write a unit, with the words that it can be."""
    return f"{kind.unit}: {', '.join(map(code, kind.members))}" if kind.members else str(kind.unit)


# ── functions, indicators, facts ────────────────────────────────────────────────────────────────────────────────────


def functions() -> str:
    """List the functions of the catalogue."""
    rows = [(code(one.signature), _gives(one), _about(one)) for one in FUNCTIONS.values()]
    return table(("call", "gives", "meaning"), rows)


def _gives(function: Function) -> str:
    return "the unit of x" if function.gives is Gives.SAME else function.gives.value


def _about(function: Function) -> str:
    return f"{function.about} `n` may be `since_entry`." if function.since_entry else function.about


def indicators() -> str:
    """List the indicators with their defaults."""
    rows = [
        (code(_call(one)), _reads(one), _result(one), str(one.warmup({})), one.about) for one in INDICATORS.values()
    ]
    return table(("call", "reads", "gives", "unknown at first", "meaning"), rows)


def _call(indicator: Indicator) -> str:
    own = ["x"] if indicator.inputs == ("x",) else []
    return f"{indicator.name}({', '.join([*own, *(f'{each.name}={each.default}' for each in indicator.parameters)])})"


def _reads(indicator: Indicator) -> str:
    return "x, else the close" if indicator.inputs == ("x",) else ", ".join(indicator.inputs)


def _result(indicator: Indicator) -> str:
    return "the unit of x" if indicator.result == "same" else indicator.result


def facts() -> str:
    """List the facts of the engine with the books that can name them."""
    declared = {name: fact.declaration for kind in FACTS_OF.values() for name, fact in kind.items()}
    rows = [
        (
            code(name),
            words_of(fact.kind),
            "each symbol" if fact.scope in SCOPES_WITH_SYMBOL else fact.scope,
            "yes" if fact.has_age else "",
            *("✓" if name in named else "" for named in FACTS_OF.values()),
            sentence(fact.about),
        )
        for name, fact in declared.items()
    ]
    return table(("fact", "unit", "one for", "age", *FACTS_OF, "meaning"), rows)


# ── machines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def rule_triggers(machine: Table) -> str:
    """List what rules can fire, with the arguments."""
    fired = [trigger for trigger in machine.triggers.values() if trigger.by is By.RULE]
    rows = [(code(_trigger_call(one)), _states(machine, one), _told(one)) for one in fired]
    return table(("call", "from → to", "meaning"), rows)


def other_triggers(machine: Table) -> str:
    """List what the engine and persons report."""
    told = [trigger for trigger in machine.triggers.values() if trigger.by is not By.RULE]
    by = {By.OPERATOR: "a person", By.RUNTIME: "the engine"}
    rows = [(code(one.name), by[one.by], sentence(one.about)) for one in told]
    return table(("trigger", "fired by", "meaning"), rows)


def _trigger_call(trigger: Trigger) -> str:
    return f"{trigger.name}({', '.join(_argument_call(argument) for argument in trigger.arguments)})"


def _argument_call(argument: Argument) -> str:
    if argument.required:
        return f"{argument.name}=…"
    default = f'"{argument.default}"' if argument.unit == "text" else f"{argument.default}"
    return f"{argument.name}={f'{argument.default:.0%}' if argument.unit == 'ratio' else default}"


def _states(machine: Table, trigger: Trigger) -> str:
    moves = dict.fromkeys((source, to) for source, name, to in machine.moves if name == trigger.name)
    return "<br>".join(f"{source}, stays" if source == to else f"{source} → {to}" for source, to in moves)


def _told(trigger: Trigger) -> str:
    arguments = "".join(f"<br>{_argument(argument)}" for argument in trigger.arguments)
    return sentence(trigger.about) + arguments


def _argument(argument: Argument) -> str:
    unit = f"one of {', '.join(map(code, argument.members))}" if argument.members else argument.unit
    each = ", for each symbol" if argument.per_symbol else ""
    return f"{code(argument.name)}: {unit}{each}{', ' + argument.about if argument.about else ''}"


def diagram(name: str, rulebook: Rulebook) -> str:
    """Draw a machine, with the rules of a shipped book on its arrows where books drive it."""
    machine, book = DIAGRAMS[name]
    rules = rulebook.books[book].rules if book else ()
    drawn = mermaid(machine, [(rule.id, rule.states, rule.trigger) for rule in rules])
    return f"```mermaid\n{drawn}```"


# ── files and findings ──────────────────────────────────────────────────────────────────────────────────────────────


def keys(form: type[Form]) -> str:
    """List the keys of a form."""
    rows = [
        (
            code(field.alias or name),
            "yes" if field.is_required() else "",
            ", ".join(map(code, dict.fromkeys(_words(field.annotation)))),
            field.description or KEYS[name],
        )
        for name, field in form.model_fields.items()
    ]
    return table(("key", "needed", "one of", "meaning"), rows)


def _words(annotation: Any) -> Iterator[str]:
    """Yield the words that a type allows; those of types inside sections are listed with the section."""
    if get_origin(annotation) in (dict, list, tuple):
        return
    for inner in get_args(annotation):
        if isinstance(inner, str) and get_origin(annotation) is Literal:
            yield inner
        elif get_origin(annotation) is not Literal:
            yield from _words(inner)


def codes() -> str:
    """List the codes that a finding can have."""
    return table(("code", "meaning"), [(code(name), about) for name, about in ALL_CODES.items()])


# ── the command line ────────────────────────────────────────────────────────────────────────────────────────────────


def commands() -> str:
    """List every command with its arguments and options."""
    return "\n\n".join(_command(name, command) for name, command in leaves(typer.main.get_command(app), "eternal"))


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its whole name."""
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    if not inner:
        yield name, command
    for word, each in inner.items():
        yield from leaves(each, f"{name} {word}")


def _command(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    called = " ".join([name, *(_argument_of_command(each) for each in arguments)])
    rows = [(code(", ".join(_names(each))), each.help or "", _default(each)) for each in command.params]
    options = table(("argument or option", "meaning", "default"), rows)
    return f"### `{called}`\n\n{command.help}\n\n{options}"


def _default(parameter: Any) -> str:
    shown = getattr(parameter, "show_default", True)
    if isinstance(shown, str):
        return code(shown)
    return "" if parameter.default in (None, False) else code(str(parameter.default))


def _argument_of_command(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _names(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [parameter.name.upper()]
    return [f"{name} {parameter.metavar}" if parameter.metavar else name for name in parameter.opts]


def terms(rulebook: Rulebook) -> str:
    """List what a back-test assumes where nothing else is said."""
    market, limits, ladder = ExchangeSettings(), rulebook.envelope, rulebook.ladder
    assert ladder is not None, "the shipped rules have a ladder"
    assert ladder.after_acknowledgement is not None, "the shipped ladder says how trading resumes"
    after = ladder.after_acknowledgement
    fees = {one.market: (one.maker_fee, one.taker_fee) for one in load_instruments().values()}
    rows = [
        ("slippage of what takes from the market", ratio(market.slippage), code("--slippage")),
        ("largest part of a candle's volume for one order", ratio(market.volume_share), ""),
        *(
            (f"fees on {each}, maker and taker", f"{ratio(maker)}, {ratio(taker)}", "")
            for each, (maker, taker) in fees.items()
        ),
        ("factor on fees and slippage", "1", code("--costs")),
        ("farthest that a market order fills from the last price", ratio(SLIPPAGE_CAP), ""),
        ("patience of a maker order", prose(limits.patience_ms, Unit.DURATION), code("rules/governance/envelope.yaml")),
        ("time until a person acknowledges a halt", prose(DEFAULT_WAIT_MS, Unit.DURATION), code("--acknowledge-after")),
        (
            "sizes after that",
            f"{ratio(after.size)}, doubled every {prose(after.doubles_every_ms, Unit.DURATION)}",
            code("rules/governance/breakers.yaml"),
        ),
        ("capital", prose(DEFAULT_CAPITAL, Unit.MONEY), code("--capital")),
        ("books", ", ".join(map(code, DEFAULT_BOOKS)), code("--book")),
    ]
    return table(("what", "where nothing else is said", "changed by"), rows)


def ratio(value: Decimal) -> str:
    """Write a ratio in percent."""
    return prose(value, Unit.RATIO)


# ── what commands print ─────────────────────────────────────────────────────────────────────────────────────────────


@cache
def examples() -> Mapping[str, str]:
    """Run the commands that pages quote with their output, on the market of the demonstration."""
    with TemporaryDirectory() as folder, chdir(folder):
        copy_rules(ROOT / "rules", Path("rules"))
        write_market(Path("demo/market"), demo.SEED, moment(demo.FIRST_DAY), demo.YEARS, EXAMPLE_SYMBOLS)
        printed(EXAMPLE_RUN)
        explain = f"eternal explain last {example_order()}"
        why_not = "eternal why-not last BTCUSDT"
        quoted = {
            "explain": shown(printed(explain), *EXPLAIN_LINES),
            "why-not": shown(printed(why_not), *WHY_NOT_LINES),
        }
        file = Path("rules", demo.SPOILED)
        file.write_text(file.read_text(encoding="utf-8").replace(demo.RIGHT, demo.WRONG), encoding="utf-8")
        quoted["check"] = shown(printed("eternal check", mistakes=True), *CHECK_LINES)
    return {name: f"```console\n{text}\n```" for name, text in quoted.items()}


def printed(command: str, *, mistakes: bool = False) -> str:
    """Run a command and write it as in a terminal; raises RuntimeError when it ends otherwise than expected."""
    result = CliRunner().invoke(app, command.split()[1:])
    if result.exit_code != int(mistakes):
        raise RuntimeError(f"{command} ended with {result.exit_code}: {result.output}") from result.exception
    return f"$ {command}\n{result.stdout}".rstrip()


def example_order() -> str:
    """Choose the last long entry in Bitcoin that something made smaller."""
    orders = json.loads(printed("eternal explain last --json").split("\n", 1)[1])["orders"]
    long = [one for one in orders if (one["rule"], one["symbol"]) == ("entries.long", "BTCUSDT")]
    return next(str(one["order_id"]) for one in reversed(long) if one["limits"])


def shown(text: str, *kept: range) -> str:
    """Keep some spans of lines, counted from 0, with dots for what is left out; negative ones count from the end."""
    lines = text.splitlines()
    spans = ["\n".join(lines[at] for at in span) for span in kept]
    ends = [] if kept[-1][-1] in (-1, len(lines) - 1) else ["…"]
    return "\n".join([*"\n…\n".join(spans).splitlines(), *ends])


# ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def parts() -> dict[str, Callable[[], str]]:
    """Name everything that can stand between marks."""
    rulebook = in_force(ROOT / "rules")
    made: dict[str, Callable[[], str]] = {
        "units": units,
        "products": lambda: algebra("×", product_of),
        "quotients": lambda: algebra("÷", quotient_of),
        "columns": columns,
        "calendar": calendar,
        "timeframes": timeframes,
        "functions": functions,
        "indicators": indicators,
        "facts": facts,
        "codes": codes,
        "terms": lambda: terms(rulebook),
        "commands": commands,
    }
    made |= {f"keys-{name}": lambda form=form: keys(form) for name, form in FORMS_SHOWN.items()}  # type: ignore[misc]
    made |= {f"diagram-{name}": lambda name=name: diagram(name, rulebook) for name in DIAGRAMS}  # type: ignore[misc]
    made |= {f"rule-triggers-{one.name}": lambda one=one: rule_triggers(one) for one in MACHINES.values()}  # type: ignore[misc]
    made |= {f"triggers-{name}": lambda one=one: other_triggers(one) for name, (one, _) in DIAGRAMS.items()}  # type: ignore[misc]
    made |= {f"example-{name}": lambda name=name: examples()[name] for name in ("explain", "why-not", "check")}  # type: ignore[misc]
    return made


def pages() -> dict[Path, str]:
    """Give every page that has marks as it should be."""
    made = parts()
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    return {path: filled(text, made) for path, text in texts.items() if MARKED.search(text)}


def filled(text: str, made: Mapping[str, Callable[[], str]]) -> str:
    """Put what is made between the marks; raises KeyError for a mark that nothing is made for."""
    return MARKED.sub(lambda mark: f"{mark['start']}{made[mark['name']]()}\n{mark['end']}", text)


def main() -> None:
    """Write the pages that are not current."""
    for path, text in pages().items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            typer.echo(f"{path.relative_to(ROOT)} is new")


if __name__ == "__main__":
    main()
