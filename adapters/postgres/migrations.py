"""The tables of the store: numbered files of SQL, each applied once, forwards only."""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from adapters.postgres.connection import Connection
from adapters.postgres.failure import StoreError

LOCK = 7_366_911_021
TABLE = """
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of SQL; its name begins with its number."""

    number: int
    name: str
    statements: str

    @property
    def digest(self) -> str:
        """Tell its content from any other."""
        return sha256(self.statements.encode()).hexdigest()


def known_migrations() -> tuple[Migration, ...]:
    """Return the migrations that this program has, in order."""
    found = sorted(entry.name for entry in files("adapters.postgres").joinpath("sql").iterdir())
    folder = files("adapters.postgres") / "sql"
    return tuple(
        Migration(int(name.split("_")[0]), name, folder.joinpath(name).read_text(encoding="utf-8"))
        for name in found
        if name.endswith(".sql")
    )


def migrate(connection: Connection, known: tuple[Migration, ...] | None = None) -> None:
    """Bring the tables to the state of this program; several processes may try at the same time.

    Raises StoreError where the store was written by a newer program, or by one with other migrations.
    """
    migrations = known_migrations() if known is None else known
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(TABLE)
        rows = connection.execute("SELECT number, digest FROM migrations ORDER BY number").fetchall()
        applied: dict[int, str] = dict(rows)
        check_version(applied, migrations)
        for migration in migrations:
            if migration.number not in applied:
                _apply(connection, migration)


def check_version(applied: dict[int, str], migrations: tuple[Migration, ...]) -> None:
    """Refuse tables that this program doesn't know."""
    by_number = {migration.number: migration for migration in migrations}
    newest = max(by_number, default=0)
    for number, digest in applied.items():
        if number not in by_number:
            raise StoreError(
                f"Expected a store of schema version {newest} or older, found version {max(applied)}: a newer version "
                "of this program wrote it. Use that version."
            )
        if by_number[number].digest != digest:
            raise StoreError(
                f"Expected the store to be built by {by_number[number].name} as this program has it, found another "
                "content. Use the version of the program that built it."
            )


def _apply(connection: Connection, migration: Migration) -> None:
    connection.execute(migration.statements.encode())
    connection.execute(
        "INSERT INTO migrations (number, name, digest) VALUES (%s, %s, %s)",
        (migration.number, migration.name, migration.digest),
    )
