"""Long answers in parts: a cursor says where the next part begins."""

from collections.abc import Iterable
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote

from adapters.served.call import PARAMETER_ERROR, Call, refused


def part(call: Call, rows: Iterable[Any], default: int, most: int) -> tuple[list[Any], str]:
    """Cut out the part that a cursor points to; returns it with the cursor of the next, empty at the end."""
    limit = max(call.whole("limit", default, most), 1)
    start = _start(call.text("cursor"))
    found = list(islice(rows, start, start + limit + 1))
    return found[:limit], quote(f"page:{start + limit}", safe="") if len(found) > limit else ""


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    number = unquote(unquote(cursor)).removeprefix("page:")
    if not number.isdecimal():
        raise refused(PARAMETER_ERROR, "params error: cursor invalid.")
    return int(number)
