"""Changes of the rule files, made in a copy before the first candle."""

from features.steps.rule_files import RuleFiles
from features.steps.scene import Scene
from features.steps.sentence import says
from rules.language.findings import Finding, Severity


@says("the param {name:Name} of {book:Book} is {value:Literal}")
def _(scene: Scene, name: str, book: str, value: str) -> None:
    """A param has another value, written as in the rule file: 30, 2%, 500 USDT, 14d, yes."""
    scene.before()
    scene.files.param(book, name, value)


@says("the fact {name:Name} of {book:Book} is {value:Literal}")
def _(scene: Scene, name: str, book: str, value: str) -> None:
    """A named fact of the book means this instead: a value (24) or any expression (adx(7))."""
    scene.before()
    scene.files.fact(book, name, value)


@says("the fact {name:Name} of {symbol:Symbol} is {value:Literal}")
def _(scene: Scene, name: str, symbol: str, value: str) -> None:
    """A named fact of the scenario's only book means this instead; it does so for all of the book's symbols."""
    scene.before()
    scene.files.fact(scene.book(None), name, value)


@says("the check {name:Name} is {mode:Mode}")
def _(scene: Scene, name: str, mode: str) -> None:
    """A pre-trade check is switched on (live), off, or only watched (shadow)."""
    scene.before()
    scene.files.check_mode(name, mode)


@says("the line {path:Quoted} of {file:File} is {value:Literal}")
def _(scene: Scene, path: str, file: str, value: str) -> None:
    """Any line of a rule file, named by its keys: "ladder.levels.CAUTION.at" of breakers.yaml."""
    scene.before()
    scene.files.put(scene.files.named(file), path.split("."), value)


@says("{file:File} has no line {path:Quoted}")
def _(scene: Scene, file: str, path: str) -> None:
    """A line of a rule file is taken out, with everything under it."""
    scene.before()
    scene.files.drop(scene.files.named(file), path.split("."))


@says("these lines under {section:Quoted} of {file:File}:")
def _(scene: Scene, section: str, file: str, docstring: str) -> None:
    """Lines are added at the end of a section, such as a check of one's own under "checks" of pre-trade.yaml."""
    scene.before()
    scene.files.append(scene.files.named(file), section, docstring)


@says("this rule file:")
def _(scene: Scene, docstring: str) -> None:
    """A whole book is added."""
    scene.before()
    scene.files.add(docstring)


@says("the rule files are accepted")
def _(scene: Scene) -> None:
    """Nothing in the rule files, as they were edited, keeps them from being used."""
    assert not _mistakes(scene.files), "\n".join(str(finding) for finding in _mistakes(scene.files))


@says("the rule files are refused[ at {line:Quoted} in {file:File}][ because {words:Quoted}]")
def _(scene: Scene, line: str | None, file: str | None, words: str | None) -> None:
    """The rule files can't be used: a mistake stands on the line that contains the first words and says the second."""
    mistakes = _mistakes(scene.files)
    fitting = [finding for finding in mistakes if _fits(finding, file, line, words)]
    listed = "\n".join(f"{finding}\n{finding.marked}" for finding in mistakes)
    assert fitting, f"No mistake fits; those found are:\n{listed or 'none'}"


def _mistakes(files: RuleFiles) -> list[Finding]:
    return [finding for finding in files.load()[1] if finding.severity is Severity.ERROR]


def _fits(finding: Finding, file: str | None, line: str | None, words: str | None) -> bool:
    there = file is None or finding.place.file.endswith(f"/{file}")
    marked = line is None or line in finding.marked.split("\n")[0]
    return there and marked and (words is None or words in f"{finding.sentence} {finding.suggestion}")
