"""Searches over the params of a book: what may be tried, and what was found."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.synthetic.market import write_market
from features.steps.scene import Scene
from features.steps.search_desk import SPAN, SearchDesk, typed
from features.steps.sentence import says
from features.steps.words import moment_ms
from runtime.doubts import held_doubts

BEGINS_MS, YEARS, SEED = moment_ms("2020-01-01"), 2, 7
CLUSTERS = ("calm", "middle", "wild")
Markets = Callable[[tuple[str, ...]], Path]


@pytest.fixture(scope="session")
def made_up_markets(tmp_path_factory: pytest.TempPathFactory) -> Markets:
    """Made-up markets by their coins; each is written once, and is the same every time."""

    @cache
    def written(symbols: tuple[str, ...]) -> Path:
        folder = tmp_path_factory.mktemp("made-up")
        write_market(folder, SEED, BEGINS_MS, YEARS, symbols, ("1d",))
        return folder

    return written


@pytest.fixture
def search_desk(scene: Scene, tmp_path: Path) -> SearchDesk:
    """Nothing was searched yet."""
    return SearchDesk(scene.files, tmp_path)


@says("a made-up market of {coins:Text}")
def _(search_desk: SearchDesk, made_up_markets: Markets, coins: str) -> None:
    """Daily candles of these symbols over 2020 and 2021; searches run over the first five months of 2021."""
    search_desk.data = made_up_markets(tuple(re.findall(r"\w+USDT", coins)))


@says("a search may try of {book:Book}:")
def _(search_desk: SearchDesk, book: str, docstring: str) -> None:
    """The section `search` of a book has these lines and no others."""
    search_desk.files.section(book, "search", docstring)
    search_desk.files.write()


@says(
    "{book:Book} is searched by {method:Method}[, {trials:Whole} trials][, in windows of {walk:Windows}]"
    "[, in the cluster {cluster:Cluster}][ with {workers:Whole} workers]"
)
def _(
    search_desk: SearchDesk,
    book: str,
    method: str,
    trials: int | None,
    walk: str | None,
    cluster: str | None,
    workers: int | None,
) -> None:
    """`eternal search` runs over the made-up market; with one worker where nothing else is said."""
    options = {"--method": method, "--trials": trials, "--walk-forward": walk, "--cluster": cluster}
    told = [word for name, value in options.items() if value is not None for word in (name, str(value))]
    search_desk.ask(book, *told)
    search_desk.search("--workers", str(workers or 1))


@says("{book:Book} is searched by {method:Method} in a terminal, and cut off after {trials:Whole} trial[s]")
def _(search_desk: SearchDesk, book: str, method: str, trials: int) -> None:
    """The process of `eternal search` is killed without a word as soon as it has kept so many runs."""
    search_desk.ask(book, "--method", method)
    # The first run that is kept is that of the book as it stands.
    search_desk.cut_off(trials + 1)


@says("the search goes on")
def _(search_desk: SearchDesk) -> None:
    """The same command is typed again, with --resume."""
    search_desk.search("--workers", "1", "--resume")


@says("the terminal has told the best so far")
def _(search_desk: SearchDesk) -> None:
    """The bar had said how good the best of the trials was."""
    seen = search_desk.terminal.seen
    assert re.search(r"best so far: \w+ ratio -?\d+\.\d\d", seen), f"It said:\n{seen or 'nothing'}"


@says("{count:Whole} combinations were tried")
def _(search_desk: SearchDesk, count: int) -> None:
    """So many are part of the search, whether they have a score or not."""
    leg = search_desk.last["legs"][-1]
    tried = len(leg["trials"]) + leg["without_score"]
    assert tried == count, f"{tried} were tried."


@says("nothing was tried twice")
def _(search_desk: SearchDesk) -> None:
    """No combination was run again over the same times."""
    runs = [one["trial"] for one in search_desk.trials if one["trial"]["purpose"] == "search"]
    keys = [(run["from_ms"], run["to_ms"], *run["choice"].items()) for run in runs]
    assert len(keys) == len(set(keys)), f"{len(keys) - len(set(keys))} of {len(keys)} were run again."


@says("no other has a better Sharpe ratio than the best")
def _(search_desk: SearchDesk) -> None:
    """The search has named the right one."""
    ratios = [
        one["figures"]["sharpe"] for one in search_desk.trials if one["trial"]["purpose"] == "search" and one["figures"]
    ]
    best = search_desk.best["figures"]["sharpe"]
    assert best == max(ratio for ratio in ratios if ratio is not None), f"The best has {best}; all have {ratios}."


@says("both searches have found the same")
def _(search_desk: SearchDesk) -> None:
    """The last two agree in every trial, to the last digit, and in what they say of the best."""
    assert len(search_desk.found) > 1, "Only one search has ended."
    assert search_desk.found[-1] == search_desk.found[-2]


@says("the best is written among the rule files")
def _(search_desk: SearchDesk) -> None:
    """It becomes a book that extends the one that was searched."""
    search_desk.write_best()


@says("eternal check accepts the rule files")
def _(search_desk: SearchDesk) -> None:
    """The command finds no mistake in the files as they stand on the disk."""
    typed("check", str(search_desk.files.folder))


@says("a back-test of the best comes to what the search has found")
def _(search_desk: SearchDesk) -> None:
    """Its return and its Sharpe ratio are those of the trial."""
    search_desk.back_test()
    seen, best = search_desk.report["portfolio"], search_desk.best["figures"]
    for figure in ("total_return", "sharpe"):
        assert seen[figure] == pytest.approx(best[figure], rel=1e-9), f"{figure}: {seen[figure]}, not {best[figure]}"


@says("the report of that back-test says how far the search can be trusted")
def _(search_desk: SearchDesk) -> None:
    """Where the rules doubt a deflated Sharpe ratio as low as that of the search, the report does; else it does not."""
    deflated = search_desk.last["deflated_sharpe"]
    assert deflated is not None, "The search has no deflated Sharpe ratio."
    known = {"result.deflated_sharpe": Decimal(str(deflated))}
    deserved = [one for one in search_desk.files.rulebook().doubts or () if list(held_doubts([one], one.of, "", known))]
    raised = [one["doubt"] for one in search_desk.report["doubts"] if "deflated_sharpe" in one["when"]]
    assert raised == [one.name for one in deserved], f"At {deflated:.2f} it raises {raised or 'nothing'}."


@says("there are {count:Whole} windows, each with the best of {trials:Whole} trials")
def _(search_desk: SearchDesk, count: int, trials: int) -> None:
    """The search was made anew in each window."""
    legs = search_desk.last["legs"]
    assert len(legs) == count, f"There are {len(legs)}."
    for leg in legs:
        tried = len(leg["trials"]) + leg["without_score"]
        assert tried == trials, f"Window {leg['window']} has {tried} trials."


@says("each best was run on the time after its window, from its end on")
def _(search_desk: SearchDesk) -> None:
    """The proofs follow on each other, and each is of the combination that its window found best."""
    legs = search_desk.last["legs"]
    for leg in legs:
        assert leg["proof"] is not None, f"Window {leg['window']} has no proof."
        assert leg["proof"]["choice"] == leg["trials"][0]["choice"]
    runs = [one["trial"] for one in search_desk.trials if one["trial"]["purpose"] == "outside"]
    proven = {(run["from_ms"], run["to_ms"]) for run in runs}
    assert proven == {(leg["to_ms"], leg["proof_ms"]) for leg in legs}
    assert all(earlier["proof_ms"] == later["to_ms"] for earlier, later in pairwise(legs))


@says("the coins are put into clusters")
def _(search_desk: SearchDesk) -> None:
    """`eternal search clusters` groups them by what is known when the searches begin."""
    asked = ("search", "clusters", "--data", str(search_desk.data), "--to", SPAN[-1], "--json")
    search_desk.clusters = json.loads(typed(*asked))


@says("those of wild move more than those of middle, and those of middle more than those of calm")
def _(search_desk: SearchDesk) -> None:
    """By the median of the average true range of a day, in parts of the price; each coin stands in one of them."""
    clusters = {one["name"]: one for one in search_desk.clusters}
    assert tuple(clusters) == CLUSTERS
    calm, middle, wild = (clusters[name]["atr"] for name in CLUSTERS)
    assert calm < middle < wild, f"{calm:.2%}, {middle:.2%}, {wild:.2%}"
    coins = [coin["symbol"] for one in search_desk.clusters for coin in one["coins"]]
    assert len(coins) == len(set(coins)), f"{coins} are not each in one cluster."
    assert all(coin["turnover"] > 0 for one in search_desk.clusters for coin in one["coins"])


@says("the best trades the coins of the cluster {name:Cluster}")
def _(search_desk: SearchDesk, name: str) -> None:
    """Its book names them, and no others."""
    (coins,) = [one["coins"] for one in search_desk.clusters if one["name"] == name]
    text = (search_desk.files.folder / "engines" / "found.yaml").read_text()
    named = re.search(r"^symbols: \[(.*)\]$", text, re.MULTILINE)
    assert named, f"It names none:\n{text}"
    assert set(named[1].split(", ")) == {coin["symbol"] for coin in coins}


@says("every {param:Name} that was tried is {one:Literal} or {other:Literal}")
def _(search_desk: SearchDesk, param: str, one: str, other: str) -> None:
    """The ranges of the cluster were searched, and all of them."""
    runs = [run["trial"] for run in search_desk.trials if run["trial"]["purpose"] == "search"]
    values = {run["choice"][param] for run in runs}
    assert values == {one, other}, f"Tried were {sorted(values)}."
