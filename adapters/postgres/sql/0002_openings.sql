-- The rule files as they were when a version of them was in force.
CREATE TABLE rulebooks (
    version text PRIMARY KEY,
    environment text NOT NULL,
    files json NOT NULL
);

-- From where on an engine went on, and with what: everything that a replay needs besides the journal.
CREATE TABLE openings (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seq bigint NOT NULL,
    rules text NOT NULL REFERENCES rulebooks (version),
    books json NOT NULL,
    instruments json NOT NULL,
    state json NOT NULL,
    candles bytea NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What the engine remembered after an entry, so that a restart need not replay everything.
CREATE TABLE snapshots (
    seq bigint PRIMARY KEY,
    hash bytea NOT NULL,
    rules text NOT NULL,
    state json NOT NULL,
    digest bytea NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
