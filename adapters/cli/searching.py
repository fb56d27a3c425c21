"""Carries out a search: what is asked for, who works at it, and where it is kept."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.market import digest
from adapters.cli.plan import Plan
from adapters.cli.rulebook import book_named, in_force
from adapters.cli.search_best import refuse_taken, write_best
from adapters.cli.search_clusters import cluster_of
from adapters.cli.search_folder import KeptSearch, find, id_of, rules_in
from adapters.cli.search_progress import through
from adapters.cli.wiring import Prepared
from adapters.cli.workbench import Workbench, WorkOrder
from adapters.clock import now_ms
from adapters.report.words import day
from adapters.search.choosers import Method
from adapters.search.cluster import Cluster
from adapters.search.crew import Crew, MakeBench
from adapters.search.missing import SearchError
from adapters.search.processes import Alone, Processes
from adapters.search.search import Asked, Leg, Search
from adapters.search.trial_file import TrialFile
from rules.language.book import Book
from rules.language.rulebook import Rulebook
from runtime.aim import Aim
from runtime.instrument import Market
from runtime.search_space import Space
from runtime.trial import Purpose, Trial, Tried
from runtime.walk_forward import walk_of, windows

TRIALS = 100
MOST_OF_A_GRID = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as somebody asks for it; moments in milliseconds, empty texts and None where nothing was said."""

    book: str
    name: str
    rules: Path
    environment: str
    data: Path
    from_ms: int | None
    to_ms: int | None
    method: Method
    trials: int | None
    aim: Aim
    seed: int
    walk: str
    cluster: str
    share: Decimal | None
    capital: Decimal
    costs: Decimal
    slippage: Decimal


def carry_out(
    wanted: Wanted, searches: Path, workers: int | None, ray: str, *, resume: bool, write: Path | None
) -> KeptSearch:
    """Begin a search or go on with it, run it to its end, and write the best where it is wanted."""
    if write is not None:
        refuse_taken(write)
    kept, bench = begun(wanted, searches, resume=resume)
    tried = kept.tried
    try:
        with closing(_crew(bench, workers, ray)) as crew, TrialFile(kept.file) as file, through(kept, tried) as seen:
            Search(kept.asked, crew, tried, _both(file.append, seen)).run()
    except SearchError as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        raise Failure(f"Stopped. {len(kept.tried):,} trials are kept; go on with --resume.") from None
    if write is not None:
        write_best(kept, write)
    return kept


def begun(wanted: Wanted, searches: Path, *, resume: bool) -> tuple[KeptSearch, Workbench]:
    """Find out what is to be tried, where it is kept, and with what; refuses to begin anew what was begun already."""
    rulebook = in_force(wanted.rules, wanted.environment)
    book = book_named(rulebook, wanted.book)
    order = _order(wanted, rulebook, book)
    space = _space(book, wanted.cluster)
    bench = Workbench(order)
    unchanged = bench.prepared(Trial(Purpose.UNCHANGED, 0, 0, (), wanted.from_ms, wanted.to_ms))
    if isinstance(unchanged, str):
        raise Failure(f"{book.name} can't be searched: {unchanged}")
    asked = Asked(space, wanted.method, wanted.aim, wanted.seed, _most(wanted, space), _legs(wanted.walk, unchanged))
    own = id_of(asked, order, unchanged.rulebook.version, digest(unchanged.data))
    kept = KeptSearch(own, searches / own, asked, order, now_ms())
    if kept.tried:
        if not resume:
            raise Failure(
                f"This search was begun before: {len(kept.tried):,} runs of it are in {kept.folder}. Go on with "
                f"--resume, see what it has found with `eternal search show {own}`, or choose another --seed.",
                ExitCode.FINDINGS,
            )
        kept = replace(kept, begun_ms=find(own, searches).begun_ms)
    kept.write()
    return kept, bench


