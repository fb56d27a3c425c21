-- The only truth: every event with what was decided and asked for, each row bound to the one before by its hash.
CREATE TABLE journal (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    epoch bigint NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    rules text NOT NULL,
    body json NOT NULL,
    hash_prev bytea NOT NULL,
    hash bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX journal_kind ON journal (kind, seq);
CREATE INDEX journal_at ON journal (at_ms);

CREATE FUNCTION refuse_to_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is only ever appended to';
END
$$;
CREATE TRIGGER journal_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_forget();

-- Who may write. Each new writer has the next epoch; `taken` is the epoch at which this one came.
CREATE TABLE lease (
    name text PRIMARY KEY,
    epoch bigint NOT NULL,
    taken bigint NOT NULL,
    holder text NOT NULL,
    deadline timestamptz NOT NULL
);

-- Sentences for the operator that wait to be delivered; committed together with what they tell about.
CREATE TABLE outbox (
    seq bigint NOT NULL,
    place integer NOT NULL,
    at_ms bigint NOT NULL,
    severity text NOT NULL,
    book text NOT NULL,
    text text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    PRIMARY KEY (seq, place)
);
CREATE INDEX outbox_waiting ON outbox (severity, seq) WHERE delivered_at IS NULL;
