-- Sessions by which an administrator views an account as its owner would.

ALTER TABLE sessions ADD COLUMN actor_id TEXT;              -- the administrator; null for the owner's own session
ALTER TABLE sessions ADD COLUMN actor_session_id TEXT;      -- the administrator's own session: this one ends with it

CREATE INDEX sessions_by_actor_session ON sessions (actor_session_id) WHERE actor_session_id IS NOT NULL;
