-- Passkeys: public keys whose other half lies in a phone, a computer or a security key.

CREATE TABLE passkey_users (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    user_handle TEXT NOT NULL UNIQUE,           -- random: it lies in every authenticator, and must say nothing about its owner
    created_at {integer} NOT NULL
) {strict};

CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    credential_id {bytes} NOT NULL UNIQUE,      -- over all accounts: the constraint is the last word on whose it is
    public_key {bytes} NOT NULL,                -- COSE_Key; its algorithm is the only one that is believed
    name TEXT NOT NULL,
    sign_count {integer} NOT NULL,
    transports TEXT NOT NULL,                   -- words with spaces between them
    is_user_verified {integer} NOT NULL,        -- its owner has been verified by it: only then it signs in alone
    is_backup_eligible {integer} NOT NULL,      -- may be copied between devices; never changes
    is_backed_up {integer} NOT NULL,
    created_at {integer} NOT NULL,
    last_used_at {integer}
) {strict};

CREATE INDEX passkeys_by_account ON passkeys (account_id);

CREATE TABLE webauthn_challenges (
    challenge_hash {bytes} PRIMARY KEY,         -- one that has been used; those that wait are kept by whoever asked for them, under a MAC
    expires_at {integer} NOT NULL
) {strict};

CREATE INDEX webauthn_challenges_by_expiry ON webauthn_challenges (expires_at);
