-- What purges and resets look for, so that none reads a whole table, on SQLite with the only writing thread.

CREATE INDEX sessions_by_device ON sessions (device_id); -- a device that goes is taken out of them
CREATE INDEX one_time_secrets_by_expiry ON one_time_secrets (token_expires_at);
CREATE INDEX outbox_by_end ON outbox (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX outbox_parked ON outbox (send_before) WHERE state = 'parked' AND content IS NOT NULL;
CREATE INDEX mailbox_by_age ON mailbox (sent_at);

{postgres}
CREATE INDEX attempt_counters_by_bytes ON attempt_counters (key COLLATE "C"); -- of other collations a prefix is no range; SQLite's keys are in this order anyway
{end}
