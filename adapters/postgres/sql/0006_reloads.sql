-- Rule files are kept under a name that tells their texts apart, and not only what they say.
ALTER TABLE rulebooks RENAME COLUMN version TO name;

-- Candles that were fetched while the engine ran, for rules that looked at a series for the first time.
CREATE TABLE rule_candles (
    name text PRIMARY KEY,
    candles bytea NOT NULL
);
