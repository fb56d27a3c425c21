-- What follows from the journal; all of it can be dropped and built again. Money is in quote coin where no coin is named.
CREATE TABLE projected (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint NOT NULL,
    ledger_seq bigint NOT NULL,
    ledger json
);

CREATE TABLE orders (
    order_id text PRIMARY KEY,
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    decision bigint,
    book text NOT NULL,
    rule text NOT NULL,
    rules text NOT NULL,
    account text NOT NULL,
    market text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    order_type text NOT NULL,
    quantity numeric,
    quote_amount numeric,
    price numeric,
    stop_loss numeric,
    reduce_only boolean NOT NULL,
    status text NOT NULL,
    reason text NOT NULL DEFAULT '',
    filled numeric NOT NULL DEFAULT 0,
    value numeric NOT NULL DEFAULT 0,
    ended_ms bigint
);
CREATE INDEX orders_at ON orders (at_ms);
CREATE INDEX orders_open ON orders (account, symbol) WHERE ended_ms IS NULL;

CREATE TABLE fills (
    execution_id text PRIMARY KEY,
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    order_id text NOT NULL,
    account text NOT NULL,
    market text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    quantity numeric NOT NULL,
    price numeric NOT NULL,
    fee numeric NOT NULL,
    fee_coin text NOT NULL,
    maker boolean NOT NULL,
    kind text NOT NULL
);
CREATE INDEX fills_order ON fills (order_id);

CREATE TABLE positions (
    account text NOT NULL,
    market text NOT NULL,
    symbol text NOT NULL,
    quantity numeric NOT NULL,
    average_price numeric,
    opened_ms bigint,
    realised numeric NOT NULL,
    fees numeric NOT NULL,
    funding numeric NOT NULL,
    stop numeric,
    seq bigint NOT NULL,
    PRIMARY KEY (account, market, symbol)
);

CREATE TABLE trades (
    number bigint PRIMARY KEY,
    seq bigint NOT NULL,
    book text NOT NULL,
    account text NOT NULL,
    market text NOT NULL,
    symbol text NOT NULL,
    direction text NOT NULL,
    quantity numeric NOT NULL,
    entry_ms bigint NOT NULL,
    entry_price numeric NOT NULL,
    entry_rule text NOT NULL,
    exit_ms bigint NOT NULL,
    exit_price numeric NOT NULL,
    exit_rule text NOT NULL,
    gross numeric NOT NULL,
    fees numeric NOT NULL,
    funding numeric NOT NULL,
    net numeric NOT NULL
);

CREATE TABLE funding_payments (
    settlement_id text PRIMARY KEY,
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    account text NOT NULL,
    symbol text NOT NULL,
    rate numeric NOT NULL,
    quantity numeric NOT NULL,
    mark numeric NOT NULL,
    amount numeric NOT NULL
);

CREATE TABLE transfers (
    transfer_id text PRIMARY KEY,
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    source text NOT NULL,
    destination text NOT NULL,
    coin text NOT NULL,
    amount numeric NOT NULL,
    left_ms bigint,
    arrived_ms bigint,
    refused text NOT NULL DEFAULT ''
);

CREATE TABLE cash_flows (
    flow_id text PRIMARY KEY,
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    account text NOT NULL,
    coin text NOT NULL,
    amount numeric NOT NULL,
    transfer_id text NOT NULL
);

CREATE TABLE days (
    day date NOT NULL,
    account text NOT NULL,
    orders bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    fills bigint NOT NULL DEFAULT 0,
    turnover numeric NOT NULL DEFAULT 0,
    fees numeric NOT NULL DEFAULT 0,
    funding numeric NOT NULL DEFAULT 0,
    trades bigint NOT NULL DEFAULT 0,
    net numeric NOT NULL DEFAULT 0,
    equity numeric,
    PRIMARY KEY (day, account)
);

-- What people asked for, from where, and what they were told.
CREATE TABLE audit (
    seq bigint PRIMARY KEY,
    at_ms bigint NOT NULL,
    command text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    book text NOT NULL,
    details json NOT NULL,
    answers text[] NOT NULL
);
