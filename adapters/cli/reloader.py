"""Reads rule files again while the engine trades: checked, proved and tested beside it, and told to it when good."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import Self

import polars as pl
import psycopg

from adapters.bybit.client import NoAnswerError, RefusedError
from adapters.bybit.fields import MalformedError
from adapters.cli.configuration import WorkingFolder
from adapters.cli.failure import Failure
from adapters.cli.kept_rules import KeptRules, rule_files_of
from adapters.cli.places import existing
from adapters.cli.spared_rules import FilesRead, Rules, read_rules
from adapters.cli.specifications import broken
from adapters.cli.wanted import looked_at, needed
from adapters.postgres.commands import carried_out
from adapters.postgres.connection import connect
from adapters.postgres.failure import StoreError
from adapters.postgres.openings import keep_candles, keep_rules
from rules.language.findings import Severity
from rules.language.rulebook import Rulebook, rule_files
from runtime.commands import RELOAD
from runtime.engine import Engine
from runtime.events import OperatorCommand, RulesReloaded
from runtime.market_data import Key
from runtime.ports import Clock, Inbox
from runtime.step import Step, VersionTaken

LOOK_S, STOP_S = 0.5, 10.0
TRIES = 5
WATCHER, CHANGED = "eternal run", "a rule file was changed"
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class MoreMarket:
    """How more candles come: `listen_to` gives the moment from which they do, `candles` those until a moment."""

    known: tuple[Key, ...]
    listen_to: Callable[[Sequence[Key]], int]
    candles: Callable[[Sequence[Key], int], Mapping[Key, pl.DataFrame]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants the files to be read, and why; without a command nothing is said where nothing has changed."""

    actor: str
    reason: str
    command_id: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """Where the rule files are, the environment whose values they have, and how the files were when they were read."""

    folder: Path
    environment: str
    stamp: Stamp


