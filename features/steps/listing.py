"""Writes the list of sentences into the README beside this file: `python -m features.steps.listing`."""

import re
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path

from features.steps import pytest_plugins
from features.steps.sentence import SAYINGS
from features.steps.words import KINDS

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- listed: python -m features.steps.listing -->", "<!-- end of the list -->"


def listing() -> str:
    """Give all sentences, module by module, and the kinds of things that they tell."""
    return "\n".join(["", *_sentences(), *_kinds(), ""])


def renewed(readme: str) -> str:
    """Give the README with the list as it is now."""
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n{listing()}\n{END}{rest.split(END)[1]}"


def _sentences() -> Iterator[str]:
    modules = [import_module(name) for name in pytest_plugins]
    sayings = sorted(SAYINGS, key=lambda saying: pytest_plugins.index(saying.module))
    docs = {module.__name__: (module.__doc__ or "").strip() for module in modules}
    for name, told in groupby(sayings, key=lambda saying: saying.module):
        yield f"### {docs[name].removesuffix('.')}\n"
        for saying in told:
            yield f"- `{_readable(saying.sentence)}`\n  {saying.about}"
        yield ""


def _kinds() -> Iterator[str]:
    yield "### What the capitals stand for\n"
    yield "| | |"
    yield "|---|---|"
    for name, kind in KINDS.items():
        yield f"| {name.upper()} | {kind.about} |"


def _readable(sentence: str) -> str:
    told = re.sub(r"\{\w+(?::(\w+))?\}", lambda part: (part[1] or "Text").upper(), sentence)
    return told.replace("BOUND", "BOUND ")


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
