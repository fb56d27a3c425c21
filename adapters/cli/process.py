"""A process that trades: everything in its order from the store to the first decision, and back."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from types import FrameType

from adapters.bybit.client import NoAnswerError, RefusedError
from adapters.bybit.exchange import Bybit
from adapters.bybit.fields import MalformedError
from adapters.bybit.venue import Setting
from adapters.cli.absence import Absence
from adapters.cli.account_news import AccountNews
from adapters.cli.configuration import WorkingFolder
from adapters.cli.counter import Counter
from adapters.cli.failure import ExitCode, Failure
from adapters.cli.kept_rules import KeptRules, rule_files_of
from adapters.cli.kept_store import WRITER, Standing, Store, held, remember, resumed, stand
from adapters.cli.real_money import allowed
from adapters.cli.reloader import Files, MoreMarket, Reloader, files_of
from adapters.cli.run_mode import RunMode
from adapters.cli.trading import Trading, rules_of, trading_around
from adapters.cli.watching import Alerts, mood_of, watched
from adapters.clock import monotonic_ms
from adapters.postgres.commands import CommandReader
from adapters.postgres.following import TableFollower
from adapters.postgres.gathering import Gathering
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.live_status import StatusRow
from adapters.postgres.patient import Patient
from runtime.events import Noticed, RulesRead, RulesReloaded
from runtime.inbox import EventInbox
from runtime.loop import Loop
from runtime.ports import JournalAwayError, LeaseLostError
from runtime.step import Step

Say = Callable[[str], None]
LEASE_RENEWALS = 4


def run_process(folder: WorkingFolder, say: Say) -> None:
    """Trade until the process is told to stop; fails with the sentence of what stands in the way."""
    files, read = files_of(folder), rules_of(folder)
    try:
        with held(folder) as store:
            kept = KeptRules(store.connection)
            before = resumed(store, kept.library)
            texts = {} if before is None else kept.texts(before.versions.name, read.folder)
            trading = trading_around(folder, read, texts).after(before)
            name = rule_files_of(trading.rules).name
            kept.add(name, trading.rulebook)
            say("\n".join(_told(trading)))
            with closing(Counter(trading)) as counter:
                warnings = _allowed(trading, counter)
                standing = stand(store, trading, counter, before, kept.library)
                with closing(store.journal(standing.engine.rulebook.version)) as journal:
                    Process(trading, counter, standing, store, journal).run(warnings, files, kept, say)
    except LeaseLostError as error:
        raise Failure(str(error)) from None
    except (RefusedError, NoAnswerError, MalformedError) as error:
        raise Failure(f"The exchange could not be asked what has to be known before trading: {error}") from None


def _told(trading: Trading) -> Iterator[str]:
    """Say what trades, by which rules, and what doesn't."""
    yield f"{len(trading.books)} books, rules {trading.rulebook.version}: {', '.join(trading.names)}."
    for fault in trading.faults:
        does = "opens nothing, and keeps to its rules as they last were" if fault.runs else "does not run"
        yield f"{fault.book} {does}, because its file can't be used: {fault.reason}"


def _allowed(trading: Trading, counter: Counter) -> list[Noticed]:
    """Give what has to be told of keys and phases; fails where a key or real money may not be used."""
    problems = counter.problems()
    fatal = [one.text for one in problems if one.fatal]
    if fatal:
        raise Failure("\n".join(fatal), ExitCode.FINDINGS)
    now_ms = counter.clock.now_ms()
    notices = [Noticed(now_ms, "P2", one.text) for one in problems]
    if trading.folder.configuration.mode is RunMode.LIVE:
        capital = sum((counter.wallet(name).worth for name in trading.accounts), Decimal(0))
        notices += [Noticed(now_ms, "P1", text) for text in allowed(trading, capital)]
    return notices


