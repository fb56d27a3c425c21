"""The levers of an exchange that holds its market until it is told to go on."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Levers:
    """Pulls them over HTTP."""

    http: str

    def pull(self, lever: str, **values: object) -> Plain:
        """Pull one, and give what it says."""
        request = Request(f"{self.http}/control/{lever}", json.dumps(values).encode(), method="POST")
        with urlopen(request, timeout=60) as answer:
            found: Plain = json.load(answer)
            return found
