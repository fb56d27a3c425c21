"""A bar that tells how far a run is and how long it will still take; nothing where nobody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapters.cli.screen import screen

STEPS = 400


@contextmanager
def through(about: str, from_ms: int, to_ms: int) -> Iterator[Callable[[int], None]]:
    """Give a function to be called with the moment that a run has come to, in milliseconds."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = screen(errors=True)
    if not console.is_terminal:
        yield lambda _at_ms: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(about, total=to_ms - from_ms)
        step = max(1, (to_ms - from_ms) // STEPS)
        next_ms = from_ms

        def reach(at_ms: int) -> None:
            nonlocal next_ms
            if at_ms >= next_ms:
                next_ms = at_ms + step
                progress.update(task, completed=at_ms - from_ms)

        yield reach