class Process:
    """The loop around an engine, its exchange and its journal, from the first look to the snapshot."""

    def __init__(
        self, trading: Trading, counter: Counter, standing: Standing, store: Store, journal: PostgresJournal
    ) -> None:
        self._clock, self._engine, self._journal, self._store = counter.clock, standing.engine, journal, store
        self._counter = counter
        self._trading, self._mode = trading, trading.folder.configuration.mode
        self._inbox = EventInbox()
        news = AccountNews(self._inbox, standing.counts_from_ms)
        around = (counter.hosts, standing.instruments, news, self._clock, self._tell, counter.address)
        setting = Setting(*around, lends=trading.lends)
        main = trading.folder.keys(trading.main) if trading.main else None
        plan = standing.plan
        if self._mode is RunMode.LOCAL:
            plan = replace(plan, before_candles=mood_of(counter.hosts.rest, self._inbox))
        self._bybit = Bybit(setting, self._clock, counter.accounts(), plan, main)
        self._gathering = Gathering(journal, lambda: len(self._inbox) > 0)
        self._loop = Loop(self._engine, Patient(self._gathering), self._bybit, self._inbox, self._clock)
        self._loop.is_held = journal.is_held
        self._absence = Absence(self._tell)
        self._status = StatusRow(store.find, self._mode.value)
        self._renew_ms = 0
        self._ready = False

    def run(self, notices: list[Noticed], files: Files, kept: KeptRules, say: Say) -> None:
        """Trade until a signal comes; then nothing new leaves, and everything known is kept."""
        self._tell_of_rules()
        for notice in notices:
            self._inbox.put(notice)
        find, lease = self._store.find, self._store.lease
        commands = CommandReader(find, lease, self._inbox, self._clock)
        watching = watched(self._trading, self._loop, self._inbox, self._clock, find, say)
        with _stopped_by_signals(self._loop.stop), watching as alerts, TableFollower(find), commands, self._status:
            self._bybit.start()
            try:
                with self._reloader(files, kept, alerts):
                    self._loop.run(lambda: self._look_after(say))
            finally:
                self._bybit.stop()
        self._keep(say)

    def _reloader(self, files: Files, kept: KeptRules, alerts: Alerts) -> Reloader:
        """Read the rule files again when somebody asks, or when one was changed."""
        market = MoreMarket(tuple(self._trading.series), self._bybit.listen_to, self._counter.candles)
        around = (self._engine, self._inbox, self._clock)
        reloader = Reloader(files, *around, kept=kept, market=market, find=self._store.find, renew=alerts.renew)
        see = self._loop.watch

        def watch(step: Step) -> None:
            if see is not None:
                see(step)
            reloader.see(step)

        self._loop.watch = watch
        return reloader

    def _tell(self, severity: str, sentence: str) -> None:
        self._inbox.put(Noticed(self._clock.now_ms(), severity, sentence))

    def _tell_of_rules(self) -> None:
        """Let the engine know which files are there now, which can't be used, or no longer that they couldn't."""
        name = rule_files_of(self._trading.rules).name
        if name != self._engine.versions.name:
            why, books = "the engine was started", self._trading.names
            event = RulesReloaded(self._clock.now_ms(), name, (), books, at_start=True, actor=WRITER, reason=why)
            self._inbox.put(event)
        faulty = {fault.book: fault.reason for fault in self._trading.faults}
        if faulty or self._engine.fences.faulty:
            self._inbox.put(RulesRead(self._clock.now_ms(), faulty))

    def _look_after(self, say: Say) -> None:
        if self._engine.ready and not self._ready:
            self._ready = True
            say(f"Every account is reconciled; the engine trades ({_where(self._mode)}). Stop it with Ctrl+C.")
        self._status.look(self._engine, self._clock.now_ms(), idle=not len(self._inbox))
        now_ms = monotonic_ms()
        if now_ms >= self._renew_ms and not self._loop.unwritten:
            self._renew_ms = now_ms + int(self._store.lease.ttl_s * 1000 / LEASE_RENEWALS)
            # Where the database is away, the first entry that is written renews it.
            with suppress(JournalAwayError):
                self._journal.renew()
        self._absence.look(self._loop.unwritten, now_ms)

    def _keep(self, say: Say) -> None:
        if self._loop.unwritten:
            say(f"The journal is away: {self._loop.unwritten} entries are lost, and learned from the exchange again.")
            return
        self._gathering.flush()
        remember(self._journal, self._engine)
        say(f"Stopped after entry {self._engine.sequence}; the next start goes on from here.")


def _where(mode: RunMode) -> str:
    return "real money" if mode is RunMode.LIVE else f"mode {mode}"


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    def ask(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
