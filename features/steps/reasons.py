"""Why something happened or did not: explanations, refusals, the journal and the operator's notices."""

from collections.abc import Iterator

from features.steps.journal import parts
from features.steps.scene import Scene
from features.steps.sentence import says
from rules.language.explain import Explained, prose
from runtime.step import Decision
from runtime.why_not import why_not


@says("the entry is explained by {rule:Quoted} with {part:Quoted} {value:Literal}")
def _(scene: Scene, rule: str, part: str, value: str) -> None:
    """The rule's last firing saw this part of its condition with this value: true, false, unknown, 24, 2.5 %."""
    _explained(scene, rule, part, value)


@says("{rule:Quoted} is explained with {part:Quoted} {value:Literal}")
def _(scene: Scene, rule: str, part: str, value: str) -> None:
    """The same for any rule that has fired."""
    _explained(scene, rule, part, value)


@says("{rule:Quoted} fired[ {times:Times}][ for {symbol:Symbol}]")
def _(scene: Scene, rule: str, times: int | None, symbol: str | None) -> None:
    """A rule of a book has fired; so often, where it is told."""
    fired = [one for one in _decisions(scene, rule) if symbol is None or symbol in one.symbol.split(", ")]
    others = [f"{one.rule} of {one.symbol}" for one in scene.world.journal.decisions()]
    assert len(fired) == times if times is not None else fired, f"These fired: {others}"


@says("{rule:Quoted} never fired")
def _(scene: Scene, rule: str) -> None:
    """A rule of a book has not fired."""
    assert not _decisions(scene, rule), f"It fired {len(_decisions(scene, rule))} times."


@says("why-not[ of {book:Book}] says {sentence:Text}")
def _(scene: Scene, book: str | None, sentence: str) -> None:
    """What keeps entries from happening now, and by how much: strength is 24, needs more than 25."""
    scene.world.open()
    said = list(obstacles(scene, book))
    assert any(one.startswith(sentence) for one in said), f"Why-not says: {said}"


@says("the entry[ of {symbol:Symbol}] is refused by {check:Name}[ because {words:Quoted}]")
def _(scene: Scene, symbol: str | None, check: str, words: str | None) -> None:
    """An order that would have opened risk was refused, by this check, with these words; the journal has it."""
    scene.world.open()
    refusals = [
        (refused.check, refused.reason)
        for decision, refused in scene.world.journal.refusals()
        if symbol in (None, getattr(refused.intent, "symbol", None))
    ]
    fitting = [reason for name, reason in refusals if name == check and (words or "") in reason]
    assert fitting, f"These were refused: {refusals}"


@says("the refusal by {check:Name} is explained with {part:Quoted} {value:Literal}")
def _(scene: Scene, check: str, part: str, value: str) -> None:
    """The last refusal by a check saw this part of its condition with this value."""
    scene.world.open()
    refusals = [refused for _, refused in scene.world.journal.refusals() if refused.check == check]
    assert refusals, f"{check} has refused nothing."
    _saw(refusals[-1].trace, part, value)


@says("nothing is refused[ for {symbol:Symbol}]")
def _(scene: Scene, symbol: str | None) -> None:
    """Every order that was wanted was allowed."""
    scene.world.open()
    refusals = [
        (refused.check, refused.reason)
        for _, refused in scene.world.journal.refusals()
        if symbol in (None, getattr(refused.intent, "symbol", None))
    ]
    assert not refusals, f"These were refused: {refusals}"


@says("the journal says {words:Quoted}")
def _(scene: Scene, words: str) -> None:
    """One sentence of the journal contains these words."""
    scene.world.open()
    sentences = scene.world.journal.sentences()
    assert any(words in sentence for sentence in sentences), "The journal says:\n" + "\n".join(sentences)


@says("the journal says nothing of {words:Quoted}")
def _(scene: Scene, words: str) -> None:
    """No sentence of the journal contains these words."""
    scene.world.open()
    sentences = [sentence for sentence in scene.world.journal.sentences() if words in sentence]
    assert not sentences, f"The journal says {sentences}."


@says("the operator gets a {severity:Severity} alert[ saying {words:Quoted}][ {times:Times}]")
def _(scene: Scene, severity: str, words: str | None, times: int | None) -> None:
    """A person was told, this loudly, with these words; so often, where it is told."""
    scene.world.open()
    told = [(notice.severity, notice.text) for notice in scene.world.journal.notices()]
    fitting = [text for loud, text in told if loud == severity and (words or "") in text]
    assert len(fitting) == times if times is not None else fitting, f"The operator was told {told}."


@says("the operator gets no alert")
def _(scene: Scene) -> None:
    """Nothing louder than a line for the dashboard was said."""
    scene.world.open()
    loud = [notice.text for notice in scene.world.journal.notices() if notice.severity in ("P0", "P1")]
    assert not loud, f"The operator was told {loud}."


def obstacles(scene: Scene, book: str | None = None) -> Iterator[str]:
    """What holds the whole book back, what each entry rule misses, and what would refuse its order."""
    world = scene.world
    for answer in why_not(world.engine, scene.symbol(None), world.now_ms, [scene.book(book)]):
        yield from answer.obstacles
        for entry in answer.entries:
            yield from (_obstacle(part) for part in parts(entry.trace) if part.decided and part.short_by)
            yield from (refusal.text for refusal in entry.answers if refusal.check)
            if not entry.state_fits:
                yield f"state is {answer.state}, needs {' or '.join(entry.rule.states)}"


def _obstacle(part: Explained) -> str:
    named = part.children[0].text if part.children and part.value is not None else part.text
    return part.short_by if part.short_by.startswith(named) else f"{named} {part.short_by}"


def _decisions(scene: Scene, rule: str) -> list[Decision]:
    scene.world.open()
    return scene.world.journal.decisions(rule)


def _explained(scene: Scene, rule: str, part: str, value: str) -> None:
    decisions = _decisions(scene, rule)
    fired = [one.rule for one in scene.world.journal.decisions()]
    assert decisions, f"{rule} has not fired; these have: {fired}"
    _saw(decisions[-1].trace, part, value)


def _saw(trace: Explained | None, part: str, value: str) -> None:
    seen = [(one.text, prose(one.value, one.unit)) for one in parts(trace)]
    assert (part, value) in seen, f"It saw {seen}."
