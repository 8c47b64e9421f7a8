-- Audit rows in a chain. A row is committed to in the transaction that writes it, and soon after gets its number and its link from the sealing job.

CREATE TABLE audit_chain (
    event_id TEXT PRIMARY KEY,                  -- no foreign key: a row that was taken away must still have a name
    facts {bytes},                              -- keyed hash of the row; null in rows from before the chain, until its first turn
    personal {bytes},                           -- hash, keyed by the salt, of what tells of a person
    salt {bytes},                               -- null once the person is erased
    erased {bytes},                             -- keyed: that it was this program that erased
    number {integer} UNIQUE,                    -- the place in the chain; null until sealed
    link {bytes}                                -- keyed hash of this line and the link before it
) {strict};

CREATE INDEX audit_chain_open ON audit_chain (event_id) WHERE number IS NULL;

INSERT INTO audit_chain (event_id) SELECT id FROM audit_events;
