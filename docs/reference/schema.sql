-- The tables as PostgreSQL has them. SQLite has the same, with INTEGER for BIGINT, BLOB for BYTEA, and STRICT;
-- and account_search with what belongs to it, an index of parts of words, for accounts_by_words and accounts_by_parts.

-- 0001_main_job
-- An account from sign-up to log-out. Instants are milliseconds since 1970 in UTC, booleans 0 and 1, hashes and sealed values bytes.

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,                 -- canonical form; the constraint is the last word on who has it
    username TEXT,                              -- as its owner writes it
    username_key TEXT UNIQUE,                   -- as it is compared
    given_name TEXT,
    family_name TEXT,
    password_hash TEXT,                         -- PHC string, or a form brought along from another system
    password_changed_at BIGINT,
    password_change_required BIGINT NOT NULL DEFAULT 0,
    email_verified_at BIGINT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    last_login_at BIGINT
);

CREATE TABLE roles (
    name TEXT PRIMARY KEY,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

INSERT INTO roles (name, description, created_at) VALUES ('admin', 'Administers this server', 0), ('user', 'Has an account', 0);

CREATE TABLE account_roles (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    PRIMARY KEY (account_id, role)
);

CREATE INDEX account_roles_by_role ON account_roles (role);

CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL UNIQUE,         -- SHA-256 of what the browser keeps
    fingerprint BYTEA NOT NULL,               -- keyed hash of address and user agent, for clients that keep nothing
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);

CREATE INDEX devices_by_account ON devices (account_id, fingerprint);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    device_id TEXT REFERENCES devices (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,              -- absolute, whatever the use
    amr TEXT NOT NULL,                          -- RFC 8176 words with spaces between them
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    refresh_hash BYTEA NOT NULL,              -- SHA-256 of the random value inside this session's refresh tokens
    refresh_counter BIGINT NOT NULL,         -- of the newest refresh token given out
    refreshed_at BIGINT NOT NULL
);

CREATE INDEX sessions_by_account ON sessions (account_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE one_time_secrets (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    token_hash BYTEA,
    token_expires_at BIGINT NOT NULL,
    code_mac BYTEA,
    code_expires_at BIGINT NOT NULL,
    code_tries_left BIGINT NOT NULL,
    target TEXT,                                -- what it is about, such as the new address
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, purpose)                -- a newer one voids the older
);

CREATE UNIQUE INDEX one_time_secrets_by_token ON one_time_secrets (token_hash);
CREATE INDEX one_time_secrets_by_target ON one_time_secrets (target) WHERE target IS NOT NULL;

CREATE TABLE attempt_counters (
    key TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX attempt_counters_by_age ON attempt_counters (updated_at);

CREATE TABLE allowances (
    key TEXT PRIMARY KEY,
    taken BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

CREATE INDEX allowances_by_end ON allowances (ends_at);

CREATE TABLE mail_requests (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    asked_for BYTEA NOT NULL,                 -- sealed: what was typed, which may be nobody's
    created_at BIGINT NOT NULL
);

CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    account_id TEXT,                            -- no foreign key: the last mail goes out after the account is gone
    template TEXT NOT NULL,
    recipient TEXT NOT NULL,
    content BYTEA,                            -- sealed; emptied when the mail is delivered or given up
    state TEXT NOT NULL,                        -- queued, sent, parked
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    send_before BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    last_error TEXT
);

CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state = 'queued';
CREATE INDEX outbox_by_account ON outbox (account_id);

CREATE TABLE mailbox (
    id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    body_html TEXT NOT NULL,
    link TEXT,
    code TEXT,
    sent_at BIGINT NOT NULL
);

CREATE INDEX mailbox_by_recipient ON mailbox (recipient, id);

CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY,                        -- the key id of the JWKS
    algorithm TEXT NOT NULL,
    private_key BYTEA NOT NULL,               -- sealed PKCS #8
    created_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,              -- published before that, so that verifiers know it in time
    verifies_until BIGINT                    -- null while it signs
);

CREATE TABLE audit_events (
    id TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    at BIGINT NOT NULL,
    account_id TEXT,                            -- a pseudonym once the account is gone
    actor_id TEXT,                              -- who did it, when that is somebody else
    session_id TEXT,
    address TEXT,
    user_agent TEXT,
    request_id TEXT,
    detail TEXT                                 -- JSON
);

CREATE INDEX audit_events_by_account ON audit_events (account_id, id);
CREATE INDEX audit_events_by_event ON audit_events (event, id);

-- 0002_pages
-- Cookie sessions of the pages, and the keys that protect what a browser keeps between two of them.

ALTER TABLE sessions ADD COLUMN cookie_hash BYTEA; -- SHA-256 of the secret in the cookie; null for sessions of tokens

