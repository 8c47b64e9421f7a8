-- What is asked after the first proof, and what counts as a proof that is still fresh.

ALTER TABLE accounts ADD COLUMN has_second_factor {integer} NOT NULL DEFAULT 0; -- an authenticator app or a passkey is set up; written with them
ALTER TABLE sessions ADD COLUMN factor_at {integer};        -- when a second factor was last proved in it; null when never
ALTER TABLE devices ADD COLUMN trusted_until {integer};     -- its owner wants no second step here until then

CREATE TABLE pending_sign_ins (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash {bytes} NOT NULL UNIQUE,         -- SHA-256 of what the client holds
    step TEXT NOT NULL,                         -- what is still to be done: factor, enrolment, or nothing but room for a session
    amr TEXT NOT NULL,                          -- what has been proved so far
    used_temporary_password {integer} NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL
) {strict};

CREATE INDEX pending_sign_ins_by_account ON pending_sign_ins (account_id);
CREATE INDEX pending_sign_ins_by_expiry ON pending_sign_ins (expires_at);
