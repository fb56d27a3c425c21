"""A bar that tells how far a search is, what is best so far, and how long it will still take."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from adapters.cli.screen import screen
from adapters.cli.search_folder import KeptSearch
from adapters.cli.search_report import score_words
from runtime.trial import Purpose, Tried


@contextmanager
def through(kept: KeptSearch, known: Sequence[Tried]) -> Iterator[Callable[[Tried], None]]:
    """Give a function to be called with each trial that has ended; nothing is shown where nobody looks."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = screen(errors=True)
    if not console.is_terminal:
        yield lambda _tried: None
        return
    best: Tried | None = None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        asked = kept.asked
        task = progress.add_task("searching", total=min(asked.most, asked.space.size) * len(asked.legs))

        def seen(tried: Tried) -> None:
            nonlocal best
            if tried.trial.purpose is not Purpose.SEARCH:
                return
            score = tried.score(asked.aim)
            earlier = None if best is None else best.score(asked.aim)
            if score is not None and (earlier is None or score > earlier):
                best = tried
                progress.update(task, description=f"best so far: {score_words(score, asked.aim)}")
            progress.advance(task)

        for one in known:
            seen(one)
        yield seen