CREATE TABLE protection_keys (
    id TEXT PRIMARY KEY,
    content BYTEA NOT NULL,                   -- sealed XML of the framework's key ring
    created_at BIGINT NOT NULL
);

-- 0003_second_steps
-- What is asked after the first proof, and what counts as a proof that is still fresh.

ALTER TABLE accounts ADD COLUMN has_second_factor BIGINT NOT NULL DEFAULT 0; -- an authenticator app or a passkey is set up; written with them
ALTER TABLE sessions ADD COLUMN factor_at BIGINT;        -- when a second factor was last proved in it; null when never
ALTER TABLE devices ADD COLUMN trusted_until BIGINT;     -- its owner wants no second step here until then

CREATE TABLE pending_sign_ins (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL UNIQUE,         -- SHA-256 of what the client holds
    step TEXT NOT NULL,                         -- what is still to be done: factor, enrolment, or nothing but room for a session
    amr TEXT NOT NULL,                          -- what has been proved so far
    used_temporary_password BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX pending_sign_ins_by_account ON pending_sign_ins (account_id);
CREATE INDEX pending_sign_ins_by_expiry ON pending_sign_ins (expires_at);

-- 0004_totp
-- Authenticator apps, and the codes for the day on which the phone is lost.

CREATE TABLE totp_secrets (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    secret BYTEA NOT NULL,                    -- sealed
    last_step BIGINT NOT NULL,               -- the newest step whose code was taken: neither it nor an older one again
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT                      -- null until a code proved that the app has it
);

CREATE TABLE recovery_codes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_mac BYTEA NOT NULL,                  -- keyed; the key is not in the database
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX recovery_codes_by_code ON recovery_codes (account_id, code_mac);

-- 0005_device_names
-- What the pages of the second step show: which device is trusted, and whose an unfinished enrolment is.

ALTER TABLE devices ADD COLUMN user_agent TEXT;             -- what it last said it was; null for those from before
ALTER TABLE totp_secrets ADD COLUMN begun_by TEXT;          -- the session or waiting sign-in that began it: nobody else is shown it or confirms it

-- 0006_passkeys
-- Passkeys: public keys whose other half lies in a phone, a computer or a security key.

CREATE TABLE passkey_users (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    user_handle TEXT NOT NULL UNIQUE,           -- random: it lies in every authenticator, and must say nothing about its owner
    created_at BIGINT NOT NULL
);

CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    credential_id BYTEA NOT NULL UNIQUE,      -- over all accounts: the constraint is the last word on whose it is
    public_key BYTEA NOT NULL,                -- COSE_Key; its algorithm is the only one that is believed
    name TEXT NOT NULL,
    sign_count BIGINT NOT NULL,
    transports TEXT NOT NULL,                   -- words with spaces between them
    is_user_verified BIGINT NOT NULL,        -- its owner has been verified by it: only then it signs in alone
    is_backup_eligible BIGINT NOT NULL,      -- may be copied between devices; never changes
    is_backed_up BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE INDEX passkeys_by_account ON passkeys (account_id);

CREATE TABLE webauthn_challenges (
    challenge_hash BYTEA PRIMARY KEY,         -- one that has been used; those that wait are kept by whoever asked for them, under a MAC
    expires_at BIGINT NOT NULL
);

CREATE INDEX webauthn_challenges_by_expiry ON webauthn_challenges (expires_at);

-- 0007_mailed
-- Notices whose reader can answer: "this wasn't me". What was told is kept with them, since session and device may be gone when the mail is read.

CREATE TABLE sign_in_notices (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    device_id TEXT,
    recipient TEXT NOT NULL,                    -- the link works only while this is the account's address
    token_hash BYTEA NOT NULL UNIQUE,         -- SHA-256 of what the link holds
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    answered_at BIGINT,                      -- its reader said that it was somebody else
    took_password BIGINT NOT NULL DEFAULT 0  -- and the account's password ended with it
);

CREATE INDEX sign_in_notices_by_account ON sign_in_notices (account_id);
CREATE INDEX sign_in_notices_by_expiry ON sign_in_notices (expires_at);

CREATE TABLE email_changes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    old_email TEXT NOT NULL,                    -- who reads there may undo the change
    new_email TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX email_changes_by_account ON email_changes (account_id);
CREATE INDEX email_changes_by_expiry ON email_changes (expires_at);

-- 0008_administration
-- What roles may do, answers that are given again to who asks again, and a search that stays fast among many accounts.

CREATE TABLE role_permissions (
    role TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT NOT NULL,                   -- the role admin has all and no rows
    PRIMARY KEY (role, permission)
);

CREATE TABLE idempotency_keys (
    key_hash BYTEA PRIMARY KEY,               -- of the key, the caller and the door
    request_hash BYTEA NOT NULL,              -- the same key with another request is a mistake
    status BIGINT,                           -- null while the first request is at work
    answer BYTEA,                             -- sealed
    created_at BIGINT NOT NULL
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX outbox_by_state ON outbox (state, id);
CREATE INDEX accounts_by_creation ON accounts (created_at);
CREATE INDEX accounts_disabled ON accounts (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX accounts_unverified ON accounts (id) WHERE email_verified_at IS NULL;

-- What an account is found by, in lower case. Triggers keep it, so that no way to change an account can forget it.


ALTER TABLE accounts ADD COLUMN search_words TEXT GENERATED ALWAYS AS (
    lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || id)) STORED;
-- A server without the extension still starts; there the search reads all accounts.
DO $do$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX accounts_by_words ON accounts USING gin (search_words gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN RAISE WARNING 'pg_trgm is not to be had (%): searching among very many accounts will be slow', SQLERRM;
END $do$;

-- 0010_audit_chain
-- Audit rows in a chain. A row is committed to in the transaction that writes it, and soon after gets its number and its link from the sealing job.

CREATE TABLE audit_chain (
    event_id TEXT PRIMARY KEY,                  -- no foreign key: a row that was taken away must still have a name
    facts BYTEA,                              -- keyed hash of the row; null in rows from before the chain, until its first turn
    personal BYTEA,                           -- hash, keyed by the salt, of what tells of a person
    salt BYTEA,                               -- null once the person is erased
    erased BYTEA,                             -- keyed: that it was this program that erased
    number BIGINT UNIQUE,                    -- the place in the chain; null until sealed
    link BYTEA                                -- keyed hash of this line and the link before it
);

CREATE INDEX audit_chain_open ON audit_chain (event_id) WHERE number IS NULL;

INSERT INTO audit_chain (event_id) SELECT id FROM audit_events;

-- 0012_setup
-- The one-time link by which the first administrator is made; there is one at most, and none of it but the hash of its secret.
CREATE TABLE setup_links (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    token_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- 0013_imports
-- What has been imported, so that a second run of an import neither doubles anybody nor brings back who has left since.

CREATE TABLE imported_rows (
    source_hash BYTEA PRIMARY KEY,            -- keyed: of format, id and address at the source, which tells nothing without the master key
    imported_at BIGINT NOT NULL
);

-- 0014_viewing
-- Sessions by which an administrator views an account as its owner would.

ALTER TABLE sessions ADD COLUMN actor_id TEXT;              -- the administrator; null for the owner's own session
ALTER TABLE sessions ADD COLUMN actor_session_id TEXT;      -- the administrator's own session: this one ends with it

CREATE INDEX sessions_by_actor_session ON sessions (actor_session_id) WHERE actor_session_id IS NOT NULL;

-- 0015_challenges
-- Proofs of work that have been accepted once. Those that are still being worked on are kept by whoever asked for them, under a MAC.
CREATE TABLE used_challenges (
    challenge_hash BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE INDEX used_challenges_by_expiry ON used_challenges (expires_at);

-- 0016_search
-- An index for the search that answers as soon among a million accounts as among a thousand: of longer parts, of which few accounts have the same. Of parts
-- of three letters the lists were long.



-- The index of parts of three stays for texts that are no longer. Of every second part of four letters any five hold one; as numbers they are smaller, and
-- two parts that have the same are told apart by reading the words. What the function costs keeps the planner from reading all accounts, and what it may
-- not do from starting several processes for one of them.
CREATE FUNCTION account_search_parts(words TEXT, step INTEGER) RETURNS INTEGER[] LANGUAGE sql IMMUTABLE STRICT PARALLEL UNSAFE COST 1000
AS $parts$ SELECT ARRAY(SELECT hashtext(substr(words, place, 4)) FROM generate_series(1, length(words) - 3, step) place) $parts$;
-- What was added last waits in a list that each search reads: a short one.
CREATE INDEX accounts_by_parts ON accounts USING gin (account_search_parts(search_words, 2)) WITH (gin_pending_list_limit = 256);

-- 0017_purges
-- What purges and resets look for, so that none reads a whole table, on SQLite with the only writing thread.

CREATE INDEX sessions_by_device ON sessions (device_id); -- a device that goes is taken out of them
CREATE INDEX one_time_secrets_by_expiry ON one_time_secrets (token_expires_at);
CREATE INDEX outbox_by_end ON outbox (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX outbox_parked ON outbox (send_before) WHERE state = 'parked' AND content IS NOT NULL;
CREATE INDEX mailbox_by_age ON mailbox (sent_at);


CREATE INDEX attempt_counters_by_bytes ON attempt_counters (key COLLATE "C"); -- of other collations a prefix is no range; SQLite's keys are in this order anyway

-- 0018_bound_codes
-- In which browser a code was asked for, so that what is typed elsewhere uses none of its tries up.

ALTER TABLE one_time_secrets ADD COLUMN bound_to TEXT;      -- the row's id and a keyed hash of the browser's binding; null where any client may try the code
