-- Authenticator apps, and the codes for the day on which the phone is lost.

CREATE TABLE totp_secrets (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    secret {bytes} NOT NULL,                    -- sealed
    last_step {integer} NOT NULL,               -- the newest step whose code was taken: neither it nor an older one again
    created_at {integer} NOT NULL,
    confirmed_at {integer}                      -- null until a code proved that the app has it
) {strict};

CREATE TABLE recovery_codes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_mac {bytes} NOT NULL,                  -- keyed; the key is not in the database
    created_at {integer} NOT NULL
) {strict};

CREATE UNIQUE INDEX recovery_codes_by_code ON recovery_codes (account_id, code_mac);
