-- Which way each sentence goes to people, and what came of it. A sentence is on its way once it is `routed`.
ALTER TABLE outbox ADD COLUMN routed boolean NOT NULL DEFAULT false, ADD COLUMN acknowledged_ms bigint;
CREATE INDEX outbox_unrouted ON outbox (seq, place) WHERE NOT routed;

-- `due_ms` is when it is to be sent, for the first time or again; none means that nothing is left to do.
CREATE TABLE deliveries (
    seq bigint NOT NULL,
    place integer NOT NULL,
    channel text NOT NULL,
    route text NOT NULL,
    due_ms bigint,
    tries integer NOT NULL DEFAULT 0,
    sent_ms bigint,
    PRIMARY KEY (seq, place, channel)
);
CREATE INDEX deliveries_due ON deliveries (channel, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX deliveries_sent ON deliveries (channel, sent_ms);
