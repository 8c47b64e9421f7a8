-- Notices whose reader can answer: "this wasn't me". What was told is kept with them, since session and device may be gone when the mail is read.

CREATE TABLE sign_in_notices (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    device_id TEXT,
    recipient TEXT NOT NULL,                    -- the link works only while this is the account's address
    token_hash {bytes} NOT NULL UNIQUE,         -- SHA-256 of what the link holds
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    answered_at {integer},                      -- its reader said that it was somebody else
    took_password {integer} NOT NULL DEFAULT 0  -- and the account's password ended with it
) {strict};

CREATE INDEX sign_in_notices_by_account ON sign_in_notices (account_id);
CREATE INDEX sign_in_notices_by_expiry ON sign_in_notices (expires_at);

CREATE TABLE email_changes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    old_email TEXT NOT NULL,                    -- who reads there may undo the change
    new_email TEXT NOT NULL,
    token_hash {bytes} NOT NULL UNIQUE,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL
) {strict};

CREATE INDEX email_changes_by_account ON email_changes (account_id);
CREATE INDEX email_changes_by_expiry ON email_changes (expires_at);
