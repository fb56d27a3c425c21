"""What `eternal reload` prints: which machines go by what from now on, or everything that is wrong with the files."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.screen import say, say_json
from adapters.cli.store import opened

if TYPE_CHECKING:
    from adapters.cli.commands import Way
    from adapters.postgres.commands import Answer
    from runtime.step import Step


def print_answer(command_id: str, answer: "Answer | None", way: "Way") -> None:
    """Wait until the files are read and say what came of it; fails where they are not taken, or nobody says so."""
    if answer is None or not answer.carried_out:
        raise Failure(" ".join(() if answer is None else answer.sentences), ExitCode.FINDINGS)
    from adapters.postgres.commands import reload_of

    with opened(way.store) as connection:
        step = reload_of(connection, command_id, way.wait_s)
    if step is None:
        raise Failure(
            f"The engine has not read the rule files within {way.wait_s:g} s. It goes on with that; what comes "
            "of it is going to stand in the journal: eternal journal --kind RulesReloaded"
        )
    told = plain(step)
    if way.as_json:
        say_json({"command": command_id, **told})
    else:
        for sentence in told["sentences"]:
            say(sentence)
    if not told["in_force"]:
        raise Failure("The rules stay as they were.", ExitCode.FINDINGS)


def plain(step: "Step") -> dict[str, Any]:
    """Give what a reload led to as JSON-able data."""
    from runtime.events import RulesReloaded
    from runtime.step import Notice, VersionKept, VersionTaken

    event = step.event
    assert isinstance(event, RulesReloaded)
    taken = [record for record in step.records if isinstance(record, VersionTaken)]
    notices = [record for record in step.records if isinstance(record, Notice)]
    return {
        "in_force": not any(record.severity == "P1" for record in notices),
        "entry": step.sequence,
        "rules": next((asdict(record) for record in taken if not record.book), None),
        "changed": [asdict(record) for record in taken if record.book],
        "waiting": [asdict(record) for record in step.records if isinstance(record, VersionKept)],
        "problems": list(event.problems),
        "sentences": [record.text for record in notices],
    }
