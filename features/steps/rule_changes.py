"""Rule files that are changed while the engine is down, and what of them is in force when it is up again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from features.steps.scene import Scene
from features.steps.sentence import says
from machines.catalogue import MACHINES
from rules.language.findings import Finding, Severity
from rules.language.rulebook import Rulebook, load
from rules.language.sparing import Spared, spare
from runtime.events import RulesRead
from runtime.facts import vocabulary_for
from runtime.step import VersionTaken

Loaded = tuple[Rulebook | None, list[Finding]]


@says("the engine restarts after the line {path:Quoted} of {file:File} became {value:Literal}")
def _(scene: Scene, path: str, file: str, value: str) -> None:
    """Somebody has changed a line of a rule file, rightly or wrongly; the engine that starts next reads it."""
    _change(scene, scene.files.named(file), path, value)
    _restart(scene)


@says("the engine restarts after {file:File} became unreadable")
def _(scene: Scene, file: str) -> None:
    """A rule file was cut off in the middle of a line, as when a disk was full."""
    _cut_off(scene, file)
    _restart(scene)


@says("the line {path:Quoted} of {file:File} has become {value:Literal}, which keeps the engine from starting")
def _(scene: Scene, path: str, file: str, value: str) -> None:
    """What the line says concerns all books, so that none is traded before it is put right."""
    _change(scene, scene.files.named(file), path, value)
    assert _read(scene) is None, "It can start: there is no mistake in the rule files, or only in those of some books."


@says("the line {path:Quoted} of {file:File} becomes {value:Literal} while the engine trades")
def _(scene: Scene, path: str, file: str, value: str) -> None:
    """Somebody changes a line of a rule file, rightly or wrongly; the engine goes on and reads the file."""
    _change(scene, scene.files.named(file), path, value)
    _reload(scene)


@says("{book:Book} adopts changes, and the line {path:Quoted} becomes {value:Literal} while the engine trades")
def _(scene: Scene, book: str, path: str, value: str) -> None:
    """The book says that what is open goes by a changed file as well, and another line of it is changed with that."""
    _change(scene, scene.files.file_of(book), "adopt", "yes")
    _change(scene, scene.files.file_of(book), path, value)
    _reload(scene)


@says("{file:File} becomes unreadable while the engine trades")
def _(scene: Scene, file: str) -> None:
    """A rule file is cut off in the middle of a line, as when an editor has written half of it."""
    _cut_off(scene, file)
    _reload(scene)


@says("{book:Book} goes by its changed file[ in {symbol:Symbol}]")
def _(scene: Scene, book: str, symbol: str | None) -> None:
    """The machine decides by the newest version of its book."""
    one, newest = scene.world.instance(book, symbol or ""), scene.world.engine.rulebook.books[book].version
    assert one.book.version == newest, f"{one.name} still goes by {one.book.version}; the newest is {newest}."


@says("{book:Book} still goes by its file as it was[ in {symbol:Symbol}]")
def _(scene: Scene, book: str, symbol: str | None) -> None:
    """The machine decides by an older version of its book than the newest."""
    one, newest = scene.world.instance(book, symbol or ""), scene.world.engine.rulebook.books[book].version
    assert one.book.version != newest, f"{one.name} goes by the newest version, {newest}."


@says("{book:Book} took the changed file in {symbol:Symbol}")
def _(scene: Scene, book: str, symbol: str) -> None:
    """The journal says that the machine has changed its version."""
    taken = [one for _, one in scene.world.journal.records() if isinstance(one, VersionTaken)]
    assert (book, symbol) in {(one.book, one.symbol) for one in taken}, f"The journal has only {taken}."


@says("playing everything once more gives the same decisions")
def _(scene: Scene) -> None:
    """An engine that takes all events from the first one on decides the same, byte for byte."""
    scene.world.editions.replay(scene.world.journal.steps, scene.world.books)


def _change(scene: Scene, file: str, path: str, value: str) -> None:
    scene.world.open()
    scene.files.put(file, path.split("."), value)


def _cut_off(scene: Scene, file: str) -> None:
    scene.world.open()
    scene.files.cut(scene.files.named(file))


def _reload(scene: Scene) -> None:
    world = scene.world
    rulebook, findings = scene.files.load()
    world.reload(
        None if rulebook is None else _sharing_as_before(scene, rulebook),
        [str(one) for one in findings if one.severity is Severity.ERROR],
    )
    if rulebook is not None:
        scene.in_force = scene.files.texts


def _sharing_as_before(scene: Scene, rulebook: Rulebook) -> Rulebook:
    return rulebook if scene.world.rulebook.sharing else replace(rulebook, sharing=None)


def _restart(scene: Scene) -> None:
    world, read = scene.world, _read(scene)
    assert read is not None, "No engine can start with the rule files as they are now."
    scene.in_force = read.texts
    world.restart()
    world.reload(_sharing_as_before(scene, read.rulebook), at_start=True)
    world.tell([RulesRead(world.now_ms, {one.book: one.reason for one in read.faults if one.book in world.books})])


def _read(scene: Scene) -> Spared | None:
    paths, books = scene.files.written(), scene.world.books
    rulebook, findings = _load(paths)
    if rulebook is not None and all(book in rulebook.books for book in books):
        return Spared(rulebook, scene.files.texts, ())
    return spare(paths, findings, scene.in_force, books, _load)


def _load(paths: Sequence[Path], instead: Mapping[str, str] | None = None, left_out: Collection[str] = ()) -> Loaded:
    return load(paths, MACHINES, vocabulary_for, "", instead or {}, left_out)
