-- What roles may do, answers that are given again to who asks again, and a search that stays fast among many accounts.

CREATE TABLE role_permissions (
    role TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT NOT NULL,                   -- the role admin has all and no rows
    PRIMARY KEY (role, permission)
) {strict};

CREATE TABLE idempotency_keys (
    key_hash {bytes} PRIMARY KEY,               -- of the key, the caller and the door
    request_hash {bytes} NOT NULL,              -- the same key with another request is a mistake
    status {integer},                           -- null while the first request is at work
    answer {bytes},                             -- sealed
    created_at {integer} NOT NULL
) {strict};

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX outbox_by_state ON outbox (state, id);
CREATE INDEX accounts_by_creation ON accounts (created_at);
CREATE INDEX accounts_disabled ON accounts (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX accounts_unverified ON accounts (id) WHERE email_verified_at IS NULL;

-- What an account is found by, in lower case. Triggers keep it, so that no way to change an account can forget it.
{sqlite}
CREATE VIRTUAL TABLE account_search USING fts5 (id UNINDEXED, words, tokenize = 'trigram', detail = 'none');
CREATE TABLE account_search_rows (
    id TEXT PRIMARY KEY,                        -- of the account
    search_row INTEGER NOT NULL                 -- of account_search
) STRICT;
CREATE TRIGGER account_search_added AFTER INSERT ON accounts BEGIN
    INSERT INTO account_search (id, words)
    VALUES (new.id, lower(new.email || ' ' || coalesce(new.username, '') || ' ' || coalesce(new.given_name, '') || ' ' || coalesce(new.family_name, '') || ' ' || new.id));
    INSERT INTO account_search_rows (id, search_row) VALUES (new.id, last_insert_rowid());
END;
CREATE TRIGGER account_search_changed AFTER UPDATE OF email, username, given_name, family_name ON accounts BEGIN
    UPDATE account_search
    SET words = lower(new.email || ' ' || coalesce(new.username, '') || ' ' || coalesce(new.given_name, '') || ' ' || coalesce(new.family_name, '') || ' ' || new.id)
    WHERE rowid = (SELECT search_row FROM account_search_rows WHERE id = new.id);
END;
CREATE TRIGGER account_search_removed AFTER DELETE ON accounts BEGIN
    DELETE FROM account_search WHERE rowid = (SELECT search_row FROM account_search_rows WHERE id = old.id);
    DELETE FROM account_search_rows WHERE id = old.id;
END;
INSERT INTO account_search (id, words)
SELECT id, lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || id) FROM accounts;
INSERT INTO account_search_rows (id, search_row) SELECT id, rowid FROM account_search;
{end}
{postgres}
ALTER TABLE accounts ADD COLUMN search_words TEXT GENERATED ALWAYS AS (
    lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || id)) STORED;
-- A server without the extension still starts; there the search reads all accounts.
DO $do$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX accounts_by_words ON accounts USING gin (search_words gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN RAISE WARNING 'pg_trgm is not to be had (%): searching among very many accounts will be slow', SQLERRM;
END $do$;
{end}
