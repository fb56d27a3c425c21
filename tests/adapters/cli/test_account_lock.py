"""Two engines with databases of their own on one machine never trade in the same account."""

import os
from pathlib import Path

import psycopg
import pytest

from adapters.cli.account_lock import accounts_held
from adapters.cli.configuration import working_folder
from adapters.cli.failure import Failure
from adapters.postgres.server import PrivateServer
from adapters.served.serving import Served
from tests.adapters.cli import running

pytestmark = pytest.mark.spec("LIFE-05")


def folder_of(parent: Path, name: str, served: Served, store: str, books: tuple[str, ...]) -> Path:
    (parent / name).mkdir()
    return running.working_folder(parent / name, served, store, books)


def test_a_second_engine_in_the_same_accounts_is_refused_with_the_name_of_the_first(
    tmp_path: Path, served: Served, server: PrivateServer, store: str
) -> None:
    with psycopg.connect(server.start(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE the_other")
    other = server.start().replace("/postgres?", "/the_other?")
    first = running.started(folder_of(tmp_path, "one", served, store, ("trend-1",)))
    try:
        first.until("reconciled")
        second = running.started(folder_of(tmp_path, "two", served, other, ("trend-1",)))
        assert second.process.wait(running.DEADLINE_S) == 3
        assert f"is traded by eternal run (process {first.process.pid} on" in second.rest()[-1]
        first.kill()
        with accounts_held(working_folder(tmp_path / "two")):
            pass
    finally:
        first.kill()


def test_another_key_of_the_same_account_is_the_same_account(tmp_path: Path, served: Served, store: str) -> None:
    one, two = (folder_of(tmp_path, name, served, store, ("trend-1",)) for name in ("one", "two"))
    keys = two / ".env"
    keys.write_text("\n".join(f"{line}2" if "_KEY" in line else line for line in keys.read_text().splitlines()))
    with (
        accounts_held(working_folder(one)),
        pytest.raises(Failure, match=rf"is traded by eternal run \(process {os.getpid()} on") as refused,
        accounts_held(working_folder(two)),
    ):
        pass
    # Both have the same store, which nobody has looked at here.
    assert "another store" not in str(refused.value)
    assert "only one engine may trade in an account, whatever store it writes" in str(refused.value)
    with accounts_held(working_folder(two)):
        pass
