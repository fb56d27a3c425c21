"""Writes the parts of the documentation that follow from the code: `make docs`.

A page has marks, `<!-- generated: NAME -->` and `<!-- end -->`; what stands between them is made here.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import language_tables as language
import machine_tables as machine
import program_tables as program
import samples
import typer
from cells import ROOT

from adapters.cli.rulebook import in_force
from machines.catalogue import MACHINES
from rules.language.units import product_of, quotient_of

MARKED = re.compile(r"(?P<start><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def parts() -> dict[str, Callable[[], str]]:
    """Name everything that can stand between marks."""
    rulebook = in_force(ROOT / "rules")
    made: dict[str, Callable[[], str]] = {
        "units": language.units,
        "products": partial(language.algebra, "×", product_of),
        "quotients": partial(language.algebra, "÷", quotient_of),
        "columns": language.columns,
        "calendar": language.calendar,
        "timeframes": language.timeframes,
        "functions": language.functions,
        "indicators": language.indicators,
        "facts": language.facts,
        "phase-facts": language.phase_facts,
        "result-facts": language.result_facts,
        "codes": language.codes,
        "excerpt": samples.excerpt,
        "overlay": partial(samples.whole, "trend-2.yaml"),
        "terms": partial(program.terms, rulebook),
        "commands": program.commands,
    }
    made |= {f"keys-{name}": partial(language.keys, form) for name, form in language.FORMS_SHOWN.items()}
    made |= {f"rule-triggers-{name}": partial(machine.rule_triggers, table) for name, table in MACHINES.items()}
    for name, (table, _) in machine.DIAGRAMS.items():
        made[f"diagram-{name}"] = partial(machine.diagram, name, rulebook)
        made[f"triggers-{name}"] = partial(machine.other_triggers, table)
    made |= {f"example-{name}": partial(samples.example, name) for name in ("explain", "why-not", "check")}
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