def _order(wanted: Wanted, rulebook: Rulebook, book: Book) -> WorkOrder:
    share = share_of(rulebook, book) if wanted.share is None else wanted.share
    plan = Plan(
        rules=wanted.rules.resolve(),
        source=wanted.data.resolve(),
        books=(wanted.name,),
        shares={wanted.name: share},
        capital=wanted.capital,
        from_ms=wanted.from_ms,
        to_ms=wanted.to_ms,
        costs=wanted.costs,
        slippage=wanted.slippage,
        environment=wanted.environment,
    )
    rules = rules_in(wanted.rules, _file_of_last_best(wanted, rulebook))
    return WorkOrder(plan, book.name, wanted.name, _symbols(wanted, book), rules)


def _file_of_last_best(wanted: Wanted, rulebook: Rulebook) -> str:
    """Name the file that an earlier search wrote among the rules: this one puts another in its place."""
    there = rulebook.books.get(wanted.name)
    if there is not None and there.extends != wanted.book:
        raise Failure(
            f'Expected a new name for the best, found "{wanted.name}", which is a book already ({there.file}). '
            "Choose another with --name.",
            ExitCode.USAGE,
        )
    return "" if there is None else there.file


def share_of(rulebook: Rulebook, book: Book) -> Decimal:
    """Give a book's share of the portfolio, or all of it where the rules give it none."""
    share = rulebook.shares.get(book.name)
    return Decimal(1) if share is None else Decimal(share.numerator) / Decimal(share.denominator)


def _symbols(wanted: Wanted, book: Book) -> tuple[str, ...]:
    if not wanted.cluster:
        return ()
    if book.weights:
        raise Failure(
            f"{book.name} gives each of its coins a weight, so it can't trade those of a cluster. Leave --cluster out.",
            ExitCode.USAGE,
        )
    return cluster_of(wanted.data, Market(book.market), wanted.cluster, wanted.to_ms).symbols


def _space(book: Book, cluster: str) -> Space:
    values = {name: each.within(cluster) for name, each in book.search.items()}
    searched = {name: each for name, each in values.items() if each}
    if not searched:
        raise Failure(
            f"Expected a section `search` in {book.file} that says what may be tried, found none. Add for example:\n"
            f"search:\n  {next(iter(book.params), 'slow')}: [...]",
            ExitCode.FINDINGS,
        )
    return Space(searched)


def _most(wanted: Wanted, space: Space) -> int:
    if wanted.method is not Method.GRID:
        return wanted.trials or TRIALS
    if space.size > min(wanted.trials or MOST_OF_A_GRID, MOST_OF_A_GRID):
        raise Failure(
            f"A grid tries all {space.size:,} combinations, more than the {wanted.trials or MOST_OF_A_GRID:,} trials "
            "that are allowed. Take larger steps in the book, or --method random.",
            ExitCode.USAGE,
        )
    return space.size


def _legs(walk: str, unchanged: Prepared) -> tuple[Leg, ...]:
    from_ms, to_ms = unchanged.settings.from_ms, unchanged.settings.to_ms
    if not walk:
        return (Leg(0, from_ms, to_ms),)
    try:
        found = windows(walk_of(walk), from_ms, to_ms)
    except ValueError as error:
        raise Failure(f"--walk-forward: {error}", ExitCode.USAGE) from None
    if not found:
        raise Failure(
            f"Expected a span that holds {walk} at least once, found {day(from_ms)} to {day(to_ms)}. Take shorter "
            "windows or a longer span.",
            ExitCode.USAGE,
        )
    return tuple(Leg(one.number, one.from_ms, one.until_ms, one.to_ms) for one in found)


def _crew(bench: Workbench, workers: int | None, ray: str) -> Crew:
    make: MakeBench = partial(Workbench, bench.order)
    if ray:
        return Cluster(make, ray, workers)
    return Alone(bench) if workers in (None, 1) else Processes(make, workers or 1)


def _both(one: Callable[[Tried], None], other: Callable[[Tried], None]) -> Callable[[Tried], None]:
    def do(tried: Tried) -> None:
        one(tried)
        other(tried)

    return do
