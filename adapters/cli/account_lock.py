"""One engine for an account on this machine, whichever database it writes: a lock that ends with its process."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

from adapters.cli.configuration import WorkingFolder
from adapters.cli.failure import Failure
from adapters.postgres.lease import this_process

FOLDER = Path(tempfile.gettempdir()) / "eternal-accounts"
WRITER = "eternal run"
LONGEST_NAME = 500


@contextmanager
def accounts_held(folder: WorkingFolder) -> Iterator[None]:
    """Hold every account of a working folder; fails with the name of the process that holds one of them."""
    # Two names of one account are found by the check of the keys.
    accounts = {label: account for account in folder.accounts for label in _labels(folder, account)}
    with ExitStack() as held:
        for label, account in accounts.items():
            held.enter_context(_held(account, label))
        yield


def _labels(folder: WorkingFolder, account: str) -> list[str]:
    """What tells an account from every other: its key, and its number where that is known."""
    configuration = folder.configuration
    where = configuration.exchange or configuration.mode.hosts.value
    number = folder.member(account)
    return [f"{where} key {folder.keys(account).key}", *([f"{where} number {number}"] if number else [])]


@contextmanager
def _held(account: str, label: str) -> Iterator[None]:
    file = FOLDER / sha256(label.encode()).hexdigest()
    try:
        opened = _opened(file)
    except OSError as error:
        raise Failure(
            f"Expected to lock the account {account} in {file}, found that it can't be written: {error.strerror}. "
            f"Make {FOLDER} writable, or set TMPDIR to a folder that is."
        ) from None
    try:
        _lock(account, opened)
        yield
    finally:
        os.close(opened)


def _opened(file: Path) -> int:
    """Open a file that every user of this machine may lock."""
    if not FOLDER.is_dir():
        FOLDER.mkdir(exist_ok=True)
        FOLDER.chmod(0o1777)
    try:
        return os.open(file, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
        os.fchmod(opened, 0o666)
        return opened


def _lock(account: str, opened: int) -> None:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(opened, LONGEST_NAME, 0).decode(errors="replace") or "another process"
        raise Failure(
            f"The account {account} is traded by {holder}, and only one engine may trade in an account, whatever store "
            "it writes. Stop it, or give this one accounts of its own."
        ) from None
    os.ftruncate(opened, 0)
    os.pwrite(opened, this_process(WRITER).encode(), 0)
