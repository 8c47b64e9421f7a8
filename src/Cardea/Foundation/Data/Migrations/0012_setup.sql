-- The one-time link by which the first administrator is made; there is one at most, and none of it but the hash of its secret.
CREATE TABLE setup_links (
    id {integer} NOT NULL PRIMARY KEY CHECK (id = 1),
    token_hash {bytes} NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL
) {strict};
