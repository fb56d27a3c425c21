"""The same search on a Ray cluster of two machines that are one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.cli.main import app

pytestmark = pytest.mark.spec("BT-06")

PATIENCE_S = 400
# Ray ends with the process that began it, whatever became of the search.
ON_TWO_NODES = """
import sys
from ray.cluster_utils import Cluster
from adapters.cli.main import app
nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
nodes.add_node(num_cpus=1)
try:
    app([*sys.argv[1:], "--ray", nodes.address])
finally:
    nodes.shutdown()
"""


def test_a_cluster_of_two_makes_the_same_trials_with_the_same_results(
    days: Path, place_to_search: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="Ray is an extra")
    question = [
        *("search", "trend-1", "--data", str(days), "--from", "2021-02-01", "--to", "2021-05-01", "--json"),
        *("--method", "random", "--trials", "3", "--rules", str(place_to_search / "rules")),
    ]
    command = [sys.executable, "-c", ON_TWO_NODES, *question, "--searches", str(tmp_path / "cluster")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    alone = CliRunner().invoke(app, [*question, "--workers", "1", "--searches", str(tmp_path / "alone")])
    assert alone.exit_code == 0, alone.output
    on_cluster: Any = json.loads(ended.stdout)
    assert on_cluster == json.loads(alone.stdout)
    assert len(on_cluster["legs"][0]["trials"]) == 3


def test_where_no_cluster_answers_that_is_told(days: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is an extra")
    at = ("--data", str(days), "--from", "2021-04-01", "--to", "2021-05-01", "--searches", str(tmp_path))
    ended = CliRunner().invoke(app, ["search", "trend-1", *at, "--ray", "127.0.0.1:1"])
    assert ended.exit_code == 3
    assert 'Expected a Ray cluster at "127.0.0.1:1", found none: Connection refused.' in ended.stderr
