"""Rule files that are changed while the engine is down, and what of them is in force when it is up again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from features.steps.scene import Scene
from features.steps.sentence import says
from machines.catalogue import MACHINES
from rules.language.findings import Finding
from rules.language.rulebook import Rulebook, load
from rules.language.sparing import Spared, spare
from runtime.events import RulesRead
from runtime.facts import vocabulary_for

Loaded = tuple[Rulebook | None, list[Finding]]


@says("the engine restarts after the line {path:Quoted} of {file:File} became {value:Literal}")
def _(scene: Scene, path: str, file: str, value: str) -> None:
    """Somebody has changed a line of a rule file, rightly or wrongly; the engine that starts next reads it."""
    scene.world.open()
    scene.files.put(scene.files.named(file), path.split("."), value)
    _restart(scene)


@says("the engine restarts after {file:File} became unreadable")
def _(scene: Scene, file: str) -> None:
    """A rule file was cut off in the middle of a line, as when a disk was full."""
    scene.world.open()
    scene.files.cut(scene.files.named(file))
    _restart(scene)


@says("the line {path:Quoted} of {file:File} has become {value:Literal}, which keeps the engine from starting")
def _(scene: Scene, path: str, file: str, value: str) -> None:
    """What the line says concerns all books, so that none is traded before it is put right."""
    scene.world.open()
    scene.files.put(scene.files.named(file), path.split("."), value)
    assert _read(scene) is None, "It can start: there is no mistake in the rule files, or only in those of some books."


def _restart(scene: Scene) -> None:
    world, read = scene.world, _read(scene)
    assert read is not None, "No engine can start with the rule files as they are now."
    scene.in_force = read.texts
    world.rulebook = read.rulebook if world.rulebook.sharing else replace(read.rulebook, sharing=None)
    world.restart()
    world.tell([RulesRead(world.now_ms, {one.book: one.reason for one in read.faults if one.book in world.books})])


def _read(scene: Scene) -> Spared | None:
    paths, books = scene.files.written(), scene.world.books
    rulebook, findings = _load(paths)
    if rulebook is not None and all(book in rulebook.books for book in books):
        return Spared(rulebook, scene.files.texts, ())
    return spare(paths, findings, scene.in_force, books, _load)


def _load(paths: Sequence[Path], instead: Mapping[str, str] | None = None, left_out: Collection[str] = ()) -> Loaded:
    return load(paths, MACHINES, vocabulary_for, "", instead or {}, left_out)
