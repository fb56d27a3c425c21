"""The features that stand beside rule files, run in a process of its own before the files are in force."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Event as Flag

from adapters.clock import Stopwatch

PATIENCE_S, LOOK_S = 900.0, 0.2
NO_TESTS = 5
SHOWN = 12
RUN = ("-m", "pytest", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "features.steps.beside")


def broken(rules: Path, stopping: Flag) -> list[str]:
    """Say what the features in a folder of rule files find wrong with these, a sentence for each scenario.

    Nothing where all hold or none stand there. A run that takes longer than a quarter of an hour is ended.
    """
    features = sorted(rules.rglob("*.feature"))
    if not features:
        return []
    if find_spec("pytest_bdd") is None:
        return [
            f"{features[0]}: The features beside the rules need `pip install eternal-engine[features]` to be run, and "
            "untested rules are not taken while the engine trades."
        ]
    command = [sys.executable, *RUN, "--rules", str(rules), str(rules)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        return _judged(child, stopping)


def _judged(child: "subprocess.Popen[str]", stopping: Flag) -> list[str]:
    watch = Stopwatch()
    while True:
        try:
            said, _ = child.communicate(timeout=LOOK_S)
            break
        except subprocess.TimeoutExpired:
            if stopping.is_set() or watch.elapsed_s() > PATIENCE_S:
                child.kill()
                return [f"The features beside the rules were not done after {watch.elapsed_s():.0f} s."]
    if child.returncode in (0, NO_TESTS):
        return []
    return list(_failures(said)) or [f"The features beside the rules can't be run: {said.strip()[-500:]}"]


def _failures(said: str) -> Iterator[str]:
    """Give each failed scenario with its file, line, step and what it found, in one line."""
    _, _, rest = said.partition("= FAILURES =")
    body = rest.partition("short test summary")[0]
    blocks: list[list[str]] = []
    for line in body.splitlines()[1:]:
        if line.startswith("___"):
            blocks.append([])
        elif blocks and line.strip() and not line.startswith("==="):
            blocks[-1].append(line.strip())
    yield from ("A feature fails: " + " ".join(block[:SHOWN]) for block in blocks if block)
