"""Keeps native stack traces off the screen."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STANDARD_ERROR = 2


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what is written to standard error meanwhile: over a damaged file polars prints a trace before it raises.

    It drops what other threads write there, too, so keep it short.
    """
    with suppress(AttributeError, OSError, ValueError):
        sys.stderr.flush()
    try:
        kept = os.dup(STANDARD_ERROR)
    except OSError:
        # Standard error is closed: there is nothing to keep quiet.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
        os.close(nowhere)
