-- Cookie sessions of the pages, and the keys that protect what a browser keeps between two of them.

ALTER TABLE sessions ADD COLUMN cookie_hash {bytes}; -- SHA-256 of the secret in the cookie; null for sessions of tokens

CREATE TABLE protection_keys (
    id TEXT PRIMARY KEY,
    content {bytes} NOT NULL,                   -- sealed XML of the framework's key ring
    created_at {integer} NOT NULL
) {strict};
