import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FEATURE = """
Feature: My rules

  Background:
    Given the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    When the next daily candle closes at 60,600 USDT

  Scenario: As I have changed them
    Then the book stays SCANNING
    And why-not says strength is 100, needs more than 200

  Scenario: As they were
    Then the book is IN_POSITION long BTCUSDT
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder with changed rules and a feature beside them; no Python anywhere."""
    for part in ("engines", "governance"):
        shutil.copytree(ROOT / "rules" / part, tmp_path / "rules" / part)
    book = tmp_path / "rules" / "engines" / "trend-1.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("strong: 25", "strong: 200"), encoding="utf-8")
    book.with_name("trend-1.feature").write_text(FEATURE, encoding="utf-8")
    return tmp_path


@pytest.mark.spec("RULE-07")
def test_features_beside_rules_run_without_python_and_name_what_they_left_out(folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "features.steps.beside", "--rules", "rules", "rules"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert "1 failed, 1 passed" in done.stdout
    assert "trend-1.feature:14: As they were\n    Then the book is IN_POSITION long BTCUSDT" in done.stdout
    assert "trend-1 BTCUSDT is SCANNING." in done.stdout
    assert "Traceback" not in done.stdout
    assert "assert " not in done.stdout
    assert "trend-1: exits.trend_broken_long, " in done.stdout
    assert done.returncode == 1
