-- What people ask of the running engine, until it has answered. What was done stands in the journal; this is the way
-- there and back. `taken_by` is the epoch of the process that took it.
CREATE TABLE commands (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE DEFAULT gen_random_uuid()::text,
    name text NOT NULL,
    book text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    source text NOT NULL,
    confirmed boolean NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_by bigint,
    withdrawn boolean NOT NULL DEFAULT false,
    seq bigint,
    carried_out boolean,
    answers text[]
);
CREATE INDEX commands_open ON commands (number) WHERE seq IS NULL AND NOT withdrawn;

-- How the running engine stands, as it says itself every few seconds.
CREATE TABLE live_status (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    mode text NOT NULL,
    sheet json NOT NULL,
    written_at timestamptz NOT NULL
);
