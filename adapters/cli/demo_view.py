"""What a person sees while the demonstration trades: the view of `eternal status`, drawn again every second."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from adapters.clock import Stopwatch

if TYPE_CHECKING:
    from rich.console import RenderableType

    from adapters.cli.conductor import Conductor
    from adapters.postgres.connection import Connection

EVERY_S = 1.0
LINE_EVERY_S = 5.0
DAY_MS = 86_400_000
Plain = dict[str, Any]


class DemoView:
    """On a terminal it redraws one page; elsewhere it prints a line every few seconds.

    `seconds` is how long the engines trade, from the first moment on.
    """

    def __init__(self, seconds: float) -> None:
        from adapters.cli.screen import screen

        self._seconds = seconds
        self._screen = screen()
        self._watch = Stopwatch()
        self._ended = Event()

    @property
    def left_s(self) -> float:
        """How many seconds are left."""
        return max(0.0, self._seconds - self._watch.elapsed_s())

    @property
    def overtime_s(self) -> float:
        """For how many seconds more than that they have been trading."""
        return max(0.0, self._watch.elapsed_s() - self._seconds)

    def step(self, what: str) -> None:
        """Say what is being started."""
        self._screen.print(f"  {what} …", style="dim")

    @contextmanager
    def watching(self, url: str, conductor: "Conductor") -> Iterator[None]:
        """Show the engine while the context lasts; Ctrl+C ends it early, and what comes after goes on."""
        self._watch = Stopwatch()
        draw = self._draw if self._screen.is_terminal else self._print
        thread = Thread(target=draw, args=(url, conductor), name="view", daemon=True)
        thread.start()
        try:
            with suppress(KeyboardInterrupt):
                yield
        finally:
            self._ended.set()
            thread.join()

    def _draw(self, url: str, conductor: "Conductor") -> None:
        from rich.live import Live

        from adapters.postgres.connection import connect

        with connect(url) as connection, Live(console=self._screen, screen=True, auto_refresh=False) as live:
            while not self._ended.wait(EVERY_S):
                live.update(self._page(connection, conductor), refresh=True)

    def _print(self, url: str, conductor: "Conductor") -> None:
        from adapters.postgres.connection import connect

        with connect(url) as connection:
            while not self._ended.wait(LINE_EVERY_S):
                self._screen.print(self._line(connection, conductor), soft_wrap=True)

    def _page(self, connection: "Connection", conductor: "Conductor") -> "RenderableType":
        from rich.console import Group

        from adapters.cli.status import look, page

        return Group(self._head(conductor), page(look(connection), brief=True))

    def _head(self, conductor: "Conductor") -> "RenderableType":
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        from adapters.report.words import day

        head = Table.grid(expand=True, padding=(0, 2, 0, 0))
        for ratio in (None, 1, None):
            head.add_column(ratio=ratio)
        days = _days(conductor)
        told = Text.assemble(("SYNTHETIC market ", "bold yellow"), (day(conductor.now_ms), "bold"), f", day {days}")
        head.add_row(told, ProgressBar(self._seconds, self._seconds - self.left_s), self._left())
        return head

    def _left(self) -> str:
        return f"{self.left_s:.0f} s left" if self.left_s else "until every engine has traded"

    def _line(self, connection: "Connection", conductor: "Conductor") -> str:
        from decimal import Decimal

        from adapters.cli.status import look
        from adapters.report.words import counted, day, money

        sheet = look(connection)["sheet"]
        days = _days(conductor)
        told = f"{day(conductor.now_ms)}  day {days:3}  {self._left()}"
        if sheet is None or sheet["money"]["equity"] is None:
            return told
        purse, held = sheet["money"], counted(len(sheet["positions"]), "position")
        return f"{told}  {money(Decimal(purse['equity']))} {purse['coin']}  breaker {purse['breaker']}  {held}"


def _days(conductor: "Conductor") -> int:
    return (conductor.now_ms - conductor.began_ms) // DAY_MS
