"""One process writes; the second is told which."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.postgres.connection import Connection, connect
from adapters.postgres.failure import LeaseHeldError
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.lease import Lease, holder_of
from runtime.ports import LeaseLostError

LONG_AGO_MS = -(10**12)

pytestmark = pytest.mark.spec("LIFE-05")


def test_a_second_instance_is_refused_and_told_who_holds_the_lease(url: str, connection: Connection) -> None:
    Lease.acquire(connection, "the first")
    with connect(url) as second, pytest.raises(LeaseHeldError, match=rf"the first \(process {os.getpid()} on "):
        Lease.acquire(second, "the second")


def test_a_second_instance_is_refused_while_the_first_is_writing(url: str, connection: Connection) -> None:
    Lease.acquire(connection, "the first")
    with connection.transaction(), connect(url) as second:
        connection.execute("SELECT FROM lease FOR UPDATE")
        with pytest.raises(LeaseHeldError, match="the first"):
            Lease.acquire(second, "the second")


def test_of_many_that_start_together_one_gets_the_lease(url: str) -> None:
    def start(number: int) -> int | None:
        with connect(url) as connection:
            try:
                return Lease.acquire(connection, f"instance {number}").epoch
            except LeaseHeldError:
                return None

    with ThreadPoolExecutor(8) as pool:
        epochs = list(pool.map(start, range(8)))
    assert sorted(epochs, key=str) == [1] + [None] * 7


def test_a_lease_that_ran_out_is_taken_over_under_the_next_epoch(connection: Connection) -> None:
    first = Lease.acquire(connection, "the first", ttl_s=-1)
    second = Lease.acquire(connection, "the second", grace_s=0)
    assert (first.epoch, second.epoch) == (1, 2)
    for late in (first.renew, first.take_again):
        with pytest.raises(LeaseLostError, match="it is held by the second"):
            late(connection)


def test_what_was_just_committed_may_still_arrive_before_the_next_process_acts(connection: Connection) -> None:
    Lease.acquire(connection, "the first", ttl_s=-1)
    with pytest.raises(LeaseHeldError, match="or wait 4 s"):
        Lease.acquire(connection, "the second", grace_s=5)


def test_a_lease_is_held_as_long_as_it_is_renewed(connection: Connection) -> None:
    lease = Lease.acquire(connection, "the first", ttl_s=0.5, grace_s=0)
    lease.ttl_s = 60
    lease.renew(connection)
    holder = holder_of(connection)
    assert holder is not None
    assert holder.alive
    assert holder.free_in_s > 30


def test_a_lease_that_ran_out_is_not_renewed_but_taken_again(connection: Connection) -> None:
    lease = Lease.acquire(connection, "the first", ttl_s=-1)
    with pytest.raises(LeaseLostError):
        lease.renew(connection)
    lease.take_again(connection)
    assert lease.epoch == 2
    lease.take_again(connection)
    assert lease.epoch == 3


def test_a_lease_that_was_given_back_is_free_at_once(connection: Connection) -> None:
    Lease.acquire(connection, "the first").release(connection)
    assert holder_of(connection) is None
    assert Lease.acquire(connection, "the second").epoch == 2


def test_a_lease_whose_time_has_passed_by_the_steady_clock_is_asked_for_before_anything_leaves(
    url: str, connection: Connection
) -> None:
    lease = Lease.acquire(connection, "the first", ttl_s=-1)
    journal = PostgresJournal(lambda: url, lease, "rules-1")
    lease.ttl_s = 60
    lease.renewed(LONG_AGO_MS)
    assert journal.is_held()
    assert (lease.is_fresh, lease.epoch) == (True, 2)
    connection.execute("UPDATE lease SET deadline = '-infinity'")
    Lease.acquire(connection, "the second", grace_s=0)
    assert journal.is_held(), "until its time has passed nobody asks"
    lease.renewed(LONG_AGO_MS)
    with pytest.raises(LeaseLostError, match="it is held by the second"):
        journal.is_held()
    journal.close()


def test_nobody_knows_who_has_the_lease_while_the_database_is_away(url: str, connection: Connection) -> None:
    lease = Lease.acquire(connection, "the first")
    urls = [url]
    journal = PostgresJournal(lambda: urls[0], lease, "rules-1")
    lease.renewed(LONG_AGO_MS)
    urls[0] = url.replace("host=", "host=/nowhere")
    journal.connection.close()
    assert journal.is_held() is False
    urls[0] = url
    assert journal.is_held()
    journal.close()