class UnusableError(Exception):
    """The rule files can't be in force; `problems` says why, a sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


class Reloader:
    """Looks for changed files twice a second and takes them when they have stayed the same from one look to the next.

    All of it happens in a thread of its own; the engine hears an event, either of files that it may take or of what is
    wrong with those that are there.
    """

    def __init__(
        self,
        files: Files,
        engine: Engine,
        inbox: Inbox,
        clock: Clock,
        *,
        kept: KeptRules,
        market: MoreMarket,
        find: Callable[[], str],
        renew: Callable[[Rulebook], None],
    ) -> None:
        self._rules, self._environment = files.folder, files.environment
        self._engine, self._inbox, self._clock, self._kept, self._find = engine, inbox, clock, kept, find
        self._market, self._series = market, set(market.known)
        self._renew = renew
        self._asked: SimpleQueue[Asked | Rulebook] = SimpleQueue()
        self._stopping = Flag()
        self._read = self._seen = files.stamp
        self._thread = Thread(target=self._run, name="rule files", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(STOP_S)

    def see(self, step: Step) -> None:
        """Take in a step of the engine: it may be the command to read the files, or have taken those that were read."""
        event = step.event
        if isinstance(event, OperatorCommand) and event.name == RELOAD and carried_out(step):
            self._asked.put(Asked(event.actor, event.reason, event.command_id))
        elif taken(step):
            self._asked.put(self._engine.rulebook)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                asked = self._asked.get(timeout=LOOK_S)
            except Empty:
                if self._has_changed():
                    self._reload(Asked(WATCHER, CHANGED))
            else:
                self._follow(asked)

    def _follow(self, asked: Asked | Rulebook) -> None:
        if isinstance(asked, Rulebook):
            self._renew(asked)
        else:
            self._reload(asked)

    def _has_changed(self) -> bool:
        """Whether files are other ones than those that were read, and nobody is writing them any more."""
        before, self._seen = self._seen, stamp(self._rules)
        return self._seen == before != self._read

    def _reload(self, asked: Asked) -> None:
        event = self._event(asked)
        if event is not None and not self._stopping.is_set():
            self._inbox.put(event)

    def _event(self, asked: Asked) -> RulesReloaded | None:
        who = {"actor": asked.actor, "reason": asked.reason, "command_id": asked.command_id}
        try:
            name, candles = self._prepared(asked)
        except UnusableError as error:
            return RulesReloaded(self._clock.now_ms(), "", error.problems, **who)  # type: ignore[arg-type]
        # Whatever is wrong with some file, the engine trades on by the rules that it has.
        except Exception as error:
            told = f"Reading the rule files failed ({type(error).__name__}: {error})."
            return RulesReloaded(self._clock.now_ms(), "", (told,), **who)  # type: ignore[arg-type]
        if name == self._engine.versions.name and not asked.command_id:
            return None
        return RulesReloaded(self._clock.now_ms(), name, candles=candles, **who)  # type: ignore[arg-type]

    # ── from files to what may be in force ──────────────────────────────────────────────────────────────────────────

    def _prepared(self, asked: Asked) -> tuple[str, str]:
        """Give the names of rule files that may be in force, and of candles that they need; raises UnusableError."""
        rules = self._tested(asked)
        files = rule_files_of(rules)
        if files.name == self._engine.versions.name:
            return files.name, ""
        try:
            candles = self._more_candles(rules.rulebook)
            with connect(self._find()) as connection:
                keep_rules(connection, files.name, files)
                name = keep_candles(connection, candles) if candles else ""
        except (StoreError, psycopg.Error) as error:
            raise UnusableError([f"The store is away, and nothing is in force that it doesn't have: {error}"]) from None
        except (RefusedError, NoAnswerError, MalformedError) as error:
            raise UnusableError([f"The exchange doesn't give the candles that the rules look at: {error}"]) from None
        versions = self._engine.versions
        self._kept.forget_but({versions.name, *versions.waiting.values()})
        self._kept.add(files.name, rules.rulebook)
        self._kept.add_candles(name, candles)
        return files.name, name

    def _tested(self, asked: Asked) -> Rules:
        """Read and check files, and try them out; once more where they were changed meanwhile."""
        for _ in range(TRIES):
            self._read = stamp(self._rules)
            read = self._checked()
            name = rule_files_of(read).name
            if name != self._engine.versions.name or asked.command_id:
                problems = broken(self._rules, self._stopping)
                if problems and stamp(self._rules) == self._read:
                    raise UnusableError(problems)
            if stamp(self._rules) == self._read:
                return read
        raise UnusableError([f"The files in {self._rules} are changed faster than they can be read."])

    def _checked(self) -> Rules:
        try:
            read = read_rules(existing(self._rules), self._environment)
        except (Failure, OSError) as error:
            raise UnusableError([str(error)]) from None
        if read.rules is None:
            raise UnusableError(list(_mistakes(read)))
        return read.rules

    def _more_candles(self, rulebook: Rulebook) -> Mapping[Key, pl.DataFrame]:
        """Give the candles of series that nothing has looked at yet, and listen to them from there on."""
        books = [rulebook.books[name] for name in self._engine.books if name in rulebook.books]
        wanted = dict.fromkeys([*needed(rulebook, books), *looked_at(rulebook, books)]) if books else {}
        lacking = [key for key in wanted if key not in self._series]
        unheard = sorted({key[1] for key in lacking if key[:2] not in {known[:2] for known in self._series}})
        if unheard:
            said = f"The rules look at {', '.join(unheard)}, of which this process hears nothing"
            raise UnusableError([f"{said}: stop the engine and start it again; what it holds stays."])
        if not lacking:
            return {}
        from_ms = self._market.listen_to(lacking)
        self._series.update(lacking)
        return self._market.candles(lacking, from_ms)


def files_of(folder: WorkingFolder) -> Files:
    """Give the rule files of a working folder as they are before they are read."""
    configuration = folder.configuration
    path = folder.place(configuration.rules)
    return Files(path, configuration.environment, stamp(path))


def stamp(folder: Path) -> Stamp:
    """Give what tells changed files from unchanged ones, features beside them too; a folder that is gone has none."""
    found = []
    for file in (*rule_files(folder), *sorted(folder.rglob("*.feature"))):
        try:
            state = file.stat()
        except OSError:
            continue
        found.append((str(file), state.st_mtime_ns, state.st_size))
    return tuple(found)


def taken(step: Step) -> bool:
    """Whether other rule files are in force since a step."""
    return any(isinstance(record, VersionTaken) and not record.book for record in step.records)


def _mistakes(read: FilesRead) -> Iterator[str]:
    return (str(one) for one in read.findings if one.severity is Severity.ERROR)
