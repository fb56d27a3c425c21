"""What watches a running engine: the log, numbers and health at an address, alerts to people, the mood of others."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import version
from threading import Event, Thread

from adapters.alerts.channels import channels_of
from adapters.alerts.dispatcher import Dispatcher
from adapters.cli.failure import Failure
from adapters.cli.run_mode import RunMode
from adapters.cli.trading import Trading
from adapters.clock import Stopwatch, monotonic_ms
from adapters.metrics.logs import set_up
from adapters.metrics.observation import Observation
from adapters.postgres.outbox import PostgresOutbox
from adapters.sentiment.fear_greed import FearGreed
from adapters.sentiment.observer import Observer
from rules.language.routes import VARIABLE, Routes
from rules.language.rulebook import Rulebook
from runtime.loop import Loop
from runtime.ports import Clock, Inbox

STOP_S = 5.0
LOOK_S = 60.0
Say = Callable[[str], None]


@contextmanager
def watched(
    trading: Trading, loop: Loop, inbox: Inbox, clock: Clock, find: Callable[[], str], say: Say
) -> Iterator["Alerts"]:
    """Watch an engine while the context lasts; fails with a sentence where the address for the numbers is taken."""
    with ExitStack() as stack:
        set_up(_secrets(trading, trading.rulebook))
        stack.enter_context(_observed(trading, loop, clock, say))
        alerts = stack.enter_context(closing(Alerts(trading, clock, find, say)))
        alerts.renew(trading.rulebook)
        if trading.folder.configuration.mode is not RunMode.LOCAL:
            stack.enter_context(_feeling(inbox, clock))
        yield alerts


def _secrets(trading: Trading, rulebook: Rulebook) -> list[str]:
    """What no log may show: keys, and what the addresses of channels are filled with."""
    configuration, routes = trading.folder.configuration, rulebook.routes
    names = [name for keys in configuration.accounts.values() for name in (keys.key, keys.secret)]
    for channel in routes.channels.values() if routes is not None else ():
        names += VARIABLE.findall(channel.url)
    return [value for name in names if (value := trading.folder.variables.get(name))]


@contextmanager
def _observed(trading: Trading, loop: Loop, clock: Clock, say: Say) -> Iterator[None]:
    seconds = Stopwatch().elapsed_s
    seen = Observation(loop.engine, clock, lambda: loop.unwritten, seconds, version("eternal-engine"))
    loop.watch, loop.beat = seen.see, seen.beat
    port = trading.folder.configuration.metrics_port
    if port is None:
        yield
        return
    host = trading.folder.configuration.metrics_host
    try:
        with seen.served(host, port) as found:
            say(f"Numbers and health: http://{host}:{found}/metrics, /health and /ready.")
            yield
    except OSError as error:
        raise Failure(f"Expected {host}:{port} to be free for the numbers, found it taken ({error}).") from None


class Alerts:
    """Sends what the engine says to people, by the routes of the rule files in force."""

    def __init__(self, trading: Trading, clock: Clock, find: Callable[[], str], say: Say) -> None:
        self._trading, self._clock, self._find, self._say = trading, clock, find, say
        self._routes: Routes | None = None
        self._stack = ExitStack()

    def renew(self, rulebook: Rulebook) -> None:
        """Go by other routes; what is under way is sent again where nobody has it yet."""
        if rulebook.routes == self._routes:
            return
        self.close()
        self._routes = rulebook.routes
        set_up(_secrets(self._trading, rulebook))
        if self._routes is not None:
            self._begin(self._routes)

    def close(self) -> None:
        """Send nothing more."""
        self._stack.close()

    def _begin(self, routes: Routes) -> None:
        channels, outbox = channels_of(routes, self._trading.folder.variables), PostgresOutbox(self._find)
        for name, why in channels.unused.items():
            self._say(f"The channel {name} is not in use: {why}.")
        dispatcher = Dispatcher(routes, outbox, self._clock, channels.used)
        dispatcher.start()
        self._stack.callback(outbox.close)
        self._stack.callback(channels.close)
        self._stack.callback(dispatcher.stop, STOP_S)


def mood_of(address: str, inbox: Inbox) -> Callable[[int], None]:
    """Give what tells the index of an exchange on this machine, before the candles of the moment that it is given.

    Such a market has a time of its own, so that nothing on the wall's clock would ask at the right moment.
    """
    observer = Observer(FearGreed(f"{address}/fng/"), inbox.put)
    return lambda moment: observer.ask(moment, moment)


@contextmanager
def _feeling(inbox: Inbox, clock: Clock) -> Iterator[None]:
    """Ask for the Fear & Greed index in a thread of its own: an answer may take long."""
    observer, ended = Observer(FearGreed(), inbox.put), Event()

    def ask() -> None:
        while not ended.wait(LOOK_S):
            observer.ask(clock.now_ms(), monotonic_ms())

    thread = Thread(target=ask, name="fear-greed", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
