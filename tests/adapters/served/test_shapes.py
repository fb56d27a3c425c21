"""The answers have the fields that were recorded from the real exchange."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

Desk = Any
RECORDED = Path(os.environ.get("ETERNAL_RECORDED", "recorded")) / "bybit_v5_testnet_golden"
