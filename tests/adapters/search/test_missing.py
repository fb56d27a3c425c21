"""What a search says where a library that is no part of every installation is missing."""

import sys

import pytest

from adapters.search.choosers import Method, chooser_of
from adapters.search.cluster import Cluster
from adapters.search.missing import MissingLibrary
from runtime.search_space import Space

pytestmark = pytest.mark.spec("BT-06")


def test_without_optuna_a_bayesian_search_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingLibrary, match=r"Optuna, which is not installed.*eternal-engine\[search\]"):
        chooser_of(Method.BAYESIAN, Space({"slow": ("1", "2")}), 1)


def test_without_ray_a_cluster_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingLibrary, match=r"Ray, which is not installed.*eternal-engine\[cluster\]"):
        Cluster(lambda: pytest.fail("nobody is asked to work"), "auto", None)
