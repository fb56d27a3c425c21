"""Coins in groups: those that belong together are together, whatever the order, and nothing is left to chance."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.language.search_range import CLUSTERS
from runtime.clusters import NAMES, Cluster, Coin, clusters_of, coin_of

pytestmark = pytest.mark.spec("BT-06")

DAY_MS = 86_400_000
COINS = (
    Coin("BTCUSDT", 0.030, 2e10),
    Coin("ETHUSDT", 0.035, 1e10),
    Coin("XRPUSDT", 0.055, 9e8),
    Coin("ADAUSDT", 0.060, 7e8),
    Coin("DOGEUSDT", 0.120, 4e7),
    Coin("PEPEUSDT", 0.140, 3e7),
)
coins = st.builds(Coin, st.just(""), st.floats(1e-4, 1), st.floats(1, 1e11))


def grouped(found: tuple[Cluster, ...]) -> dict[str, tuple[str, ...]]:
    return {cluster.name: cluster.symbols for cluster in found}


def test_coins_that_move_and_trade_alike_are_together_from_calm_to_wild() -> None:
    assert grouped(clusters_of({coin.symbol: coin for coin in COINS})) == {
        "calm": ("BTCUSDT", "ETHUSDT"),
        "middle": ("XRPUSDT", "ADAUSDT"),
        "wild": ("DOGEUSDT", "PEPEUSDT"),
    }


@given(st.permutations(COINS))
def test_the_order_of_the_coins_does_not_matter(order: list[Coin]) -> None:
    again = clusters_of({coin.symbol: coin for coin in order})
    assert again == clusters_of({coin.symbol: coin for coin in COINS})


@given(st.lists(coins, min_size=3, max_size=20))
def test_every_coin_is_in_one_group_no_group_is_empty_and_they_rise(found: list[Coin]) -> None:
    named = {f"C{number}": Coin(f"C{number}", one.atr, one.turnover) for number, one in enumerate(found)}
    clusters = clusters_of(named)
    assert sorted(symbol for cluster in clusters for symbol in cluster.symbols) == sorted(named)
    assert all(cluster.coins for cluster in clusters)
    assert [cluster.atr for cluster in clusters] == sorted(cluster.atr for cluster in clusters)


def test_two_coins_are_too_few_to_group() -> None:
    with pytest.raises(ValueError, match="at least 3 coins"):
        clusters_of({coin.symbol: coin for coin in COINS[:2]})


def test_the_groups_have_the_names_that_rule_files_use() -> None:
    assert NAMES == CLUSTERS


def days(count: int, reach: float) -> pl.DataFrame:
    """Days that all close at 100 and reach so much above and below."""
    close = np.full(count, 100.0)
    return pl.DataFrame(
        {
            "open_ms": np.arange(count) * DAY_MS,
            "high": close * (1 + reach),
            "low": close * (1 - reach),
            "close": close,
            "volume": np.full(count, 5.0),
        }
    )


def test_a_coin_is_measured_by_the_medians_of_its_days() -> None:
    coin = coin_of("BTCUSDT", days(60, 0.02))
    assert coin is not None
    assert coin.atr == pytest.approx(0.04)
    assert coin.turnover == pytest.approx(500.0)


def test_a_coin_with_too_few_days_is_not_measured() -> None:
    assert coin_of("NEWUSDT", days(14, 0.02)) is None
